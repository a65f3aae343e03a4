import { join } from 'node:path';
import type { Files } from '../../../io/ports.ts';

/** One program that was started, or that could not be: then it has no exit code. */
export interface Spawned {
  /** RFC 3339, of the lab's clock. */
  time: string;
  /** Windows path, or the name as asked for when there was no such program. */
  program: string;
  args: string[];
  exit_code: number | null;
  /** Whether it wrote, renamed or removed anything below C:. */
  changed: boolean;
}

const fileOf = (dir: string) => join(dir, 'processes.jsonl');

/** All programs since the log was last cleared, oldest first; `dir` is the lab's `windows` folder. */
export async function readLog(files: Files, dir: string): Promise<Spawned[]> {
  const text = (await files.read(fileOf(dir)))?.toString('utf8') ?? '';
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Spawned);
}

export async function clearLog(files: Files, dir: string): Promise<void> {
  await files.remove(fileOf(dir));
}

/** Appends; calls come one after the other. */
export async function logSpawned(files: Files, dir: string, entry: Spawned): Promise<void> {
  const path = fileOf(dir);
  const handle = (await files.open(path, 'r+')) ?? (await files.open(path, 'create-new'))!;
  try {
    const { size } = await handle.stat();
    await handle.write(Buffer.from(`${JSON.stringify(entry)}\n`), size);
  } finally {
    await handle.close();
  }
}
