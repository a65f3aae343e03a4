import { type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import type { Point, PointDisk } from '../model/point.ts';
import type { SourceDisk, SourceVm } from '../model/source.ts';
import { warning } from './failures.ts';
import type { CyclePolicy } from './options.ts';

/** Which disks go into the point, and which don't and why. */
export interface DiskSelection {
  disks: SourceDisk[];
  left_out: Point['left_out'];
  warnings: Diagnostic[];
}

/** Whether the policy's exclusion, a label or an index, means this disk. */
export const isExcluded = (disk: SourceDisk, exclude: CyclePolicy['exclude']): boolean =>
  exclude.some(entry => isMeant(disk, entry));

const isMeant = (disk: Pick<SourceDisk, 'index' | 'label'>, entry: string | number): boolean =>
  typeof entry === 'number' ? entry === disk.index : entry.toLowerCase() === disk.label.toLowerCase();

/**
 * Applies the exclusions. Pure.
 *
 * @param previous disks of the newest point
 * @throws Failure `unprotectable-disk` for every disk that no snapshot contains and the policy doesn't
 *   name, `exclusion-moved` for every disk that an index leaves out although the newest point holds it
 *   from another place, `no-disk-left` when nothing remains.
 */
export function selectDisks(
  vm: Pick<SourceVm, 'name' | 'disks'>,
  { exclude }: Pick<CyclePolicy, 'exclude'>,
  previous: readonly PointDisk[] = [],
): DiskSelection {
  const slid = vm.disks.filter(disk => hasSlid(disk, exclude, previous));
  if (slid.length > 0) throw new Failure(slid.map(disk => exclusionMoved(vm.name, disk)));
  const excluded = vm.disks.filter(disk => isExcluded(disk, exclude));
  const disks = vm.disks.filter(disk => !excluded.includes(disk));
  const impossible = disks.filter(disk => disk.unprotectable !== undefined);
  if (impossible.length > 0) throw new Failure(impossible.map(disk => unprotectable(vm.name, disk)));
  if (disks.length === 0)
    throw new Failure(
      given('no-disk-left', `no disk of ${vm.name} is left to protect: all are excluded, or it has none`, {
        hint: 'remove an entry of `disks.exclude`',
      }),
    );
  return {
    disks,
    left_out: excluded.map(disk => ({
      label: disk.label,
      identity: disk.identity,
      why: `excluded by policy${disk.unprotectable === undefined ? '' : `; ${disk.unprotectable}`}`,
    })),
    warnings: exclude
      .filter(entry => !vm.disks.some(disk => isMeant(disk, entry)))
      .map(entry => noSuchDisk(vm, entry)),
  };
}

/** Whether only its present index leaves the disk out, while the newest point holds it under another one. */
function hasSlid(
  { index, label, identity }: SourceDisk,
  exclude: CyclePolicy['exclude'],
  previous: readonly PointDisk[],
): boolean {
  const held = previous.filter(disk => disk.identity === identity);
  const byLabel = exclude.some(entry => typeof entry === 'string' && isMeant({ index, label }, entry));
  return exclude.includes(index) && !byLabel && held.length > 0 && !held.some(disk => disk.index === index);
}

const exclusionMoved = (vm: string, { label, index }: SourceDisk): Diagnostic =>
  world(
    'exclusion-moved',
    `the disks of ${vm} are in another order than before: \`disks.exclude\` would now leave out ${label} (disk ${index}), which the newest point holds`,
    { hint: 'name the disk to leave out by its label instead of its number' },
  );

const unprotectable = (vm: string, disk: SourceDisk): Diagnostic =>
  world(
    'unprotectable-disk',
    `${disk.label} (disk ${disk.index}) of ${vm} can't be protected: ${disk.unprotectable}`,
    {
      hint: `change the disk's mode, or leave it out by name: \`disks: { exclude: [ ${disk.label} ] }\``,
    },
  );

// A warning, not an error: the typo protects a disk too many, and a disk that was excluded may be gone.
const noSuchDisk = (vm: Pick<SourceVm, 'name' | 'disks'>, entry: string | number): Diagnostic =>
  warning(
    given('unknown-disk', `\`disks.exclude\` names ${JSON.stringify(entry)}, which ${vm.name} doesn't have`, {
      hint: `it has ${vm.disks.map(disk => `${disk.index}: ${disk.label}`).join(', ')}`,
    }),
  );
