import { type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import type { Point } from '../repository.ts';
import type { SourceDisk, SourceVm } from '../source.ts';
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

const isMeant = (disk: SourceDisk, entry: string | number): boolean =>
  typeof entry === 'number' ? entry === disk.index : entry.toLowerCase() === disk.label.toLowerCase();

/**
 * Applies the exclusions. Pure.
 *
 * @throws Failure `unprotectable-disk` for every disk that no snapshot contains and the policy doesn't
 *   name, `no-disk-left` when nothing remains.
 */
export function selectDisks(
  vm: Pick<SourceVm, 'name' | 'disks'>,
  { exclude }: Pick<CyclePolicy, 'exclude'>,
): DiskSelection {
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
