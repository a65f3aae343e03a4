import type { CloudInstance } from '../model/machines.ts';
import type { CloudVolume, RootTask } from '../model/volumes.ts';

/** What is seen of one machine on its way from a shell to its own disks. */
export interface Seen {
  instance: CloudInstance;
  /**
   * Volumes of its recovered disks by number, 0 the root; undefined where there is none yet. `from-image`: it
   * was launched with them.
   */
  disks: 'from-image' | (CloudVolume | undefined)[];
  /** Volumes of the run's tags that are neither: the shell's own. */
  shells: CloudVolume[];
  task: RootTask | undefined;
}

/** What it is given at the end. */
export interface Wanted {
  groups: readonly string[];
  profile?: string;
  /** Its disks outlive it: they hold what nothing else has. */
  keeps?: boolean;
}

/** What is to be done next. `ask: 'wait'`: nothing, until something else is seen. */
export type Move =
  | { ask: 'wait'; for: string }
  | { ask: 'create'; disk: number }
  | { ask: 'replace-root'; volume: string }
  | { ask: 'stop' }
  | { ask: 'detach'; volume: string }
  | { ask: 'attach'; volume: string; disk: number; device: string }
  | { ask: 'start' }
  | { ask: 'end-with'; devices: string[]; ends: boolean }
  | { ask: 'remove'; volume: string }
  | { ask: 'groups' }
  | { ask: 'profile'; profile: string }
  | { ask: 'done' }
  | { ask: 'give-up'; why: string };

/**
 * Windows takes xvdf to xvdp for data. Source: EC2 user guide, "Device names for volumes on Amazon EC2
 * instances".
 */
export const dataDevice = (n: number): string => `xvd${String.fromCharCode('f'.charCodeAt(0) + n - 1)}`;

/**
 * The one next move, decided from what is seen alone, so that whoever goes on after a crash does what the
 * first would have done. Three things hold in every state: no recovered disk is attached unless the instance
 * is stopped and holds nothing of the shell (or EC2 itself exchanges the root, restarting it); a shell never
 * runs on any but the group that it was launched into; and groups and profile come last of all.
 */
export function nextMove(seen: Seen, wanted: Wanted): Move {
  const { instance, disks } = seen;
  const { state } = instance;
  if (state === 'shutting-down' || state === 'terminated')
    return { ask: 'give-up', why: `${instance.id} is ${state}` };
  if (state !== 'running' && state !== 'stopped')
    return { ask: 'wait', for: `${instance.id} to be more than ${state}` };
  if (disks === 'from-image') return finishing(seen, wanted);
  const missing = disks.indexOf(undefined);
  if (missing >= 0) return { ask: 'create', disk: missing };
  const own = disks as CloudVolume[];
  const broken = own.find(disk => disk.state === 'error' || disk.state === 'deleting');
  if (broken) return { ask: 'give-up', why: `volume ${broken.id} is ${broken.state}` };
  const making = own.find(disk => disk.state === 'creating');
  if (making) return { ask: 'wait', for: `volume ${making.id}` };
  return isWhole(instance, own) ? finishing(seen, wanted) : exchanging(seen, own);
}

/** Where a machine has the disk of this place in its run. */
export const deviceOf = (instance: CloudInstance, n: number): string =>
  n === 0 ? instance.rootDevice : dataDevice(n);

/** All of its own disks where they belong, and no other. */
const isWhole = (instance: CloudInstance, own: readonly CloudVolume[]): boolean =>
  instance.devices.length === own.length &&
  own.every(({ id }, n) =>
    instance.devices.some(
      each => each.volume === id && each.device === deviceOf(instance, n) && each.state === 'attached',
    ),
  );

function exchanging({ instance, task }: Seen, own: readonly CloudVolume[]): Move {
  const isBusy = task === 'pending' || task === 'in-progress' || task === 'failing';
  if (isBusy) return { ask: 'wait', for: 'its root to be replaced' };
  const hasBegun = instance.devices.some(({ volume }) => own.some(({ id }) => id === volume));
  const byTask = own.length === 1 && !hasBegun && instance.state === 'running';
  if (byTask && task === undefined) return { ask: 'replace-root', volume: own[0]!.id };
  if (byTask && task === 'succeeded') return { ask: 'wait', for: 'its new root to be seen' };
  // What is left is a task that failed, one that left it without a root, or a machine with data disks.
  if (instance.state === 'running') return { ask: 'stop' };
  const moving = instance.devices.find(({ state }) => state !== 'attached');
  if (moving) return { ask: 'wait', for: `${moving.device} to be more than ${moving.state}` };
  const stranger = instance.devices.find(
    ({ volume, device }) => !own.some(({ id }, n) => id === volume && device === deviceOf(instance, n)),
  );
  if (stranger) return { ask: 'detach', volume: stranger.volume };
  const disk = own.findIndex(({ id }) => !instance.devices.some(({ volume }) => volume === id));
  const { id, state } = own[disk]!;
  if (state !== 'available') return { ask: 'wait', for: `volume ${id} to be more than ${state}` };
  return { ask: 'attach', volume: id, disk, device: deviceOf(instance, disk) };
}

function finishing({ instance, shells, task }: Seen, { groups, profile, keeps = false }: Wanted): Move {
  if (task === 'pending' || task === 'in-progress') return { ask: 'wait', for: 'its root to be replaced' };
  const wrong = instance.devices.filter(({ endsWithIt }) => endsWithIt === keeps).map(({ device }) => device);
  if (wrong.length > 0) return { ask: 'end-with', devices: wrong, ends: !keeps };
  if (instance.state === 'stopped') return { ask: 'start' };
  const left = shells.find(({ state }) => state === 'available');
  if (left) return { ask: 'remove', volume: left.id };
  const isAmong = (group: string) => instance.groups.includes(group);
  if (instance.groups.length !== groups.length || !groups.every(isAmong)) return { ask: 'groups' };
  if (profile !== undefined && instance.profile === undefined) return { ask: 'profile', profile };
  return { ask: 'done' };
}
