import { failedWith } from '../../diagnostics/diagnostic.ts';
import { readKey } from '../../replication/format/keys.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { writeNewSecret } from '../secret-file.ts';
import { type OpenedRepository, withRepositoryOpen } from './with-repository.ts';

export interface RotateOptions extends RepositoryOptions, CommonOptions {
  /** `env:NAME`, `file:PATH` or `credential:NAME` of the key that opens the repository now. */
  key: string;
  /** The same of the key that is to open it. */
  newKey: string;
  keepOld?: boolean;
}

export interface Rotated {
  url: string;
  old: string;
  fresh: string;
  /** Ids of all keys that open the repository now. */
  keys: string[];
}

/** Has another key open a repository. Undefined when the manifests have mistakes, which were told. */
export async function rotateRepositoryKey(
  context: Context,
  options: RotateOptions,
): Promise<Rotated | undefined> {
  const { rotateKey } = await import('../../replication/repository/rotate-key.ts');
  const { host } = context.io;
  const [old, fresh] = await Promise.all([readKey(options.key, host), readKey(options.newKey, host)]);
  const opened = async ({ repository: { store } }: OpenedRepository) => {
    const keys = await rotateKey(store, {
      old,
      fresh,
      keepOld: options.keepOld ?? false,
      random: host.random,
    });
    return { url: store.url, old: old.id, fresh: fresh.id, keys };
  };
  try {
    return await withRepositoryOpen(context, options, undefined, opened);
  } catch (error) {
    // It may have been done before, and whoever did it wasn't told.
    if (!failedWith(error, 'wrong-key')) throw error;
    return await withRepositoryOpen(context, { ...options, key: options.newKey }, undefined, opened).catch(
      again => {
        throw failedWith(again, 'wrong-key') ? error : again;
      },
    );
  }
}

/** A new key of a repository: its text, or its id when it was written to a new file. */
export async function createRepositoryKey(
  { io: { host } }: Context,
  file: string | undefined,
): Promise<{ id: string; text: string }> {
  const { createKey } = await import('../../replication/format/keys.ts');
  const made = createKey(host.random);
  if (file) await writeNewSecret(host, file, `${made.text}\n`);
  return made;
}
