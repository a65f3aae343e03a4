import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { CONFIG } from '../format/names.ts';
import type { ObjectStore } from '../model/store.ts';

/**
 * The store of a repository that can vanish from under it, as a folder does whose file system is unmounted:
 * an empty folder is left in its place. Once its configuration was seen, nothing is written where that is
 * gone, and nothing counts as not being there.
 *
 * @param isThere whether the configuration is where it was; asked before each write, and for what isn't found
 * @returns a store whose calls reject with a Failure `repository-vanished` as well
 */
export function staying(store: ObjectStore, isThere: () => Promise<boolean>): ObjectStore {
  let known = false;
  const demand = async (): Promise<void> => {
    if (known && !(await isThere())) throw vanished(store.url);
  };
  return {
    ...store,
    async get(key, options) {
      const found = await store.get(key, options);
      if (!found) await demand();
      else if (key === CONFIG) known = true;
      return found;
    },
    async head(key) {
      const found = await store.head(key);
      if (!found) await demand();
      return found;
    },
    async put(key, bytes, options) {
      await demand();
      return store.put(key, bytes, options);
    },
    async *list(prefix, after) {
      let isEmpty = true;
      for await (const found of store.list(prefix, after)) {
        isEmpty = false;
        yield found;
      }
      if (isEmpty) await demand();
    },
    async *folders(prefix) {
      let isEmpty = true;
      for await (const found of store.folders(prefix)) {
        isEmpty = false;
        yield found;
      }
      if (isEmpty) await demand();
    },
    async remove(key) {
      await demand();
      await store.remove(key);
    },
    async erase(keys) {
      await demand();
      return store.erase(keys);
    },
  };
}

const vanished = (url: string): Failure =>
  new Failure(
    world(
      'repository-vanished',
      own`the repository in ${url} was there a moment ago, and its ${CONFIG} is gone`,
      {
        hint: 'see whether its file system is still mounted; nothing was written in its place',
      },
    ),
  );
