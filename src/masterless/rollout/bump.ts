import { Failure } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { timer } from '../../io/until.ts';
import type { InstanceReport } from '../reports/report.ts';
import { type Rollout, withFailed } from './rollout.ts';

/** What a rollout needs of the world. */
export interface Fleet {
  /** Rejects with a Failure, and announces nothing, when somebody else has changed what was announced. */
  announce(rollout: Rollout): Promise<void>;
  /** The newest report of each of these instances that has one. Rejects as `announce` does. */
  reports(instances: ReadonlySet<string>): Promise<ReadonlyMap<string, InstanceReport>>;
  /** Why instances aren't healthy; those that are have no entry. */
  ill(instances: readonly string[]): Promise<ReadonlyMap<string, string>>;
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
  | { type: 'wave'; rollout: string; number: number; of: number; instances: string[] }
  /** Why instances that have reported are still waited for, whenever that has changed. */
  | { type: 'waiting'; instances: Record<string, string> }
  | { type: 'instance'; instance: string; ok: true; report: InstanceReport }
  | { type: 'instance'; instance: string; ok: false; why: string }
  /** `underway`: told to begin, and not heard of when it was halted. `untouched`: never told. */
  | {
      type: 'halted';
      why: 'failures' | 'interrupted';
      failed: number;
      underway: string[];
      untouched: string[];
    }
  | { type: 'done'; failed: number };

/**
 * Rolls out wave by wave: the next one begins when every instance of this one has reported the
 * rollout and is healthy, or has failed; too many failures or the signal halt it. Whatever ends it,
 * the announced state says so, and no further agent begins. Rejects with the Failure of the world
 * after halting, or with the signal's reason when it came before anything was announced.
 */
export async function* bump(
  begun: Omit<Rollout, 'state' | 'instances'>,
  waves: readonly string[][],
  fleet: Fleet,
  clock: Clock,
  options: BumpOptions,
  signal?: AbortSignal,
): AsyncGenerator<BumpEvent> {
  signal?.throwIfAborted();
  const turn: string[] = [];
  const failures: { instance: string; why: string }[] = [];
  const announce = (state: Rollout['state']) =>
    fleet.announce(withFailed({ ...begun, state, instances: [...turn] }, failures));
  let ended = false;
  try {
    for (const [index, wave] of waves.entries()) {
      const untouched = waves.slice(index + 1).flat();
      turn.push(...wave);
      await announce('running');
      yield { type: 'wave', rollout: begun.id, number: index + 1, of: waves.length, instances: wave };
      const underway = new Set(wave);
      for await (const event of watch(wave, begun.id, fleet, clock, options, signal)) {
        if (event.type === 'instance') underway.delete(event.instance);
        if (event.type === 'instance' && !event.ok)
          failures.push({ instance: event.instance, why: event.why });
        yield event;
      }
      const why =
        failures.length > options.maxFailures ? 'failures' : signal?.aborted ? 'interrupted' : undefined;
      if (why === undefined || (why === 'interrupted' && underway.size + untouched.length === 0)) continue;
      ended = true;
      await announce('halted');
      return yield { type: 'halted', why, failed: failures.length, underway: [...underway], untouched };
    }
    ended = true;
    await announce('done');
    yield { type: 'done', failed: failures.length };
  } catch (error) {
    if (ended || turn.length === 0) throw error;
    ended = true;
    throw await halted(error, announce);
  } finally {
    // Whoever took the events has stopped.
    if (!ended && turn.length > 0) await announce('halted');
  }
}

/** The error, joined by that of halting when nobody can be told either. */
async function halted(error: unknown, announce: (state: 'halted') => Promise<void>): Promise<unknown> {
  try {
    await announce('halted');
    return error;
  } catch (second) {
    if (!(error instanceof Failure && second instanceof Failure)) return error;
    return new Failure([...error.diagnostics, ...second.diagnostics], { cause: error });
  }
}

/** One event per instance of a wave, as each is settled; ends early when the signal comes. */
async function* watch(
  wave: readonly string[],
  id: string,
  fleet: Fleet,
  clock: Clock,
  { patience, every }: BumpOptions,
  signal?: AbortSignal,
): AsyncGenerator<Extract<BumpEvent, { type: 'instance' | 'waiting' }>> {
  const time = timer(clock, patience);
  const waiting = new Map(wave.map(instance => [instance, 'it has not reported: does its agent run?']));
  const said = new Map(waiting);
  while (!signal?.aborted) {
    const reports = await fleet.reports(new Set(waiting.keys()));
    const converged: InstanceReport[] = [];
    for (const instance of waiting.keys()) {
      const report = reports.get(instance);
      if (report?.rollout !== id) continue;
      if (report.result === 'converged') {
        converged.push(report);
        continue;
      }
      waiting.delete(instance);
      yield { type: 'instance', instance, ok: false, why: report.failures[0] ?? 'its run failed' };
    }
    const ill = await fleet.ill(converged.map(({ instance }) => instance));
    for (const report of converged) {
      const why = ill.get(report.instance);
      if (why !== undefined) waiting.set(report.instance, `it converged, but is not healthy: ${why}`);
      else {
        waiting.delete(report.instance);
        yield { type: 'instance', instance: report.instance, ok: true, report };
      }
    }
    if (waiting.size === 0) return;
    if (time.left() <= 0) break;
    const news = [...waiting].filter(([instance, why]) => said.get(instance) !== why);
    if (news.length > 0) yield { type: 'waiting', instances: Object.fromEntries(news) };
    for (const [instance, why] of news) said.set(instance, why);
    // An interruption ends the sleep, and then the loop.
    await time.sleep(every, signal).catch((reason: unknown) => {
      if (!signal?.aborted) throw reason;
    });
  }
  if (signal?.aborted) return;
  for (const [instance, why] of waiting) yield { type: 'instance', instance, ok: false, why };
}
