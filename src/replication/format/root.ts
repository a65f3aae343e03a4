import { damaged } from '../model/damage.ts';
import type { Point, PointDisk } from '../model/point.ts';
import { blockCount, MAX_BLOCK, MIN_BLOCK, pageCount } from './blocks.ts';
import { LAST_GENERATION, OBJECT_ID_BYTES } from './names.ts';
import { decodePageTable, encodePageTable, type PageRefs } from './page-map.ts';
import { smallestSection } from './sealing.ts';
import {
  bool,
  demand,
  hex,
  listOf,
  members,
  moment,
  nullOr,
  oneOf,
  optional,
  type Shape,
  text,
  tuple,
  whole,
} from './shape.ts';

/** An index object that is in force. */
export interface Segment {
  generation: number;
  id: string;
  /** Bytes of the object, and where its footer begins. */
  bytes: number;
  footer: number;
}

export interface RootDisk {
  disk: PointDisk;
  /** Number of this disk's map; the index is sorted by it. Never given to another disk of the VM. */
  number: number;
  pages: PageRefs[];
}

/** All that a recovery point is: what `Point` says, and where its map and the index lie. */
export interface Root {
  point: Point;
  previous: { generation: number; id: string } | undefined;
  disks: RootDisk[];
  /** The number that the next new disk gets. */
  nextNumber: number;
  /** Bytes of every pages object that the maps name, by id. */
  pagesObjects: Map<string, number>;
  /** Index objects in force when the point was made, oldest first. */
  segments: Segment[];
  /**
   * Of a head: since it was written the VM may be failed over, which the pauses in the repository tell. Of a
   * point never.
   */
  suspended?: boolean;
}

/** Longest root accepted, bytes: 64 TiB of worst-case page tables are 4 MiB. */
export const ROOT_CAP = 64 * 2 ** 20;

/** Longest bundle accepted, bytes: a plan of a hundred machines has a few hundred KiB. */
export const BUNDLE_CAP = 16 * 2 ** 20;

interface DiskJson extends Omit<PointDisk, 'blockSize' | 'changeId'> {
  block_size: number;
  change_id?: string;
  number: number;
}
interface RootJson extends Omit<Point, 'disks'> {
  previous: Root['previous'] | null;
  disks: DiskJson[];
  next_number: number;
  pages_objects: [id: string, bytes: number][];
  segments: Segment[];
  suspended?: boolean;
}

/** `length of the JSON (u32), JSON, page table of each disk in the JSON's order`. */
export function encodeRoot(root: Root): Buffer {
  const { disks: _, ...point } = root.point;
  const objects = [...root.pagesObjects];
  const numbers = new Map(objects.map(([id], n) => [id, n]));
  const json: RootJson = {
    ...point,
    previous: root.previous ?? null,
    disks: root.disks.map(({ disk: { blockSize, changeId, ...disk }, number }) => ({
      ...disk,
      block_size: blockSize,
      ...(changeId === undefined ? {} : { change_id: changeId }),
      number,
    })),
    next_number: root.nextNumber,
    pages_objects: objects,
    segments: root.segments,
    ...(root.suspended && { suspended: true }),
  };
  const text = Buffer.from(JSON.stringify(json));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([
    length,
    text,
    ...root.disks.map(d => encodePageTable(d.pages, id => numbers.get(id)!)),
  ]);
}

const U32 = 2 ** 32 - 1;
/** Larger than any virtual disk (62 TB), bytes. */
const MOST_BYTES = 2 ** 46;
const objectId = hex(OBJECT_ID_BYTES);
const generation = whole(1, LAST_GENERATION);

const machine = members({
  guest_id: text,
  firmware: oneOf('bios', 'efi'),
  secure_boot: bool,
  vtpm: bool,
  encrypted: bool,
  boot_order: listOf(text),
  cpus: whole(),
  memory: whole(),
  nics: listOf(members({ key: whole(-U32, U32), mac: text, addresses: listOf(text) })),
  disks: listOf(members({ key: whole(-U32, U32), controller: text, bus: whole(), unit: whole() })),
});

/** A share of what was read. */
const share: Shape = {
  wrong: (value, at) => (typeof value === 'number' && value >= 0 && value <= 1 ? undefined : at),
};

const changes = members({
  bytes: whole(),
  stored: whole(),
  signal: optional(
    members({
      kind: oneOf('change-rate', 'incompressible'),
      ...{ rate: whole(), usual: whole(), share, usual_share: share },
    }),
  ),
  recent: listOf(tuple(whole(), share)),
  days: listOf(tuple(whole(), whole(), whole())),
});

const shape = members({
  id: objectId,
  generation,
  epoch: whole(),
  vm: members({ name: text, uuid: text }),
  time: moment,
  consistency: oneOf('application', 'file-system', 'crash'),
  machine: optional(machine),
  bundle: optional(
    nullOr(members({ id: objectId, digest: hex(32), bytes: whole(smallestSection, 2 * BUNDLE_CAP) })),
  ),
  stored: optional(whole()),
  presence: optional(moment),
  locked: optional(moment),
  changes: optional(changes),
  left_out: listOf(members({ label: text, identity: text, why: text })),
  snapshots: optional(listOf(members({ name: text, created: moment, below: optional(listOf(text)) }))),
  previous: nullOr(members({ generation, id: objectId })),
  disks: listOf(
    members({
      index: whole(0, U32),
      key: whole(-U32, U32),
      label: text,
      identity: text,
      bytes: whole(1, MOST_BYTES),
      block_size: oneOf(...blockSizes()),
      change_id: optional(text),
      mode: oneOf('full', 'incremental', 'rescan'),
      reason: text,
      number: whole(0, U32),
    }),
  ),
  next_number: whole(0, U32 + 1),
  pages_objects: listOf(tuple(objectId, whole(smallestSection))),
  segments: listOf(members({ generation, id: objectId, bytes: whole(smallestSection), footer: whole() })),
  suspended: optional(bool),
});

function blockSizes(): number[] {
  const sizes: number[] = [];
  for (let size = MIN_BLOCK; size <= MAX_BLOCK; size *= 2) sizes.push(size);
  return sizes;
}

/** `key` names the object in the Failure that is thrown when the bytes are not a root. */
export function decodeRoot(key: string, bytes: Buffer): Root {
  try {
    const textEnd = 4 + bytes.readUInt32BE(0);
    const json = JSON.parse(bytes.toString('utf8', 4, textEnd)) as RootJson;
    demand(shape, json);
    refuseContradictions(json);
    const { previous, disks, next_number, pages_objects, segments, suspended, ...rest } = json;
    const objects = pages_objects.map(([id]) => id);
    let at = textEnd;
    const rootDisks = disks.map(({ block_size, change_id, number, ...plain }): RootDisk => {
      const disk: PointDisk = { ...plain, blockSize: block_size };
      if (change_id !== undefined) disk.changeId = change_id;
      const count = pageCount(blockCount(disk.bytes, disk.blockSize));
      const { pages, end } = decodePageTable(bytes, at, count, objects);
      at = end;
      return { disk, number, pages };
    });
    if (at !== bytes.length) throw new RangeError('it goes on after its page tables');
    return {
      point: { ...rest, disks: rootDisks.map(d => d.disk) },
      previous: previous ?? undefined,
      disks: rootDisks,
      nextNumber: next_number,
      pagesObjects: new Map(pages_objects),
      segments,
      ...(suspended && { suspended }),
    };
  } catch (cause) {
    const why = cause instanceof RangeError ? `: ${cause.message}` : '';
    throw damaged(key, `its content is not a recovery point${why}`, cause);
  }
}

/** What is well-formed member by member, and can't be all the same. */
function refuseContradictions({ disks, next_number, generation, previous }: RootJson): void {
  const differ = (values: number[]) => new Set(values).size === values.length;
  // A cycle that finds no disk to protect makes no point: this one would restore nothing and call it success.
  if (disks.length === 0) throw new RangeError('it holds no disk');
  if (!differ(disks.map(({ index }) => index))) throw new RangeError('two disks have one index');
  if (!differ(disks.map(({ number }) => number))) throw new RangeError('two disks have one number');
  if (disks.some(({ number }) => number >= next_number)) throw new RangeError('a disk has a number to come');
  if (previous && previous.generation >= generation) throw new RangeError('the point before it is newer');
}
