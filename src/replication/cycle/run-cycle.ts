import { blocked, type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { refuseFailedOver } from '../model/pauses.ts';
import type { Point } from '../model/point.ts';
import type { FrozenVm, SourceDisk, SourceSnapshot, SourceVm } from '../model/source.ts';
import { changesOf } from '../retention/hold-on-signal.ts';
import { clockSkew, storeSkew } from './clock-skew.ts';
import { beginHealing, markSuspects } from './heal.ts';
import { inTheWay } from './in-the-way.ts';
import type { CycleDisk, CycleOptions, CycleResult } from './options.ts';
import { ensureTracking, recover } from './prepare.ts';
import { replicateDisk } from './replicate-disk.ts';
import { type DiskSelection, isExcluded, selectDisks } from './select-disks.ts';
import { withSnapshot } from './snapshot.ts';
import { isOurs } from './snapshot-name.ts';
import { lookAround, whileThereIsSpace } from './surroundings.ts';
import { type Held, withLease } from './with-lease.ts';

/**
 * One replication of one VM into one repository; `docs/replication.md` tells the states. A point
 * exists when this resolves, and only then may change ids of this snapshot ever be used.
 *
 * @throws Failure of category `blocked` when somebody else replicates the VM or moved the head, or when
 *   points are gone that were there; of `world` or `given` otherwise. Whatever is thrown, the newest point is
 *   what it was before, except for `snapshot-left`, `vm-gone` and `commit-unknown`, which say themselves
 *   whether the point is complete.
 */
export async function runCycle(options: CycleOptions): Promise<CycleResult> {
  const { value, warnings } = await withLease(options, async held => {
    const value = await underLease({ ...options, signal: held.signal }, held);
    return { value, generation: value.point.generation };
  });
  value.warnings.push(...warnings);
  return value;
}

async function underLease(options: CycleOptions, held: Held): Promise<CycleResult> {
  const { vm, lease, outlast, base, previous } = held;
  const warnings: Diagnostic[] = [];
  const warn = (diagnostic: Diagnostic) => void warnings.push(diagnostic);
  // Says as well when somebody put an older head back.
  const seen = Math.max(lease.generation, options.policy.seen?.[vm.uuid] ?? 0);
  const { full = false } = options.policy;
  const healing = await beginHealing(vm, previous, { clock: options.clock, full, warn });
  // With --full nothing that is stored is believed.
  const looks = !full && (lease.unfinished || !previous);
  const orphans = looks ? await vm.orphanedPacks() : [];
  if (orphans.length > 0) await outlast.run(() => lease.claim(orphans.map(({ id }) => id)));
  const claimed = orphans.length > 0 ? await vm.unmarked(orphans) : [];
  const believed = healing.doubts === undefined;
  const writer = await vm.writer(base, options.step, seen, { doubts: healing.doubts, claimed });
  if (!options.policy.anew && seen > (previous?.generation ?? 0)) throw pointsLost(options, seen, previous);
  // The head was read before: whoever fails the VM over is seen here, or fences off what was read.
  const named = { uuid: vm.uuid, name: previous?.vm.name ?? vm.uuid };
  await refuseFailedOver(options.repository, named, base?.head.suspended);
  const source = await recover(options, lease.epoch, warn);
  if (source.template) throw isTemplate(source);
  const selection = selectDisks(source, options.policy, previous?.disks);
  const obstacle = inTheWay(source, selection.disks);
  if (obstacle) throw new Failure(obstacle);
  warnings.push(...clockSkew(source, options.clock), ...storeSkew(options.repository.store));
  warnings.push(...selection.warnings);
  const { knownBad, vmfs } = await lookAround(source, options.machine, warn, options.signal);
  warnings.push(...(await ensureTracking(source, options)));

  const { value, ms } = await withSnapshot(
    {
      ...{ ...options, vm: source, name: lease.snapshotName, quiesce: options.policy.quiesce, warn },
      unread: async snapshot => {
        const { disks } = await options.machine.frozen(snapshot, options.signal);
        const wanted = disks.filter(disk => !isExcluded(disk, options.policy.exclude));
        return wanted.filter(({ onDelta }) => onDelta).map(({ label }) => label);
      },
    },
    snapshot =>
      whileThereIsSpace(source, options, async signal => {
        const frozen = await options.machine.frozen(snapshot, signal);
        const disks = frozenDisks(source, selection, frozen, options);
        const context = {
          previous: previous?.disks,
          disks,
          // As it was before this cycle: what was off until now has missed changes.
          changeTracking: source.changeTracking,
          rescan: options.policy.rescan || full,
          knownBad,
        };
        const copied: CycleDisk[] = [];
        for (const disk of disks)
          copied.push(
            await replicateDisk(disk, {
              ...{ ...options, signal, snapshot, context, writer, believed, warn },
              tellsInUse: !knownBad && tellsInUse(source, disk, vmfs),
            }),
          );
        await stillFrozen(options, snapshot);
        await outlast.run(() => lease.prove());
        writer.bundle(
          options.bundles?.of({ name: source.name, uuid: source.uuid }) ?? 'as-before',
          healing.looked || writer.totals.blocks_stored > 0,
        );
        const time = snapshot.created;
        const changes = await changesOf(options.repository, {
          ...{ vm: source, previous, time, disks: copied, totals: writer.totals, run: outlast.run, warn },
        });
        const committed = await writer.commit(
          {
            ...(changes && { changes }),
            vm: { name: source.name, uuid: source.uuid },
            epoch: lease.epoch,
            time,
            consistency: snapshot.quiesced ? source.quiescing : 'crash',
            presence: healing.presence,
            machine: await options.machine.record(snapshot, signal),
            snapshots: othersOf(source),
            left_out: [...selection.left_out, ...gone(previous, [...source.disks, ...frozen.disks])],
          },
          options.step,
          signal,
          { before: () => outlast.run(() => lease.prove()), after: outlast.end },
        );
        if (committed === 'lost-race') {
          await refuseFailedOver(options.repository, source);
          throw headMoved(source, snapshot);
        }
        warnings.push(...committed.warnings);
        return { ...committed, disks: copied };
      }),
  );
  const { point, totals, disks } = value;
  warnings.push(...(await healing.finish(value)));
  warnings.push(...(await markSuspects(vm, previous, disks)));
  const sum = (of: 'bytes_read' | 'blocks_read') => disks.reduce((total, disk) => total + disk[of], 0);
  return {
    point,
    disks,
    numbers: {
      bytes_read: sum('bytes_read'),
      blocks_read: sum('blocks_read'),
      bytes_stored: totals.bytes_stored,
      blocks_stored: totals.blocks_stored,
      blocks_healed: totals.blocks_healed,
      blocks_reused: totals.blocks_reused,
      bytes_reused: totals.bytes_reused,
      bytes_uploaded: totals.bytes_uploaded,
      snapshot_ms: ms,
    },
    warnings,
  };
}

/**
 * The disks to read, as the snapshot has them: a disk added since the VM was looked at comes along,
 * one that was there then must be there.
 */
function frozenDisks(
  source: SourceVm,
  selection: DiskSelection,
  frozen: FrozenVm,
  { policy }: CycleOptions,
): SourceDisk[] {
  const disks = frozen.disks.filter(disk => !isExcluded(disk, policy.exclude));
  const missing = selection.disks.filter(({ identity }) => !disks.some(disk => disk.identity === identity));
  if (missing.length > 0) throw new Failure(missing.map(disk => notFrozen(source, disk)));
  return selectDisks({ name: source.name, disks }, { exclude: [] }).disks;
}

/** Disks of the newest point that the VM no longer has: earlier points go on restoring them. */
const gone = (previous: Point | undefined, now: readonly SourceDisk[]): Point['left_out'] =>
  (previous?.disks ?? [])
    .filter(disk => !now.some(({ identity }) => identity === disk.identity))
    .map(({ label, identity }) => ({ label, identity, why: 'no longer attached to the VM' }));

/**
 * VMFS alone tells which areas of a disk are in use, and of a VM that had no snapshot when its tracking began
 * (VMware KB 1020128). When that was nobody knows: others' snapshots that are there now may have been then.
 */
const tellsInUse = (source: SourceVm, { changeId, datastore }: SourceDisk, vmfs: ReadonlySet<string>) =>
  changeId !== undefined && datastore !== undefined && vmfs.has(datastore) && othersOf(source).length === 0;

/**
 * After the last read: a disk whose snapshot was removed meanwhile can be read all the same, but what it
 * gave is of two moments.
 */
async function stillFrozen({ machine, signal }: CycleOptions, snapshot: SourceSnapshot): Promise<void> {
  const { name, snapshots } = await machine.inspect(signal);
  if (snapshots.some(({ moref }) => moref === snapshot.moref)) return;
  throw new Failure(
    world(
      'snapshot-gone',
      `somebody removed the snapshot ${snapshot.name} of ${name} while it was being read; no point was made of it`,
      { hint: 'run again; let no other job remove snapshots that it did not make' },
    ),
  );
}

/** Others' snapshots: a point says what the machine stood on. */
const othersOf = ({ snapshots }: SourceVm): NonNullable<Point['snapshots']> =>
  snapshots
    .filter(({ name }) => !isOurs(name))
    .map(({ name, created, below }) => ({ name, created, ...(below && { below }) }));

const isTemplate = ({ name }: SourceVm): Failure =>
  new Failure(
    given('vm-is-template', `${name} is a template: no snapshot is made of one`, {
      hint: 'convert it to a virtual machine, or remove its `protected_vm`: a template does not change',
    }),
  );

const notFrozen = (vm: SourceVm, disk: SourceDisk): Diagnostic =>
  world('disk-not-frozen', `the snapshot of ${vm.name} doesn't contain ${disk.label} (disk ${disk.index})`, {
    hint: 'run again if the disk was just removed; otherwise check its mode',
  });

const pointsLost = (
  { repository }: CycleOptions,
  generation: number,
  previous: Point | undefined,
): Failure => {
  const there = previous ? `the newest there is now is ${previous.generation}` : 'there is none now';
  return new Failure(
    blocked(
      'points-lost',
      `${repository.store.url} had a point of generation ${generation} of this VM, and ${there}: its points were removed, or an older state was put back`,
      {
        hint: '`converge verify` tells what is left; bring the points back, or begin anew knowingly with --allow',
      },
    ),
  );
};

const headMoved = (vm: SourceVm, { name }: SourceSnapshot): Failure =>
  new Failure(
    blocked('head-moved', `another cycle completed a point of ${vm.name} while ${name} was being read`, {
      hint: 'run again: the next cycle starts from that point',
    }),
  );
