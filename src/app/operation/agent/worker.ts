import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import { eitherOf } from '../../../io/either.ts';
import { runJobs } from '../../../masterless/instance/jobs.ts';
import { watch } from '../../../operation/watchdog.ts';
import { oneDiagnostic } from '../../../resources/shared/one-diagnostic.ts';
import type { Context } from '../../app-context.ts';
import { openSession, type Session } from '../../session/open-session.ts';
import { openQueue, type QueueOptions } from '../queue/open-queue.ts';
import { Concerns } from './concerns.ts';
import { Cycles } from './cycles.ts';
import { beAgentOf, isDraining } from './drain.ts';
import { Followed, type FollowedOptions, type Follower } from './followed.ts';
import { Sharing } from './sharing.ts';
import { agentContext, type Heard, Telling } from './telling.ts';

export interface WorkerOptions extends FollowedOptions, QueueOptions {
  /** Told at each turn of the loop: that it goes on. */
  turned?(): void;
}

/** Between two looks at manifests and repositories, and whether it is to drain, ms. */
const often = { manifests: 60_000, draining: 2_000 };

/**
 * Moves VMs that agents offer in a queue, until it is stopped or drained. Undefined when the manifests can't
 * be used to begin with, which was told.
 *
 * @throws Failure `agent-runs`; what `openQueue` throws; `agent-stuck` when the loop doesn't go on any more
 */
export async function worker(
  context: Context,
  paths: string[],
  options: WorkerOptions,
  hear: (heard: Heard) => void,
): Promise<'stopped' | 'drained' | undefined> {
  const base = await openSession(context, options);
  try {
    const lock = await beAgentOf(context.io.host, base.stateDir, context.io.interrupt);
    try {
      const within = agentContext(context, base, hear);
      return await work(within, base, paths, options, hear);
    } finally {
      await lock.release();
    }
  } finally {
    await base.close();
  }
}

async function work(
  context: Context,
  base: Session,
  paths: string[],
  options: WorkerOptions,
  hear: (heard: Heard) => void,
): Promise<'stopped' | 'drained' | undefined> {
  const { clock, random } = base.world.host;
  const { interrupt } = context.io;
  const telling = new Telling(hear);
  const concerns = new Concerns(() => clock.now());
  const most = options.slots;
  const by: Follower = { context, base, paths, options, telling, concerns, most, decides: false };
  const followed = new Followed(by);
  const cycles = new Cycles(by, followed, 'worker');
  const ending = new AbortController();
  const { signal: beside } = eitherOf(interrupt, ending.signal);
  const told = (why: Diagnostic[]) => telling.say({ type: 'queue', why, alone: false });
  const queue = await openQueue(context, options, { id: cycles.id, canDoWithout: false }, told);
  try {
    if (!(await followed.begin())) return undefined;
    telling.say({ type: 'works', vms: followed.open.duties.size, slots: options.slots });
    let turns = 0;
    let hasToDrain = false;
    const sharing = new Sharing(by, followed, cycles, queue.link);
    const look = async () => {
      await followed.again();
      await cycles.write(false);
      return 'done' as const;
    };
    const turn = async () => {
      turns++;
      options.turned?.();
      hasToDrain = await isDraining(context.io.host, base.stateDir);
      if (hasToDrain) ending.abort();
      return 'done' as const;
    };
    const rejected = (_: unknown, error: unknown) => {
      const diagnostics = [oneDiagnostic(error)];
      telling.once('unseen', diagnostics, { type: 'unseen', diagnostics });
    };
    const given = { clock, random, signal: beside, rejected };
    const loops = Promise.all([
      sharing.run(beside),
      runJobs([{ name: 'manifests', every: often.manifests, turn: look }], given),
      runJobs([{ name: 'draining', every: often.draining, turn }], given),
    ]);
    await Promise.race([loops, watch(clock, () => turns, beside)]);
    // A signal undoes what runs; a drain lets it end, and goes on keeping it until then.
    const keeping = new AbortController();
    const kept = sharing.keep(keeping.signal);
    await sharing.end();
    keeping.abort();
    await kept;
    await cycles.write(true);
    const how = hasToDrain ? ('drained' as const) : ('stopped' as const);
    telling.say({ type: 'ended', how });
    return how;
  } finally {
    ending.abort();
    await queue.close();
    await followed.close();
  }
}
