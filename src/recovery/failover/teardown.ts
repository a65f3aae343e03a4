import { blocked, Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { sha256 } from '../../values/digest.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import { RUN_TAG } from '../model/machines.ts';
import type { TeardownCloud, TeardownEntry } from '../model/teardown.ts';
import { note } from '../run/keep.ts';
import { runTags } from '../run/names.ts';
import { expiresOf, type Run, retriesOf } from '../run/run.ts';

/** Scheduler takes letters, digits and - _ . of them at most 64. The rest of the name is which try it is. */
const prefixOf = (repository: string, { plan, number }: Run['start']): string =>
  `converge-${repository.slice(0, 8)}-${sha256(plan).slice(0, 16)}-${number}-`;

const tagOf = (repository: string, { start }: Run) => ({
  key: RUN_TAG,
  value: runTags(repository, start)[RUN_TAG]!,
});

/** Entries for a run: its own, and others that have a name like them. */
export async function teardownsOf(
  repository: string,
  run: Run,
  teardown: TeardownCloud,
  signal?: AbortSignal,
): Promise<{ own: TeardownEntry[]; foreign: TeardownEntry[] }> {
  const tag = tagOf(repository, run);
  const all = await teardown.list(prefixOf(repository, run.start), signal);
  const isOwn = (one: TeardownEntry) => one.tag?.key === tag.key && one.tag.value === tag.value;
  return { own: all.filter(isOwn), foreign: all.filter(one => !isOwn(one)) };
}

/**
 * Sees to it that something ends the run's instances at its time, whatever becomes of whoever runs it. Made
 * before anything is launched; one of an earlier try goes when the new one is there.
 *
 * @throws Failure `test-expired`, blocked; `teardown-taken`
 */
export async function seeToTeardown(options: {
  repository: Repository;
  run: Run;
  cloud: Pick<RecoveryCloud, 'teardown'>;
  clock: Clock;
  step(name: string): Promise<void>;
  signal?: AbortSignal;
}): Promise<void> {
  const { repository, run, cloud, clock, step, signal } = options;
  const { teardown } = cloud;
  const { start } = run;
  const at = expiresOf(run);
  if (at === undefined) return;
  if (clock.now() >= at) throw expired(run, at);
  if (start.teardown === undefined) return;
  const name = `${prefixOf(repository.id, start)}${retriesOf(run)}`;
  const { own } = await teardownsOf(repository.id, run, teardown, signal);
  if (!own.some(one => one.name === name)) {
    await step('schedule');
    const wanted = { name, at, role: start.teardown.role, tag: tagOf(repository.id, run) };
    const token = sha256(JSON.stringify(wanted));
    const made = await teardown.create({ ...wanted, token }, signal);
    const now = made || (await teardownsOf(repository.id, run, teardown, signal)).own;
    if (now !== true && !now.some(one => one.name === name)) throw taken(name);
  }
  if (!run.steps.some(one => one.what === 'scheduled' && one.name === name)) {
    await step('scheduled');
    await note(repository, run, { at: clock.now(), what: 'scheduled', name, fires: at });
  }
  for (const old of own.filter(one => one.name !== name)) {
    await step('unschedule');
    await teardown.remove(old.name, signal);
  }
}

const expired = ({ start }: Run, at: number): Failure =>
  new Failure(
    blocked(
      'test-expired',
      `test ${start.number} of ${start.plan} was to be over by ${new Date(at).toISOString()}`,
      {
        hint: 'remove it with `converge failover cleanup PLAN PATHS`, or try again what failed with `converge failover retry PLAN PATHS`',
      },
    ),
  );

const taken = (name: string): Failure =>
  new Failure(
    world('teardown-taken', `EventBridge Scheduler has an entry ${name} that ends something else`, {
      hint: 'remove it there if nobody needs it, then run again',
    }),
  );
