import { parseNumbered, vmNames } from '../../format/names.ts';
import { decodeRoot, ROOT_CAP, type Root } from '../../format/root.ts';
import { openObject } from '../../format/sealing.ts';
import type { Vault } from '../../format/vault.ts';
import { damaged, isUnreadable } from '../../model/damage.ts';
import { pipelined } from '../../model/pipelined.ts';
import type { OnDamage } from '../../model/repository.ts';
import { readAgain } from './read-again.ts';
import type { VmContext } from './repository-context.ts';

export interface PointName {
  generation: number;
  id: string;
}

const READS = 8;

/** The head holds the whole root of the newest point, and so tells whose it is. */
export function readHead(
  context: Pick<VmContext, 'store' | 'vault' | 'names'>,
): Promise<{ root: Root; etag: string } | undefined> {
  const key = context.names.head;
  return readAgain(async () => {
    const found = await context.store.get(key);
    return found && { root: openRoot(context.vault, 'head', key, found.bytes), etag: found.etag };
  });
}

/** The root in a point object or a head. Throws `damaged-object` unless it belongs where it lies. */
export function openRoot(vault: Vault, kind: 'head' | 'point', key: string, bytes: Buffer): Root {
  const root = decodeRoot(key, openObject(vault, kind, key, bytes, ROOT_CAP));
  const { id, generation, vm } = root.point;
  if (!key.startsWith(vmNames(vault.vmKey(vm.uuid)).folder))
    throw damaged(key, 'it holds a point of another VM');
  const name = kind === 'point' ? parseNumbered(key) : undefined;
  if (name && (name.id !== id || name.generation !== generation))
    throw damaged(key, 'it holds another point');
  return root;
}

export function readPoint(context: VmContext, { generation, id }: PointName): Promise<Root | undefined> {
  const key = context.names.point(generation, id);
  return readAgain(async () => {
    const found = await context.store.get(key);
    return found && openRoot(context.vault, 'point', key, found.bytes);
  });
}

/** What is under `points/`, in ascending generation. All of them are complete. */
export async function pointNames(context: VmContext): Promise<PointName[]> {
  const names: PointName[] = [];
  for await (const { key } of context.store.list(context.names.points)) {
    const name = parseNumbered(key);
    if (name) names.push(name);
  }
  return names;
}

/**
 * Every complete point's root in ascending generation: the objects under `points/`, and the head's
 * point while its copy isn't there yet, or can't be read. Objects that can't be read go to `onDamage`, or
 * are thrown. `seen`: the head and the names, where they were just read, in this order.
 */
export async function* allRoots(
  context: VmContext,
  onDamage?: OnDamage,
  seen?: { head: Root | undefined; names: PointName[] },
): AsyncGenerator<Root> {
  // The head is read first: a commit that ends meanwhile adds a point, and never hides one.
  const head = seen ? seen.head : (await readable(readHead(context), onDamage))?.root;
  const names = seen?.names ?? (await pointNames(context));
  const rootOf = async (name: PointName) => {
    const root = await readable(readPoint(context, name), onDamage);
    return root ?? (head?.point.id === name.id ? head : undefined);
  };
  for await (const root of pipelined(names, READS, rootOf)) if (root) yield root;
  if (head && !names.some(n => n.id === head.point.id)) yield head;
}

/**
 * The newest complete point: the head's, or one under `points/` when there is no head, or an older one
 * than that, as a copy of a repository has it that was made while a cycle ended. With `onDamage` it is
 * the newest that can be read; without it the Failure is thrown.
 */
export const newestRoot = async (context: VmContext, onDamage?: OnDamage): Promise<Root | undefined> =>
  (await readNewest(context, onDamage)).root;

/**
 * The same, with the head's root where there is one. A head of generation `seen`, the newest that is known,
 * is believed without a look at what else there is.
 */
export async function readNewest(
  context: VmContext,
  onDamage?: OnDamage,
  seen?: number,
): Promise<{ root: Root | undefined; head: Root | undefined }> {
  const head = (await readable(readHead(context), onDamage))?.root;
  if (head && head.point.generation === seen) return { root: head, head };
  for (const name of (await pointNames(context)).reverse()) {
    if (head && name.generation <= head.point.generation) break;
    const root = await readable(readPoint(context, name), onDamage);
    if (root) return { root, head };
  }
  return { root: head, head };
}

/** What can't be read goes to `onDamage`, and is undefined then; without `onDamage` it is thrown. */
export async function readable<T>(read: Promise<T>, onDamage?: OnDamage): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (!onDamage || !isUnreadable(error)) throw error;
    onDamage(error);
    return undefined;
  }
}
