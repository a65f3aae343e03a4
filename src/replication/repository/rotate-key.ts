import { Failure, failedWith, given, world } from '../../diagnostics/diagnostic.ts';
import type { Random } from '../../io/ports.ts';
import {
  decodeConfig,
  encodeConfig,
  type RepositoryConfig,
  unwrapMaster,
  wrapMaster,
} from '../format/config.ts';
import type { Key } from '../format/keys.ts';
import { CONFIG } from '../format/names.ts';
import type { ObjectLock } from '../model/object-lock.ts';
import type { ObjectStore } from '../model/store.ts';

export interface Rotation {
  /** Opens the repository now. */
  old: Key;
  /** Is to open it. */
  fresh: Key;
  /** Whether `old` goes on opening it. */
  keepOld: boolean;
  random: Random;
}

/**
 * Has `fresh` open the repository, and after that, unless it is to be kept, `old` no more. Each step is one
 * write that takes the place of what was read; between them both keys open it. Begun again, it goes on, also
 * where all of it was done and nobody was told.
 * Entries of other keys stay. Answers with the ids of the keys that open it now.
 *
 * @throws Failure `key-not-needed`, `wrong-key`, `same-key`, `configuration-moved`
 */
export async function rotateKey(
  store: ObjectStore,
  { old, fresh, keepOld, random }: Rotation,
): Promise<string[]> {
  if (old.id === fresh.id)
    throw new Failure(
      given('same-key', `the new key is the old one, ${old.id}`, {
        hint: '`converge key create --to FILE` makes a new one',
      }),
    );
  const has = ({ encryption }: RepositoryConfig, { id }: Key) =>
    encryption?.keys.some(({ key_id }) => key_id === id) ?? false;
  // Where other keys open it as well, one that does not open it was never the old one.
  const isDone = (config: RepositoryConfig) =>
    config.encryption?.keys.length === 1 && has(config, fresh) && !has(config, old);
  await change(store, config => {
    if (isDone(config)) return undefined;
    const master = masterOf(store, config, old);
    const { keys } = config.encryption!;
    if (has(config, fresh)) return undefined;
    return [...keys, wrapMaster(master, fresh, config.id, random)];
  });
  // What the new key opens is seen before the old one goes, and that it is the same.
  return change(store, config => {
    const master = masterOf(store, config, fresh);
    if (keepOld || isDone(config)) return undefined;
    if (!master.equals(masterOf(store, config, old))) throw moved(store);
    return config.encryption!.keys.filter(({ key_id }) => key_id !== old.id);
  });
}

/** @throws Failure for a repository without encryption, too: a key was given */
const masterOf = (store: ObjectStore, config: RepositoryConfig, key: Key): Buffer =>
  unwrapMaster(store.url, config, key)!;

type Keys = NonNullable<RepositoryConfig['encryption']>['keys'];

/** Writes the keys that `to` gives; undefined: they stay as they are. */
async function change(
  store: ObjectStore,
  to: (config: RepositoryConfig) => Keys | undefined,
): Promise<string[]> {
  const found = await store.get(CONFIG);
  if (!found)
    throw new Failure(
      world('repository-not-found', `there is no repository at ${store.url}`, { hint: 'check the URL' }),
    );
  const config = decodeConfig(store.url, found.bytes);
  const keys = to(config);
  const ids = (keys ?? config.encryption!.keys).map(({ key_id }) => key_id);
  if (!keys) return ids;
  const bytes = encodeConfig({ ...config, encryption: { ...config.encryption!, keys } });
  try {
    const lock = await lockOf(store);
    const put = await store.put(CONFIG, bytes, { when: { ifMatch: found.etag }, ...(lock && { lock }) });
    if (!put.ok) throw moved(store);
  } catch (error) {
    const isOurs = async () => (await store.get(CONFIG))?.bytes.equals(bytes) ?? false;
    if (!failedWith(error, 'answer-lost') || !(await isOurs())) throw error;
  }
  return ids;
}

/** What takes the place of a locked configuration is locked as that is: a lock is of the version alone. */
async function lockOf(store: ObjectStore): Promise<ObjectLock | undefined> {
  try {
    return await store.locks?.of(CONFIG);
  } catch (error) {
    if (failedWith(error, 'bucket-without-lock')) return undefined;
    throw error;
  }
}

const moved = (store: ObjectStore): Failure =>
  new Failure(
    world('configuration-moved', `the keys of ${store.url} were changed by somebody else meanwhile`, {
      hint: 'run again: it goes on from what is there',
    }),
  );
