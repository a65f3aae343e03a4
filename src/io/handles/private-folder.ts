import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that nobody else can enter, for what a program is handed over. */
export interface PrivateFolder {
  readonly path: string;
  /** Writes a file that only this user may read, and gives its path. */
  put(name: string, content: string): Promise<string>;
  /** Removes one file of it. */
  drop(name: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * @param purpose part of its name
 * @param parent where it is made; where temporary files go when left out
 */
export async function privateFolder(purpose: string, parent: string = tmpdir()): Promise<PrivateFolder> {
  const path = await mkdtemp(join(parent, `converge-${purpose}-`));
  return {
    path,
    put: async (name, content) => {
      const file = join(path, name);
      await writeFile(file, content, { mode: 0o600, flag: 'wx' });
      return file;
    },
    drop: name => rm(join(path, name), { force: true }),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
