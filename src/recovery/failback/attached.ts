import { blocked, type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Point } from '../../replication/model/point.ts';
import { deviceName } from '../failover/image-of.ts';
import { dataDevice } from '../failover/swap.ts';
import type { CloudInstance } from '../model/machines.ts';
import type { CloudVolume } from '../model/volumes.ts';
import type { RunMachine } from '../run/run.ts';

const GiB = 2 ** 30;

/** A volume of an instance, and where it is attached. */
export interface AttachedVolume {
  volume: string;
  device: string;
  /** When it was attached, milliseconds since the epoch. */
  since: number;
}

/** A volume that somebody attached in EC2: no disk of the point is it. */
export interface Stranger {
  volume: string;
  device: string;
  gib: number;
  /** EC2 deletes it with the instance. */
  endsWithIt: boolean;
}

/** All volumes of an instance, those on their way from it left out. */
export const attachedTo = ({ devices }: CloudInstance): AttachedVolume[] =>
  devices
    .filter(({ state }) => state !== 'detaching')
    .map(({ volume, device, since }) => ({ volume, device, since }));

/**
 * The volumes that are the disks of a machine, in their order.
 *
 * @throws Failure `volume-missing`, with all that are
 */
export function disksOf(machine: RunMachine, instance: CloudInstance): AttachedVolume[] {
  const attached = attachedTo(instance);
  const { vm, shell } = machine;
  const against: Diagnostic[] = [];
  const found = machine.disks.map((_, place) => {
    const device = place === 0 ? instance.rootDevice : (shell ? dataDevice : deviceName)(place);
    const one = attached.find(each => each.device === device);
    if (!one)
      against.push(
        world('volume-missing', `${vm} (${instance.id}) has no volume at ${device}`, {
          hint: 'attach it there again: what it held can only be brought home from it',
        }),
      );
    return one;
  });
  if (against.length > 0) throw new Failure(against);
  return found as AttachedVolume[];
}

/** The volumes of an instance that aren't disks of the machine. */
export function strangersOf(
  machine: RunMachine,
  instance: CloudInstance,
  volumes: readonly CloudVolume[],
): Stranger[] {
  const own = new Set(disksOf(machine, instance).map(({ volume }) => volume));
  return instance.devices.flatMap(({ device, volume, state, endsWithIt }) => {
    if (own.has(volume) || state === 'detaching') return [];
    const gib = volumes.find(({ id }) => id === volume)?.gib ?? 0;
    return { volume, device, gib, endsWithIt };
  });
}

/** @throws Failure `volume-left-out`, blocked, with all of them */
export function refuseStrangers(vm: string, strangers: readonly Stranger[]): void {
  if (strangers.length === 0) return;
  throw new Failure(
    strangers.map(({ volume, device, gib }) =>
      blocked(
        'volume-left-out',
        own`${volume} (${device}, ${gib} GiB) was attached to ${vm} in EC2: the point has no such disk, and it is not brought home`,
        {
          hint: own`copy what it holds onto a disk of the machine and detach it, or leave it in EC2: --allow recovery_target:${vm}`,
        },
      ),
    ),
  );
}

/**
 * A point whose disks are as large as they are in EC2: one that was enlarged there is all of it. One that
 * wasn't has its own size, without the padding to whole GiB.
 */
export function asLargeAs(
  point: Point,
  machine: RunMachine,
  instance: CloudInstance,
  volumes: readonly CloudVolume[],
): Point {
  const places = disksOf(machine, instance);
  return {
    ...point,
    disks: point.disks.map(disk => {
      const place = machine.disks.findIndex(({ index }) => index === disk.index);
      const gib = volumes.find(({ id }) => id === places[place]?.volume)?.gib ?? 0;
      return gib > Math.ceil(disk.bytes / GiB) ? { ...disk, bytes: gib * GiB } : disk;
    }),
  };
}
