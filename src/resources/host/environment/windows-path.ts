import { win32 } from 'node:path';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import { readMachinePath, writeMachinePath } from '../../../windows/registry/machine-path.ts';
import { expanded } from '../../../windows/tools/programs.ts';
import { hostPath } from '../paths/path.ts';

/** Which of the directories are on the machine's Path. */
export async function listed(io: ReadIo): Promise<(directory: Id) => boolean> {
  const { data } = await readMachinePath(io);
  const present = new Set(entries(data).map(entry => idOf(entry, io)));
  return directory => present.has(directory);
}

/** Writes the machine's Path with and without directories; other entries stay as they are written. */
export async function write(
  add: readonly { id: Id; written: string }[],
  remove: readonly Id[],
  io: WriteIo,
): Promise<void> {
  const { kind, data } = await readMachinePath(io);
  const kept = entries(data).filter(entry => !remove.includes(idOf(entry, io)));
  const present = new Set(kept.map(entry => idOf(entry, io)));
  const missing = add
    .filter(({ id }) => !present.has(id))
    .map(({ written }) => win32.resolve(io.cwd, written));
  await writeMachinePath({ kind, data: [...kept, ...missing].join(';') }, io);
}

const entries = (value: string): string[] => value.split(';').filter(entry => entry.trim() !== '');

const idOf = (entry: string, io: ReadIo): Id =>
  hostPath(expanded(entry.trim().replace(/^"(.*)"$/, '$1'), io.env), io);
