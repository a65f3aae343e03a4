import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../io/ports.ts';

/** Of every block of EBS, bytes. Source: EBS direct APIs reference, DataLength. */
export const blockBytes = 524_288;
export const zeroBlock = Buffer.alloc(blockBytes);
export const digestOf = (data: Uint8Array): string => hash('sha256', data);
/** SHA-256, hex, of a block of zeros, which has no file. */
export const zeroDigest = digestOf(zeroBlock);

/**
 * The blocks of all snapshots and volumes, each once, by the SHA-256 of its content: `blocks/ab/abcd…`. A
 * block is there whole or not at all. What no table names any more is removed by `keepOnly`.
 */
export interface BlockStore {
  /** Before the first block is put. */
  prepare(): Promise<void>;
  /** Stores a block and keeps it until `named` has put its digest into a table. Resolves to what that did. */
  put<T>(digest: string, data: Buffer, named: () => Promise<T>): Promise<T>;
  /** Throws an Error for a digest that nothing named. */
  get(digest: string): Promise<Buffer>;
  /** Removes all blocks but those, and those that are just being put. */
  keepOnly(inUse: ReadonlySet<string>): void;
}

export function openBlocks(dir: string, random: Random): BlockStore {
  const halfWritten = join(dir, 'tmp');
  const fileOf = (digest: string) => join(dir, digest.slice(0, 2), digest);
  /** Digests that were stored but perhaps aren't in a table yet, with how often. */
  const inFlight = new Map<string, number>();
  const folders = new Set<string>();

  function write(digest: string, data: Buffer): void {
    const folder = digest.slice(0, 2);
    if (!folders.has(folder)) {
      mkdirSync(join(dir, folder), { recursive: true });
      folders.add(folder);
    }
    if (existsSync(fileOf(digest))) return;
    const temporary = join(halfWritten, random.bytes(12).toString('hex'));
    // At once: three turns of the thread pool cost more than a write that the page cache takes.
    writeFileSync(temporary, data);
    renameSync(temporary, fileOf(digest));
  }

  return {
    async prepare() {
      await rm(halfWritten, { recursive: true, force: true });
      await mkdir(halfWritten, { recursive: true });
    },
    async put(digest, data, named) {
      inFlight.set(digest, (inFlight.get(digest) ?? 0) + 1);
      try {
        if (digest !== zeroDigest) write(digest, data);
        return await named();
      } finally {
        const left = inFlight.get(digest)! - 1;
        if (left === 0) inFlight.delete(digest);
        else inFlight.set(digest, left);
      }
    },
    get: async digest => (digest === zeroDigest ? zeroBlock : readFile(fileOf(digest))),
    keepOnly(inUse) {
      for (const folder of readdirSync(dir).filter(name => name.length === 2)) {
        for (const digest of readdirSync(join(dir, folder))) {
          if (!inUse.has(digest) && !inFlight.has(digest)) rmSync(fileOf(digest));
        }
      }
    },
  };
}
