import { Failure, given, world } from '../../diagnostics/diagnostic.ts';
import type { Random } from '../../io/ports.ts';
import { isZero, ZERO_ID } from '../format/blocks.ts';
import {
  decodeConfig,
  encodeConfig,
  type RepositoryConfig,
  unwrapMaster,
  wrapMaster,
} from '../format/config.ts';
import type { Key } from '../format/keys.ts';
import { CONFIG, isVmKey, ROSTER } from '../format/names.ts';
import { vaultOf } from '../format/vault.ts';
import type { Conditions } from '../model/conditions.ts';
import { bringBack, FORMAT } from '../model/damage.ts';
import type { ObjectLock } from '../model/object-lock.ts';
import type { Point } from '../model/point.ts';
import type { OnDamage, Repository } from '../model/repository.ts';
import type { ObjectStore } from '../model/store.ts';
import { boardStore } from './board.ts';
import { proveCreation } from './prove-creation.ts';
import type { Context } from './read/repository-context.ts';
import { enrolled, heads } from './read/roster.ts';
import { recordStore } from './records.ts';
import { vmRepository } from './vm.ts';
import { listVms } from './vms.ts';
import { putOnce } from './write/put-once.ts';

export interface OpenOptions {
  key?: Key | undefined;
  random: Random;
  /**
   * What is known of the store's conditions, by the id of the repository; default: nothing, noted nowhere.
   */
  conditions?: (id: string) => Conditions;
  /** How what is written now is locked; default: not at all. */
  lock?: (() => ObjectLock) | undefined;
}

/** What `verify` needs besides: keys and raw objects. */
export interface OpenRepository extends Repository {
  readonly context: Context;
  /** Those that are `enrolled`, without the `known`, and with the point of each head that can be read. */
  heads(onDamage: OnDamage, known: Iterable<string>): AsyncGenerator<{ uuid: string; point?: Point }>;
}

/**
 * Opens the repository in `store`. Throws a Failure: `repository-not-found`, `not-a-repository`,
 * `newer-format`, `older-format`, `damaged-object`, `key-needed`, `wrong-key`, `key-not-needed`.
 */
export async function openRepository(store: ObjectStore, options: OpenOptions): Promise<OpenRepository> {
  const repository = (await tryOpen(store, options)) ?? (await madeMeanwhile(store, options));
  if (repository) return repository;
  throw new Failure(
    world('repository-not-found', `there is no repository at ${store.url}`, {
      hint: 'check the URL; the first replication makes the repository',
    }),
  );
}

/**
 * Opens the repository in `store`, or makes it (encrypted when a key is given) if nothing is there.
 * Of two that make it at the same time one wins, and the other opens what the winner made. Whoever comes
 * here writes, so what a store says about conditions is tried once. Throws what `openRepository` throws, and
 * a Failure `store-unsuitable`.
 */
export async function createRepository(store: ObjectStore, options: OpenOptions): Promise<OpenRepository> {
  const repository =
    (await tryOpen(store, options)) ?? (await madeMeanwhile(store, options)) ?? (await begin(store, options));
  await proveForWriting(repository);
  return repository;
}

/** What one that was opened needs before anything is written to it. @throws Failure `store-unsuitable` */
export async function proveForWriting({ store, conditions }: OpenRepository): Promise<void> {
  if (!conditions.proven) await proveCreation(store, (await store.get(CONFIG))!.bytes);
}

async function begin(store: ObjectStore, options: OpenOptions): Promise<OpenRepository> {
  const { key, random, lock } = options;
  const id = random.bytes(16).toString('hex');
  const config: RepositoryConfig = {
    format: FORMAT,
    id,
    encryption: key ? { cipher: 'AES-256-GCM', keys: [wrapMaster(random.bytes(32), key, id, random)] } : null,
  };
  await putOnce(store, CONFIG, encodeConfig(config), { lock: lock?.() });
  return openRepository(store, options);
}

async function tryOpen(
  store: ObjectStore,
  { key, random, conditions = untried, lock }: OpenOptions,
): Promise<OpenRepository | undefined> {
  const found = await store.get(CONFIG);
  if (!found) return undefined;
  const config = decodeConfig(store.url, found.bytes);
  const context = { store, vault: vaultOf(unwrapMaster(store.url, config, key)), random, lock };
  return {
    id: config.id,
    store,
    context,
    encrypted: config.encryption !== null,
    records: recordStore(context),
    board: boardStore(context),
    conditions: conditions(config.id),
    blockId: plaintext => (isZero(plaintext) ? ZERO_ID : context.vault.blockId(plaintext)),
    vm: (uuid, over = same => same) => vmRepository({ ...context, store: over(store) }, uuid),
    vms: onDamage => listVms(context, onDamage),
    async enrolled(onDamage) {
      const uuids: string[] = [];
      for await (const uuid of enrolled(context, onDamage)) uuids.push(uuid);
      return uuids;
    },
    heads: (onDamage, known) => heads(context, onDamage, known),
  };
}

function untried(): Conditions {
  const own = {
    proven: false,
    passed: async () => {
      own.proven = true;
    },
  };
  return own;
}

/**
 * Of a store that had no configuration a moment ago: the repository that somebody else has made since,
 * undefined when nothing is there. Throws a Failure when something else is.
 */
async function madeMeanwhile(store: ObjectStore, options: OpenOptions): Promise<OpenRepository | undefined> {
  const found = await whatIsThere(store);
  // What was listed may be what another one that makes the repository has just written.
  const made = found && (await tryOpen(store, options));
  if (found && !made) throw found;
  return made;
}

/**
 * A prefix that holds anything else isn't ours to write to; one that lost its configuration must not be begun
 * anew. Undefined: nothing is there.
 */
export async function whatIsThere(store: ObjectStore): Promise<Failure | undefined> {
  for await (const { key } of store.list(ROSTER)) {
    if (!isVmKey(key.slice(ROSTER.length))) continue;
    return new Failure(
      world('configuration-missing', `${store.url} holds ${key}, but its ${CONFIG} is gone`, {
        hint: bringBack(CONFIG),
      }),
    );
  }
  for await (const { key } of store.list('')) {
    return new Failure(
      given(
        'not-a-repository',
        `${store.url} holds ${key} and no ${CONFIG}: it is not a converge repository`,
        {
          hint: 'name an empty prefix or directory, or the one that the repository is in',
        },
      ),
    );
  }
  return undefined;
}
