import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';

/**
 * Replaces a JSON file in one step: whenever the process is killed, a reader finds the old state or the
 * new one. It isn't forced to the disk: a lab need not outlive its machine's power, and is asked often.
 */
export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeText(path, JSON.stringify(value));

/** The same of a value that is JSON already. */
export async function writeText(path: string, json: string): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, json, { mode: 0o600 });
  await rename(temporary, path);
}

/**
 * The value in a JSON file; undefined when there is no such file. Each request to a lab reads some of them,
 * small and just written, so they are read at once: to wait for another thread takes ten times as long.
 */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
