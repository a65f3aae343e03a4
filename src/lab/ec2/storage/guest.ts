import { blocksOf, readBytes, writeBytes } from '../../blocks/bytes.ts';
import type { LabInstance, LabVolume } from '../world/state.ts';
import type { Draft } from '../world/world.ts';
import { lookAtDisk } from './bootable.ts';

const GiB = 2 ** 30;
/** Before the end of a volume: where a padded disk has zeros, and in front of a GPT's backup. */
const markAt = 65_536;

/**
 * What a running system does to a disk that it finds: it writes. Whoever attaches a recovered disk to an
 * instance that runs another system sees it by the bytes. Before the first time, which blocks there were is
 * kept, and which root the system ran from that was the first to write: a recovered disk knows none but its
 * own.
 */
export function useDisk(draft: Draft, volume: LabVolume, instance: LabInstance): void {
  if (!volume.first) {
    const table = `${volume.id}.first`;
    draft.defer(async () => draft.tables.write(table, await blocksOf(draft.tables, volume)));
    const root = instance.devices.find(({ device }) => device === instance.rootDevice)?.volume;
    volume.first = { table, at: draft.now, instance: instance.id, ...(root !== undefined && { root }) };
  }
  const mark = Buffer.alloc(512);
  mark.write(`written by ${instance.id} at ${new Date(draft.now).toISOString()}\n`);
  draft.defer(() => writeBytes(draft, volume, volume.size * GiB - markAt, mark));
}

/** Powers an instance on: says from its root's bytes whether it boots, and has it write to all its disks. */
export async function powerOn(draft: Draft, instance: LabInstance): Promise<void> {
  const { state, blocks, tables, now } = draft;
  const root = instance.devices.find(({ device }) => device === instance.rootDevice);
  const volume = root && state.volumes[root.volume];
  const map = volume && (await blocksOf(tables, volume));
  const read = (offset: number, length: number) => readBytes(blocks, map ?? new Map(), offset, length);
  const seen = volume
    ? await lookAtDisk({ read, bytes: volume.size * GiB }, instance.bootMode ?? 'legacy-bios')
    : { boots: false, why: 'there is no root volume' };
  instance.boot = {
    by: 'bytes',
    boots: seen.boots,
    at: now,
    console: `[lab] not booted: decided from the bytes of the root volume. ${seen.boots ? 'Boots' : 'Does not boot'}: ${seen.why}\n`,
  };
  instance.state = 'running';
  instance.systemCheck = 'initializing';
  instance.instanceCheck = 'initializing';
  for (const each of instance.devices) {
    each.state = 'attached';
    const disk = state.volumes[each.volume];
    if (disk) useDisk(draft, disk, instance);
  }
}
