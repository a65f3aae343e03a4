import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { duration } from '../../io/units.ts';
import type { SourceDisk, SourceSnapshot, SourceVm } from '../model/source.ts';
import { repositoryOf } from './snapshot-name.ts';

/**
 * Why what a snapshot freezes of these disks couldn't be read; undefined when it could.
 *
 * @param besides snapshots that are going to be gone: those that the next cycle removes
 */
export function inTheWay(
  vm: SourceVm,
  disks: readonly SourceDisk[],
  besides: readonly SourceSnapshot[] = [],
): Diagnostic | undefined {
  const below = disks.filter(({ onDelta }) => onDelta);
  if (below.length === 0) return undefined;
  const labels = below.map(({ label }) => label).join(', ');
  const others = vm.snapshots.filter(({ moref }) => !besides.some(one => one.moref === moref));
  if (others.length > 0)
    return world(
      'snapshot-in-the-way',
      `${vm.name} has ${others.map(one => describeSnapshot(vm, one)).join(', ')}: below it ${labels} can't be read, and no point can be made`,
      { hint: wayOut(vm, others) },
    );
  // What needs consolidation only, or is below a snapshot of ours, is put in order by the next cycle.
  if (vm.consolidationNeeded || vm.snapshots.length > 0) return undefined;
  return world(
    'disk-on-delta',
    `${labels} of ${vm.name} is a delta on a disk of another VM (a linked clone), which can't be read`,
    {
      hint: 'declare `nbdkit` on the vsphere target, make it a full clone, or leave the disk out with `disks: { exclude: [ ... ] }`',
    },
  );
}

/** `the snapshot "before the upgrade" (3 h 5 min old)`, by the clock that dated it. */
export function describeSnapshot(vm: SourceVm, { name, created }: SourceSnapshot): string {
  const repository = repositoryOf(name, vm.uuid);
  const whose = repository === undefined ? '' : `, made by converge for the repository ${repository}…`;
  return `the snapshot "${name}" (${duration(Math.max(0, vm.now - created))} old${whose})`;
}

function wayOut(vm: SourceVm, others: readonly SourceSnapshot[]): string {
  const ours = others.find(({ name }) => repositoryOf(name, vm.uuid) !== undefined);
  return ours
    ? knownOrRemoved(vm, ours)
    : 'remove it in vSphere (converge never removes a snapshot that it did not make), or declare `nbdkit` on the vsphere target, which reads below snapshots';
}

/** What to do about a snapshot of ours whose repository isn't known, so that its lease can't be looked at. */
export const knownOrRemoved = (vm: SourceVm, snapshot: SourceSnapshot): string =>
  `\`converge points --repository URL\` makes its repository known, and the next apply removes what no cycle there holds; if that repository is gone for good: ${removal(vm, snapshot)}`;

/** The command that removes one snapshot by hand, whatever its name holds. */
export const removal = ({ name: vm }: SourceVm, { name }: SourceSnapshot): string =>
  `govc snapshot.remove -vm ${quoted(vm)} ${quoted(name)}`;

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
