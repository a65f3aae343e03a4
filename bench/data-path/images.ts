import { randomFillSync } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isZero } from '../../src/replication/format/blocks.ts';
import { dc02Present, toState } from '../../test/support/dc02.ts';

/** `mixed`: zeros, programs and noise. `ntfs`: a real disk again and again, each part of it marked. */
export const kinds = ['noise', 'mixed', 'ntfs'] as const;
export type Kind = (typeof kinds)[number];

const MiB = 2 ** 20;
const CLUSTER = 4096;
/** Shares of a mixed disk; noise is the rest. */
const [ZEROS, PROGRAMS] = [0.36, 0.44];

/** Writes a raw image of so many bytes to `path`. Answers with the bytes of its 4 KiB that aren't zeros. */
export async function writeImage(kind: Kind, bytes: number, path: string): Promise<number> {
  const file = openSync(path, 'w');
  let used = 0;
  const put = (content: Buffer, at: number) => {
    const some = content.subarray(0, bytes - at);
    writeSync(file, some, 0, some.length, at);
    for (let from = 0; from < some.length; from += CLUSTER)
      if (!isZero(some.subarray(from, from + CLUSTER))) used += CLUSTER;
  };
  if (kind === 'ntfs') await repeated(bytes, path, put);
  else {
    const piece = Buffer.alloc(MiB);
    const programs = kind === 'mixed' ? await programsOf(bytes * PROGRAMS) : [];
    for (let n = 0; n * MiB < bytes; n++) {
      // By turns, so that each kind is all over the disk.
      const turn = kind === 'noise' ? 1 : (n % 25) / 25;
      if (turn < ZEROS) put(piece.fill(0), n * MiB);
      else if (turn < ZEROS + PROGRAMS && programs.length > 0) put(programs.pop()!, n * MiB);
      else put(randomFillSync(piece), n * MiB);
    }
  }
  closeSync(file);
  return used;
}

/** The same in files of 16 MiB, for what copies files. */
export function cut(image: string, bytes: number, pieces: string): void {
  mkdirSync(pieces, { recursive: true });
  const file = openSync(image, 'r');
  const piece = Buffer.alloc(16 * MiB);
  for (let at = 0; at < bytes; at += piece.length) {
    const length = readSync(file, piece, 0, piece.length, at);
    writeFileSync(join(pieces, String(at / piece.length).padStart(6, '0')), piece.subarray(0, length));
  }
  closeSync(file);
}

/** What lies in /usr, in pieces of 1 MiB. */
async function programsOf(bytes: number): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  let rest = Buffer.alloc(0);
  for (const entry of await readdir('/usr/lib', { recursive: true, withFileTypes: true })) {
    if (pieces.length * MiB >= bytes) break;
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || (await stat(path)).size > 64 * MiB) continue;
    rest = Buffer.concat([rest, readFileSync(path)]);
    for (; rest.length >= MiB; rest = rest.subarray(MiB)) pieces.push(Buffer.from(rest.subarray(0, MiB)));
  }
  return pieces;
}

/** A real NTFS disk as often as it fits, 16 bytes of noise in each 4 KiB that hold something. */
async function repeated(
  bytes: number,
  path: string,
  put: (content: Buffer, at: number) => void,
): Promise<void> {
  if (!dc02Present) throw new Error('the real disk is not here');
  await toState(`${path}.once`, 0);
  const once = readFileSync(`${path}.once`);
  writeFileSync(`${path}.once`, '');
  for (let at = 0; at < bytes; at += once.length) {
    for (let from = 0; from < once.length; from += CLUSTER)
      if (!isZero(once.subarray(from, from + CLUSTER))) randomFillSync(once, from + CLUSTER / 2, 16);
    put(once, at);
  }
}
