import { appendFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What is in one block. `stamp` is new with every write, so that two snapshots of one lineage show whether a
 * block was written between them, as EBS knows it, whatever was written.
 */
export interface Entry {
  /** SHA-256 of the content, hex. */
  digest: string;
  /** Sixteen hex digits. */
  stamp: string;
}

/** By block index. A block that isn't in it was never written and reads as zeros. */
export type BlockMap = Map<number, Entry>;

/** A record of a table file: index (4 bytes), digest (32), stamp (8). */
const recordBytes = 44;

/**
 * Which blocks a snapshot or volume has, one file each; a later record of an index counts. The files need no
 * index in memory to be added to, so that a block costs one small write.
 */
export interface TableStore {
  /** Before anything is written. */
  prepare(): Promise<void>;
  read(id: string): Promise<BlockMap>;
  append(id: string, index: number, entry: Entry): Promise<void>;
  /** Makes or replaces a whole table in one step. */
  write(id: string, blocks: BlockMap): Promise<void>;
  /**
   * Removes all but those; `then` is told which digests they name, at a moment at which no other block can
   * come to be named.
   */
  keepOnly(ids: ReadonlySet<string>, then: (digests: ReadonlySet<string>) => void): Promise<void>;
}

export function openTables(dir: string): TableStore {
  const fileOf = (id: string) => join(dir, id);
  const loaded = new Map<string, Promise<BlockMap>>();
  const read = (id: string): Promise<BlockMap> => {
    const known = loaded.get(id) ?? load(fileOf(id));
    loaded.set(id, known);
    return known;
  };
  return {
    prepare: async () => void (await mkdir(dir, { recursive: true })),
    read,
    async append(id, index, entry) {
      const blocks = await read(id);
      // At once: three turns of the event loop for 44 bytes would cost more than a block's own write.
      appendFileSync(fileOf(id), recordOf(index, entry));
      blocks.set(index, entry);
    },
    async write(id, blocks) {
      const temporary = `${fileOf(id)}.new`;
      await writeFile(temporary, Buffer.concat([...blocks].map(([index, entry]) => recordOf(index, entry))));
      await rename(temporary, fileOf(id));
      loaded.set(id, Promise.resolve(blocks));
    },
    async keepOnly(ids, then) {
      for (const name of await readdir(dir)) {
        if (ids.has(name)) continue;
        loaded.delete(name);
        await rm(fileOf(name), { force: true });
      }
      const maps = await Promise.all([...ids].map(read));
      const digests = new Set<string>();
      for (const map of maps) for (const { digest } of map.values()) digests.add(digest);
      then(digests);
    },
  };
}

function recordOf(index: number, { digest, stamp }: Entry): Buffer {
  const record = Buffer.alloc(recordBytes);
  record.writeUInt32BE(index, 0);
  record.write(digest, 4, 'hex');
  record.write(stamp, 36, 'hex');
  return record;
}

/** A kill can leave half a record at the end, which nobody was told of. */
async function load(path: string): Promise<BlockMap> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });
  const blocks: BlockMap = new Map();
  for (let at = 0; at + recordBytes <= bytes.length; at += recordBytes) {
    blocks.set(bytes.readUInt32BE(at), {
      digest: bytes.toString('hex', at + 4, at + 36),
      stamp: bytes.toString('hex', at + 36, at + recordBytes),
    });
  }
  return blocks;
}
