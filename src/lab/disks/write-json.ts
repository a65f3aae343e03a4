import { readFile, rename, writeFile } from 'node:fs/promises';

/**
 * Replaces a JSON file in one step: whenever the process is killed, a reader finds the old state or the
 * new one. It isn't forced to the disk: a lab need not outlive its machine's power, and is asked often.
 */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const temporary = `${path}.new`;
  await writeFile(temporary, JSON.stringify(value), { mode: 0o600 });
  await rename(temporary, path);
}

/** The value in a JSON file; undefined when there is no such file. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
