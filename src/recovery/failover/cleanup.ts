import { type Diagnostic, Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { until } from '../../io/until.ts';
import { unsuspend, unsuspendVm } from '../../replication/model/pauses.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { lift, unpin } from '../../replication/retention/pins.ts';
import { parseS3Url } from '../../values/s3-url.ts';
import { note } from '../run/keep.ts';
import { holderOf, kindOf, type LeftThing, type Run, type RunMachine, stateOf } from '../run/run.ts';
import { addressOf } from '../run/where.ts';
import { leftCost, leftOf, leftWords } from './left.ts';
import { type RunCloud, type Standing, standing } from './standing.ts';

const lookEvery = 5_000;
const patience = 10 * 60_000;
/** Looks after which EC2 is asked once more to end what it still shows. */
const askAgainAfter = 12;

export interface Cleaned {
  instances: number;
  images: number;
  groups: number;
  schedules: number;
  foreign: string[];
}

const kinds = ['instances', 'images', 'groups', 'schedules'] as const;

/** What the clean-ups of a run, or of one machine of it, have found in all, whichever was interrupted. */
const removedIn = ({ steps }: Run, kind: (typeof kinds)[number], vm?: string): Set<string> =>
  new Set(steps.flatMap(step => (step.what === 'removing' && step.vm === vm ? step[kind] : [])));

/** Before anything goes, it is written down: whoever goes on counts it as removed. */
async function noteFound({ repository, run, clock, only }: CleanUpOptions, found: Standing): Promise<void> {
  const anew = ofEach(kind => {
    const known = removedIn(run, kind, only?.vm);
    return found[kind].filter(id => !known.has(id));
  });
  if (kinds.every(kind => anew[kind].length === 0)) return;
  const at = clock.now();
  await note(repository, run, { at, what: 'removing', ...(only && { vm: only.vm }), ...anew });
}

const ofEach = <T>(make: (kind: (typeof kinds)[number]) => T) =>
  Object.fromEntries(kinds.map(kind => [kind, make(kind)])) as Record<(typeof kinds)[number], T>;

export interface CleanUpOptions {
  repository: Repository;
  run: Run;
  cloud: RunCloud;
  clock: Clock;
  step(name: string): Promise<void>;
  signal?: AbortSignal;
  /** How a command names the same plan; `PATHS` when left out. */
  again?: string;
  /** This machine alone, of a real run; the others are left as they are. */
  only?: RunMachine;
}

/**
 * Removes all that a run made and looks until nothing of it is there, then lifts what a real one has
 * suspended, and its pins. The answer counts what all clean-ups of the run have removed since one was
 * done. What AWS refuses to remove doesn't keep the rest from being removed. The tear-down entry
 * goes last, so that it still ends what a clean-up that dies, or fails, leaves. The replica's snapshots stay.
 * Safe to repeat.
 *
 * @throws Failure `left-behind` with what is still there, what it costs and how to go on, and why; the record
 *   says it too
 */
export async function cleanUp(options: CleanUpOptions): Promise<Cleaned> {
  const { repository, run, cloud, step, clock, signal, only } = options;
  const look = () => standing(repository, run, cloud, signal, only);
  // A clean-up that came to its end has told what it removed.
  const told = ofEach(kind => (stateOf(run) === 'cleaned' ? removedIn(run, kind).size : 0));
  const before = await look();
  await step('found');
  await noteFound(options, before);
  const removals = removing(options);
  await removals.terminate(before.instances);
  await removals.images(before.images);
  let seen = before;
  const isLeft = (found: Standing) => leftOf(run, { ...found, schedules: [] }, removals.refused).length > 0;
  const { foreign } = await until(
    clock,
    async () => {
      seen = await look();
      await removals.next(seen);
      if (isLeft(seen) && removals.isStuck(seen)) throw await leave(options, seen, removals.refused);
      return isLeft(seen) ? undefined : seen;
    },
    { every: lookEvery, atMost: patience, what: 'all of it to be gone', ...(signal && { signal }) },
  ).catch(async error => {
    throw failedWith(error, 'waited-too-long') ? await leave(options, seen, removals.refused, error) : error;
  });
  await removals.schedules(before.schedules);
  const after = await look();
  if (isLeft(after) || after.schedules.length > 0) throw await leave(options, after, removals.refused);
  if (only) return { ...(await endOne(options, only)), foreign };
  if (run.start.kind === 'real') {
    await step('unsuspend');
    await unsuspend(repository, holderOf(run.start));
  }
  await step('lift');
  await lift(repository, holderOf(run.start));
  await step('cleaned');
  const counts = ofEach(kind => removedIn(run, kind).size - told[kind]);
  await note(repository, run, { at: clock.now(), what: 'cleaned', ...counts });
  return { ...counts, foreign };
}

/** Lifts what the run has suspended and pinned of one machine of which nothing is left. */
async function endOne({ repository, run, clock, step }: CleanUpOptions, { vm, uuid, point }: RunMachine) {
  const holder = holderOf(run.start);
  await step('unsuspend');
  await unsuspendVm(repository, holder, uuid);
  await step('lift');
  await unpin(repository, holder, point);
  await step('ended');
  const counts = ofEach(kind => removedIn(run, kind, vm).size);
  const { instances, images } = counts;
  await note(repository, run, { at: clock.now(), what: 'ended', vm, instances, images });
  return counts;
}

/** Removes things one by one, and keeps what AWS refuses. */
function removing({ run, cloud, step, signal }: CleanUpOptions) {
  const { machines, volumes, snapshots, groups, teardown, shells, imports, uploads } = cloud;
  const refused = new Map<string, Failure>();
  const isImported = run.start.groups.some(group => group.machines.some(one => one.imported));
  const deregistered = new Set<string>();
  let looks = 0;
  /** What is about the account, or the service, and no single thing: nothing more is asked then. */
  let halted: Failure | undefined;

  async function attempt(ids: readonly string[], remove: () => Promise<unknown>): Promise<void> {
    try {
      if (halted) throw halted;
      await remove();
      for (const id of ids) refused.delete(id);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      for (const id of ids) refused.set(id, error);
      if (!error.hasOnly('aws-error', 'aws-access-denied')) halted = error;
    }
  }
  const each = async (ids: readonly string[], name: string, remove: (id: string) => Promise<unknown>) => {
    for (const id of ids) {
      if (refused.has(id)) continue;
      await step(name);
      await attempt([id], () => remove(id));
    }
  };

  const terminate = async (ids: readonly string[]) => {
    await step('terminate');
    if (ids.length === 0) return;
    await attempt(ids, () => machines.terminate([...ids], signal));
    // One that is protected keeps the others of one call running.
    if (ids.length > 1 && !halted && ids.every(id => refused.has(id)))
      for (const id of ids) await attempt([id], () => machines.terminate([id], signal));
  };
  const images = async (ids: readonly string[]) => {
    const anew = ids.filter(id => !deregistered.has(id));
    for (const id of anew) deregistered.add(id);
    await each(anew, 'deregister', async id => {
      // An import has snapshots of its own; what was registered has those of the replica.
      const known = isImported && /^import-ami-/.test((await shells.image(id, signal))?.name ?? '');
      await (known ? shells.remove(id, signal) : machines.removeImage(id, signal));
    });
  };
  const stuck = (ids: readonly string[]) => ids.every(id => refused.has(id));

  return {
    refused,
    terminate,
    images,
    schedules: (names: readonly string[]) => each(names, 'unschedule', name => teardown.remove(name, signal)),

    /** Asks for all that can go by now. */
    async next(now: Standing): Promise<void> {
      const ending = now.instances.filter(id => !refused.has(id));
      if (++looks % askAgainAfter === 0 && ending.length > 0) await terminate(ending);
      await each(now.imports, 'cancel-import', id => imports.cancel(id, signal));
      // One that ended before it could be cancelled made an image.
      await images(now.images);
      await each(now.uploads, 'delete-upload', url => {
        const { bucket, key } = parseS3Url(url)!;
        return uploads.remove({ bucket, key }, signal);
      });
      await each(now.snapshots, 'delete-snapshot', id => snapshots.remove(id, signal));
      await each(now.loose, 'delete-volume', id => volumes.remove(id, signal));
      if (now.instances.length === 0) await each(now.groups, 'delete-group', id => groups.remove(id, signal));
    },

    /** Whether nothing that is there is on its way out: what isn't refused waits for what is. */
    isStuck: ({ instances, volumes: disks, loose, groups: guards, ...now }: Standing): boolean =>
      [instances, now.imports, now.images, now.uploads, now.snapshots, loose].every(stuck) &&
      (instances.length > 0 || stuck([...disks, ...guards])),
  };
}

/** Writes down what is left, and says it. */
async function leave(
  { repository, run, clock, step, again = 'PATHS', only }: CleanUpOptions,
  found: Standing,
  refused: ReadonlyMap<string, Failure>,
  cause?: unknown,
): Promise<Failure> {
  const things = leftOf(run, found, refused);
  await step('left');
  await note(repository, run, { at: clock.now(), what: 'left', things });
  const why = new Map<string, Diagnostic>();
  for (const { id } of things)
    for (const one of refused.get(id)?.diagnostics ?? []) why.set(`${one.code} ${one.message}`, one);
  return new Failure(
    [leftBehind(run, things, found, only ? `${again} --only ${addressOf(only.vm)}` : again), ...why.values()],
    { cause },
  );
}

function leftBehind({ start }: Run, things: LeftThing[], { fires }: Standing, again: string): Diagnostic {
  const command = start.kind === 'real' ? 'undo' : 'cleanup';
  const shown = things.filter(({ why }) => why === undefined);
  const hint = [
    ...(shown.length > 0
      ? [`AWS still shows ${shown.map(({ id }) => id).join(', ')}, and refused nothing`]
      : []),
    `go on with \`converge failover ${command} ${start.plan} ${again}\``,
    ...(things.some(({ kind }) => kind === 'instance')
      ? [
          fires === undefined
            ? 'nothing else ends its instances'
            : `EventBridge Scheduler ends its instances at ${new Date(fires).toISOString()}`,
        ]
      : []),
  ];
  return world(
    'left-behind',
    `of the ${kindOf(start)} of ${start.plan} there is still: ${leftWords(things)}; ${leftCost(things)}`,
    { hint: hint.join('; ') },
  );
}
