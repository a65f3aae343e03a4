import { type FileHandle, open, readFile } from 'node:fs/promises';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { blocksOf, hashBytes, writeBytes } from '../blocks/bytes.ts';
import { blockBytes, zeroDigest } from '../blocks/store.ts';
import type { BlockMap } from '../blocks/tables.ts';
import type { Ec2State, LabVolume } from './world/state.ts';
import type { Ec2World } from './world/world.ts';

const GiB = 2 ** 30;

/** What a volume's bytes are. */
export interface VolumeBytes {
  volume: string;
  /** Of the whole volume. */
  bytes: number;
  /** Hex, of the first `hashed` bytes. */
  sha256: string;
  hashed: number;
  restIsZero: boolean;
  /** The instance that first ran with it, and the volume that this ran from. */
  firstStart?: { instance: string; at: string; root?: string };
}

export interface VolumeQuestion {
  volume: string;
  /** As an instance first ran with it, not as it is now. */
  firstStart: boolean;
  /** How many bytes are hashed; the rest is to be zeros. Undefined: all. */
  length?: number;
  /** A file that gets the whole content, sparse. */
  out?: string;
}

function volumeOf(state: Ec2State, id: string): LabVolume {
  const found = state.volumes[id];
  if (found) return found;
  throw new Failure(
    given('no-such-volume', `the lab has no volume ${id}`, {
      hint: '`converge lab show` lists the instances with their volumes',
    }),
  );
}

/** Throws a Failure for a volume that isn't there, or never ran. */
export async function volumeBytes(world: Ec2World, asked: VolumeQuestion): Promise<VolumeBytes> {
  const volume = volumeOf(await world.state(), asked.volume);
  const [blocks, tables] = await Promise.all([world.blocks(), world.tables()]);
  if (asked.firstStart && !volume.first)
    throw new Failure(given('never-started', `no instance ever ran with ${volume.id}`));
  const map = asked.firstStart ? await tables.read(volume.first!.table) : await blocksOf(tables, volume);
  const bytes = volume.size * GiB;
  const hashed = Math.min(asked.length ?? bytes, bytes);
  if (asked.out !== undefined) await exportDisk(world, map, bytes, asked.out);
  return {
    volume: volume.id,
    bytes,
    hashed,
    ...(await hashBytes(blocks, map, hashed, bytes)),
    ...(volume.first && {
      firstStart: {
        instance: volume.first.instance,
        at: new Date(volume.first.at).toISOString(),
        ...(volume.first.root !== undefined && { root: volume.first.root }),
      },
    }),
  };
}

/** Writes the bytes of a file into a volume, as the system that runs with it does. */
export async function writeVolume(
  world: Ec2World,
  { volume: id, offset, file }: { volume: string; offset: number; file: string },
): Promise<number> {
  const content = await readFile(file);
  await world.change(async draft => {
    const volume = volumeOf(draft.state, id);
    if (offset + content.length > volume.size * GiB)
      throw new Failure(
        given('beyond-the-volume', `${id} has ${volume.size} GiB, and ${file} would end after it`),
      );
    draft.defer(async () => {
      for (let at = 0; at < content.length; ) {
        const length = blockBytes - ((offset + at) % blockBytes);
        await writeBytes(draft, volume, offset + at, content.subarray(at, at + length));
        at += length;
      }
    });
  });
  return content.length;
}

/** Writes a disk as a raw image in which what is zero takes no room. */
export async function exportDisk(world: Ec2World, map: BlockMap, bytes: number, path: string): Promise<void> {
  const blocks = await world.blocks();
  const file: FileHandle = await open(path, 'w', 0o600);
  try {
    await file.truncate(bytes);
    for (const [index, { digest }] of map) {
      if (digest === zeroDigest) continue;
      await file.write(await blocks.get(digest), 0, blockBytes, index * blockBytes);
    }
  } finally {
    await file.close();
  }
}

/** The account's machines and disks, a line each. */
export function describeAccount(state: Ec2State): string[] {
  const name = (id: string) => (state.tags[id]?.Name === undefined ? '' : `  ${state.tags[id].Name}`);
  return Object.values(state.instances).flatMap(it => [
    `${it.id}${name(it.id)}  ${it.type} of ${it.image}, ${it.privateIp}, ${it.state}`,
    ...it.devices.map(({ device, volume }) => {
      const disk = state.volumes[volume];
      return `  ${device.padEnd(11)} ${volume}  ${disk ? `${disk.size} GiB` : 'gone'}`;
    }),
  ]);
}

export const describeVolume = (it: VolumeBytes): string[] => [
  `${it.volume}  ${it.bytes} bytes`,
  `  SHA-256 of the first ${it.hashed} bytes  ${it.sha256}`,
  `  all after them is zeros: ${it.restIsZero ? 'yes' : 'no'}`,
  `  first ran with: ${it.firstStart ? `${it.firstStart.instance} at ${it.firstStart.at}, from ${it.firstStart.root ?? 'no root'}` : 'nothing'}`,
];
