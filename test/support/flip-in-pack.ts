import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Turns a bit in the content of a pack of a lab in `dir`. */
export async function flipInPack(dir: string): Promise<void> {
  const files = await readdir(join(dir, 'lab'), { recursive: true, withFileTypes: true });
  const pack = files.find(file => file.isFile() && /\bpacks\b/.test(file.parentPath))!;
  const path = join(pack.parentPath, pack.name);
  const bytes = await readFile(path);
  bytes[5000]! ^= 1;
  await writeFile(path, bytes);
}
