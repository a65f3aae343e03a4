import type { Clock } from '../io/ports.ts';
import type { InstanceReport } from './report.ts';
import type { Rollout } from './rollout.ts';

/** What a rollout needs of the world. */
export interface Fleet {
  announce(rollout: Rollout): Promise<void>;
  /** The newest report of an instance, if there is one. */
  report(instance: string): Promise<InstanceReport | undefined>;
  /** Why an instance isn't healthy; undefined when it is. */
  ill(instance: string): Promise<string | undefined>;
}

export interface BumpOptions {
  /** How many instances may fail before the rest is left alone. */
  maxFailures: number;
  /** How long an instance of a wave may take to report and to be healthy, ms. */
  patience: number;
  /** Between looks, ms. */
  every: number;
}

export type BumpEvent =
  | { type: 'wave'; number: number; of: number; instances: string[] }
  | { type: 'instance'; instance: string; ok: true; report: InstanceReport }
  | { type: 'instance'; instance: string; ok: false; why: string }
  | { type: 'halted'; failed: number; untouched: string[] }
  | { type: 'done'; failed: number };

/**
 * Rolls out wave by wave: the next one begins when every instance of this one has reported the
 * rollout and is healthy, or has failed; too many failures halt it. Whatever ends it, the announced
 * state says so, and no further agent begins.
 */
export async function* bump(
  begun: Omit<Rollout, 'state' | 'instances'>,
  waves: readonly string[][],
  fleet: Fleet,
  clock: Clock,
  options: BumpOptions,
  signal?: AbortSignal,
): AsyncGenerator<BumpEvent> {
  const turn: string[] = [];
  let failed = 0;
  const announce = (state: Rollout['state']) => fleet.announce({ ...begun, state, instances: [...turn] });
  let ended = false;
  try {
    for (const [index, wave] of waves.entries()) {
      turn.push(...wave);
      await announce('running');
      yield { type: 'wave', number: index + 1, of: waves.length, instances: wave };
      for await (const event of watch(wave, begun.id, fleet, clock, options, signal)) {
        if (!event.ok) failed++;
        yield event;
      }
      if (failed > options.maxFailures) {
        ended = true;
        await announce('halted');
        yield { type: 'halted', failed, untouched: waves.slice(index + 1).flat() };
        return;
      }
    }
    ended = true;
    await announce('done');
    yield { type: 'done', failed };
  } finally {
    // Interrupted, or the world failed: nobody who hasn't begun may begin.
    if (!ended && turn.length > 0) await announce('halted');
  }
}

/** One event per instance of a wave, as each is settled. */
async function* watch(
  wave: readonly string[],
  id: string,
  fleet: Fleet,
  clock: Clock,
  { patience, every }: BumpOptions,
  signal?: AbortSignal,
): AsyncGenerator<Extract<BumpEvent, { type: 'instance' }>> {
  const until = clock.now() + patience;
  const waiting = new Map(wave.map(instance => [instance, 'it has not reported']));
  for (;;) {
    for (const instance of waiting.keys()) {
      const report = await fleet.report(instance);
      if (report?.rollout !== id) continue;
      if (report.result === 'failed') {
        waiting.delete(instance);
        yield { type: 'instance', instance, ok: false, why: report.failures[0] ?? 'its run failed' };
        continue;
      }
      const why = await fleet.ill(instance);
      if (why === undefined) {
        waiting.delete(instance);
        yield { type: 'instance', instance, ok: true, report };
      } else waiting.set(instance, `it converged, but is not healthy: ${why}`);
    }
    if (waiting.size === 0) return;
    if (clock.now() >= until) break;
    await clock.sleep(every, signal);
  }
  for (const [instance, why] of waiting) yield { type: 'instance', instance, ok: false, why };
}
