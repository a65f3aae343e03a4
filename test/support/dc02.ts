import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';

const data = join(import.meta.dirname, '../../../shared/data/disks/dc02');

/** Whether the real NTFS disk is here. */
export const dc02Present = existsSync(join(data, 'SHA256SUMS'));

/** Of each of its four states: SHA-256, hex, and bytes. */
export async function dc02States(): Promise<{ sha256: string; bytes: number }[]> {
  const lines = (await readFile(join(data, 'SHA256SUMS'), 'utf8')).trim().split('\n');
  return lines.map(line => {
    const [sha256 = '', , bytes] = line.trim().split(/\s+/);
    return { sha256, bytes: Number(bytes) };
  });
}

/** Brings the image from the state before it, or from nothing, to `state`; where it was written, in bytes. */
export async function toState(image: string, state: number): Promise<{ offset: number; length: number }[]> {
  const blocks = zstdDecompressSync(await readFile(join(data, `c${state}.blocks.zst`)));
  const lines = (await readFile(join(data, `c${state}.extents.txt`), 'utf8')).trim().split('\n');
  const extents = lines.map(line => {
    const [offset = 0, length = 0] = line.trim().split(/\s+/).map(Number);
    return { offset, length };
  });
  const file = await open(image, state === 0 ? 'w' : 'r+');
  let at = 0;
  for (const { offset, length } of extents) {
    await file.write(blocks, at, length, offset);
    at += length;
  }
  await file.truncate((await dc02States())[state]!.bytes);
  await file.close();
  return extents;
}
