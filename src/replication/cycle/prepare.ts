import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { SourceMachine, SourceSnapshot, SourceVm } from '../model/source.ts';
import { warning } from './failures.ts';
import type { CycleOptions } from './options.ts';
import { isOrphan, isOurs } from './snapshot-name.ts';

/**
 * Removes the snapshots that dead cycles of this VM and repository left behind, and waits for what
 * their removal leaves to consolidate. To be called after the epoch was raised: only then can't the
 * owner of a lower one commit any more. Answers with the VM as it is afterwards.
 */
export async function recover(
  options: Pick<CycleOptions, 'machine' | 'repository' | 'step' | 'signal'>,
  epoch: number,
  removed: (diagnostic: Diagnostic, name: string) => void,
): Promise<SourceVm> {
  const { machine, repository, step, signal } = options;
  const vm = await machine.inspect(signal);
  const orphans = vm.snapshots.filter(({ name }) =>
    isOrphan(name, { vm: vm.uuid, repository: repository.id, epoch }),
  );
  for (const orphan of orphans) {
    await step('remove-orphan-snapshot');
    await machine.removeSnapshot(orphan, signal);
    removed(cleanedUp(vm, orphan), orphan.name);
  }
  const after = orphans.length > 0 ? await machine.inspect(signal) : vm;
  if (!after.consolidationNeeded) return after;
  await step('consolidate-before');
  await machine.consolidate(signal);
  return machine.inspect(signal);
}

/**
 * Switches change tracking on where it is off; it takes effect at the next snapshot. Where that is
 * impossible the cycle goes on with full comparisons, and the warning says what stands in the way.
 */
export async function ensureTracking(
  vm: SourceVm,
  { machine, step, signal }: { machine: SourceMachine } & Pick<CycleOptions, 'step' | 'signal'>,
): Promise<Diagnostic[]> {
  if (vm.changeTracking) return [];
  const obstacle = trackingObstacle(vm, vm.snapshots);
  if (obstacle !== undefined) return [trackingOff(vm, obstacle)];
  await step('enable-change-tracking');
  await machine.enableChangeTracking(signal);
  return [];
}

/** Why the next cycle won't switch change tracking on; undefined when it can, or when it is on. */
export const lastingObstacle = (vm: SourceVm): string | undefined =>
  vm.changeTracking
    ? undefined
    : trackingObstacle(
        vm,
        vm.snapshots.filter(({ name }) => !isOurs(name)),
      );

/**
 * vSphere demands that a VM has no snapshot when tracking begins, else the tracking data is wrong (KB
 * 1020128).
 */
function trackingObstacle(vm: SourceVm, snapshots: SourceSnapshot[]): string | undefined {
  if (!vm.changeTrackingSupported) return 'its virtual hardware has no change tracking';
  if (snapshots.length === 0) return undefined;
  return `it has snapshots: ${snapshots.map(({ name }) => `"${name}"`).join(', ')}`;
}

const trackingOff = (vm: SourceVm, obstacle: string): Diagnostic =>
  warning(
    world(
      'tracking-off',
      `change tracking of ${vm.name} can't be switched on: ${obstacle}; every cycle reads all of it`,
      {
        hint: vm.changeTrackingSupported
          ? 'remove these snapshots, then run again'
          : 'upgrade the virtual hardware to version 7 or newer',
      },
    ),
  );

const cleanedUp = (vm: SourceVm, { name }: SourceSnapshot): Diagnostic =>
  warning(
    world(
      'orphan-removed',
      `removed the snapshot ${name} of ${vm.name}, which an earlier cycle had left when it died`,
      {
        hint: 'nothing is lost: this cycle begins at the newest complete point',
      },
    ),
  );
