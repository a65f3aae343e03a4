import { isDeepStrictEqual } from 'node:util';
import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { Files } from '../../io/ports.ts';
import { settleHome, unsuspendVm } from '../../replication/model/pauses.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { RestingMachine } from '../../replication/model/source.ts';
import { putBack } from '../dns/switch.ts';
import { ofDns } from '../failover/take-over.ts';
import type { DnsCloud, PutBack } from '../model/dns.ts';
import type { VolumeCloud } from '../model/volumes.ts';
import { claim, note } from '../run/keep.ts';
import { holderOf, type Run, type RunMachine } from '../run/run.ts';
import { addressOf, goesBackWith } from '../run/where.ts';
import { asLargeAs, refuseStrangers, type Stranger, strangersOf } from './attached.ts';
import { type Estimate, estimate, type HomeDisks, type Homeward, type Way, wayOf } from './differences.ts';
import { type FolderOwner, refuseFolder, writeFolder } from './folder.ts';
import {
  demandStill,
  type FreezeOptions,
  type FrozenDisk,
  instanceOf,
  isStill,
  removeSnapshots,
  snapshotsOf,
  stopInstance,
} from './freeze.ts';
import { changesAtHome } from './home-changes.ts';
import { machineOf, makeNew, type Newly, remarksOf, usable } from './new-machine.ts';
import { ready, writeHome } from './write-home.ts';

export interface FailbackOptions extends FreezeOptions {
  cloud: FreezeOptions['cloud'] & { dns: DnsCloud; volumes: Pick<VolumeCloud, 'attached'> };
  /** Somebody said that volumes which the point doesn't have are left in EC2. */
  mayLeave?: boolean;
  /** What the machine was launched from. */
  point: Point;
  /** The machine at home; undefined where nothing is known of it. */
  home: RestingMachine | undefined;
}

export interface Brought {
  /** What was written there. */
  bytes: number;
  /**
   * Home couldn't be told that its disks change past it: whoever makes the next point has to have whole disks
   * compared.
   */
  rescan?: true;
  /** Records of DNS that lead home again, or that somebody has changed. */
  records: PutBack[];
}

export type Destination =
  | { to: 'folder'; directory: string; files: Files }
  | { to: 'disk' }
  | { to: 'new-vm'; newly: Newly };

/** Whether a machine of a run is being brought home, or was. */
export const isHomeward = ({ steps }: Run, vm: string): boolean =>
  steps.some(step => step.what === 'failback' && step.vm === vm);

const isBrought = ({ steps }: Run, vm: string): boolean =>
  steps.some(step => step.what === 'brought' && step.vm === vm);

/**
 * The same, of the disks as they are in EC2, and what is left there.
 *
 * @throws Failure `volume-left-out`, blocked, `volume-missing`, `instance-gone`
 */
async function asInEc2(options: FailbackOptions): Promise<{ there: FailbackOptions; left: Stranger[] }> {
  const { machine, cloud, mayLeave, point, signal } = options;
  const instance = await instanceOf(options);
  const volumes = await cloud.volumes.attached(instance.id, signal);
  const left = strangersOf(machine, instance, volumes);
  if (!mayLeave) refuseStrangers(machine.vm, left);
  return { there: { ...options, point: asLargeAs(point, machine, instance, volumes) }, left };
}

/**
 * What bringing a machine home comes to, and the volumes that are left in EC2. One that runs goes on running
 * meanwhile: its disks are looked at by snapshots of their own, which go again.
 *
 * @throws Failure `home-in-the-way`, `new-vm-there`, `volume-left-out`, `failback-folder`, all blocked,
 *   `new-vm-place`, and what opening the disks at home throws
 */
export async function lookAhead(
  given: FailbackOptions,
  where: Destination,
): Promise<Estimate & { left: Stranger[] }> {
  const { there: options, left } = await asInEc2(given);
  const { run, machine, cloud, clock, signal } = options;
  const into = where.to === 'disk' ? await homeDisks(options) : undefined;
  if (where.to === 'new-vm') await makeable(options, where.newly);
  if (where.to === 'folder') await refuseFolder({ ...where, of: ownerOf(options) });
  // One that was stopped to come home, and that somebody has started, goes on running for now, too.
  const isStopped = (await instanceOf(options)).state === 'stopped';
  const kind = isStopped && isHomeward(run, machine.vm) ? 'final' : 'look';
  const disks = await waysOf(await snapshotsOf(kind, options), where, options);
  const found = await estimate(cloud.snapshots, disks, () => clock.now(), into, signal);
  if (kind === 'look') await removeSnapshots('look', options);
  return { ...found, left };
}

const ownerOf = ({ repository, run, machine, point }: FailbackOptions): FolderOwner => ({
  version: 1,
  repository: repository.id,
  plan: run.start.plan,
  failover: run.start.number,
  vm: machine.uuid,
  point: point.id,
});

/** The snapshots that the record calls final. */
const frozenIn = ({ steps }: Run, vm: string): readonly FrozenDisk[] => {
  const last = steps.findLast(step => step.what === 'frozen' && step.vm === vm);
  return last?.what === 'frozen' ? last.disks : [];
};

async function makeable(options: FailbackOptions, { name, maker, wanted }: Newly): Promise<void> {
  const { repository, run, machine, point, signal } = options;
  const made = run.steps.findLast(step => step.what === 'new-vm' && step.vm === machine.vm);
  // Whoever started it since has to get what it wrote, as another one.
  if (
    made?.what === 'new-vm' &&
    isBrought(run, machine.vm) &&
    (await isStill(frozenIn(run, machine.vm), options))
  )
    throw broughtAs(machine.vm, made.name, run.start.plan);
  const wished = machineOf(name, markOf(repository, run, machine), point);
  usable(wished, await maker.named(name, signal));
  await maker.place(wished, wanted, signal);
}

/** What a new machine is called, where it goes, and what isn't as it was. */
export async function newWords(
  { repository, run, machine, point, signal }: FailbackOptions,
  { name, maker, wanted }: Newly,
): Promise<{ name: string; place: string; remarks: string[] }> {
  const wished = machineOf(name, markOf(repository, run, machine), point);
  return { name, place: await maker.place(wished, wanted, signal), remarks: remarksOf(wished) };
}

/** What a machine that was made for one of a run is recognised by. */
const markOf = ({ id }: Repository, { start: { plan, number } }: Run, { uuid }: RunMachine): string =>
  `${id.slice(0, 8)}/${plan}/${number}/${uuid}`;

/** Writes down which name the new machine gets, and removes what runs before left half made under others. */
async function bringNew(
  options: FailbackOptions,
  newly: Newly,
  disks: readonly { of: Homeward }[],
): Promise<number> {
  const { repository, run, machine, cloud, clock, point, step, signal } = options;
  await makeable(options, newly);
  const wished = machineOf(newly.name, markOf(repository, run, machine), point);
  const names = run.steps.flatMap(one => (one.what === 'new-vm' && one.vm === machine.vm ? one.name : []));
  for (const name of new Set(names)) {
    if (name === newly.name) continue;
    const there = await newly.maker.named(name, signal);
    if (there?.mark !== wished.mark || there.finished || there.poweredOn) continue;
    await step('remove-half');
    await newly.maker.remove(there.uuid, signal);
  }
  if (!names.includes(newly.name)) {
    await step('named');
    await note(repository, run, { at: clock.now(), what: 'new-vm', vm: machine.vm, name: newly.name });
  }
  const into = { store: cloud.snapshots, point, disks, step, ...(signal && { signal }) };
  return makeNew(wished, newly, into);
}

const broughtAs = (vm: string, name: string, plan: string): Failure =>
  new Failure(
    blocked('new-vm-there', `${vm} was brought home as ${name} already`, {
      hint: `what is left of it in EC2 is removed by: converge failover undo ${plan} PATHS --only ${addressOf(vm)}`,
    }),
  );

async function homeDisks(options: FailbackOptions): Promise<HomeDisks> {
  const { home, into } = await ready(options);
  return {
    whole: home.wholeOnly !== undefined,
    open: (disk, signal) => home.open(into(disk), signal),
  };
}

/**
 * Whether a machine that was brought home is as it was then: it stands still, with the disks that were
 * brought. One that has no instance any more has nothing that home lacks.
 *
 * @throws Failure `instance-started`, blocked
 */
export async function refuseStarted(options: FreezeOptions): Promise<void> {
  const { run, machine } = options;
  const { vm } = machine;
  try {
    if (await isStill(frozenIn(run, vm), options)) return;
  } catch (error) {
    if (error instanceof Failure && error.has('instance-gone')) return;
    throw error;
  }
  throw new Failure(
    blocked(
      'instance-started',
      `${vm} was started in EC2, or got another volume, since it was brought home: what it has written there would be lost`,
      {
        hint: `bring it home again: \`converge failback ${vm} PATHS\`; or, if that is not wanted, --allow ${addressOf(vm)}`,
      },
    ),
  );
}

/**
 * Brings a machine home: it is stopped and stays so, what its disks have is written where it was asked for,
 * read back, and compared. Into its own disks at home, its replication goes on afterwards. What was killed is
 * gone on with by the same call.
 *
 * @throws Failure `home-in-the-way`, `readback-differs`, `failover-begun`, `failback-folder`,
 *   `volume-left-out`, `instance-started`, and what EC2 refuses
 */
export async function bringHome(given: FailbackOptions, where: Destination): Promise<Brought> {
  const { there: options } = await asInEc2(given);
  const { repository, run, machine, cloud, clock, point, home, step, signal } = options;
  const { vm, uuid } = machine;
  if (where.to === 'folder') await refuseFolder({ ...where, of: ownerOf(options) });
  if (!isHomeward(run, vm)) {
    const { id } = await instanceOf(options);
    await step('failback');
    await claim(repository, run, { at: clock.now(), what: 'failback', vm, instance: id, to: where.to });
  }
  await stopInstance(options);
  const frozen = await snapshotsOf('final', options);
  if (!isDeepStrictEqual(frozen, frozenIn(run, vm))) {
    await step('frozen');
    await note(repository, run, { at: clock.now(), what: 'frozen', vm, disks: frozen });
  }
  await removeSnapshots('final', options, frozen);
  const disks = await waysOf(frozen, where, options);
  const into = { store: cloud.snapshots, point, disks, step, ...(signal && { signal }) };
  const isTold = where.to !== 'folder' || (await untrack(options));
  const bytes =
    where.to === 'folder'
      ? await writeFolder({ ...into, directory: where.directory, files: where.files, of: ownerOf(options) })
      : where.to === 'disk'
        ? await writeHome({ ...into, home })
        : await bringNew(options, where.newly, disks);
  await demandStill(frozen, options);
  await step('brought');
  await note(repository, run, { at: clock.now(), what: 'brought', vm, bytes });
  let records: PutBack[] = [];
  if (where.to !== 'folder') {
    records = await putBack(goesBackWith(run, vm), ofDns(options));
  }
  // A new machine isn't suspended; the old one may not become the newest again before all of it is undone.
  if (where.to === 'disk') {
    await step('unsuspend');
    await unsuspendVm(repository, holderOf(run.start), uuid);
  } else {
    await step('settle-home');
    await settleHome(repository, holderOf(run.start), uuid, clock.now());
  }
  return { bytes, ...(!isTold && { rescan: true as const }), records };
}

/**
 * Whoever puts a folder into the disks at home does so past vSphere, which sees no change: the next cycle has
 * to compare all. Answers whether it will: of a home that can't be asked now, whoever does so has to say
 * that.
 */
async function untrack({ home, point, step, signal }: FailbackOptions): Promise<boolean> {
  if (home?.uuid !== point.vm.uuid) return false;
  const seen = await home.inspect(signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return undefined;
  });
  if (!seen) return false;
  if (!seen.changeTracking) return true;
  await step('untrack');
  await home.endTracking(signal);
  return true;
}

async function waysOf(
  frozen: readonly FrozenDisk[],
  { to }: Destination,
  { machine, cloud, point, home, signal }: FailbackOptions,
): Promise<{ of: Homeward; way: Way }[]> {
  const changes =
    to === 'new-vm'
      ? new Map(point.disks.map(({ index }) => [index, { unknown: 'the new machine has nothing yet' }]))
      : await changesAtHome(home, point, signal);
  const replicas = machine.disks.flatMap(({ snapshot }) => snapshot ?? []);
  const there = new Set((await cloud.snapshots.list({ ids: replicas }, signal)).map(({ id }) => id));
  return Promise.all(
    frozen.map(async ({ index, snapshot }) => {
      const disk = point.disks.find(one => one.index === index)!;
      const replica = machine.disks.find(one => one.index === index)!.snapshot;
      const known = changes.get(index)!;
      const isGone = replica !== undefined && !there.has(replica);
      const of: Homeward = {
        disk,
        ...(replica !== undefined && { replica }),
        snapshot,
        home: isGone ? { unknown: `${replica}, which it was launched from, is gone` } : known,
      };
      return { of, way: await wayOf(cloud.snapshots, of, signal) };
    }),
  );
}
