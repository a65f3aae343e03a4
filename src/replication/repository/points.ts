import type { Failure } from '../../diagnostics/diagnostic.ts';
import { damaged, hasCode } from '../format/damage.ts';
import { parseNumbered } from '../format/names.ts';
import { decodeRoot, ROOT_CAP, type Root } from '../format/root.ts';
import { openObject } from '../format/sealing.ts';
import { pipelined } from '../pipelined.ts';
import type { VmContext } from './context.ts';

export interface PointName {
  generation: number;
  id: string;
}

const READS = 8;

/** The head holds the whole root of the newest point. */
export async function readHead(context: VmContext): Promise<{ root: Root; etag: string } | undefined> {
  const key = context.names.head;
  const found = await context.store.get(key);
  if (!found) return undefined;
  return {
    root: decodeRoot(key, openObject(context.vault, 'head', key, found.bytes, ROOT_CAP)),
    etag: found.etag,
  };
}

export async function readPoint(
  context: VmContext,
  { generation, id }: PointName,
): Promise<Root | undefined> {
  const key = context.names.point(generation, id);
  const found = await context.store.get(key);
  if (!found) return undefined;
  const root = decodeRoot(key, openObject(context.vault, 'point', key, found.bytes, ROOT_CAP));
  if (root.point.id !== id || root.point.generation !== generation)
    throw damaged(key, 'it holds another point');
  return root;
}

/** What lies under `points/`, in ascending generation. All of them are complete. */
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
 * point while its copy isn't there yet. Objects that can't be read go to `onDamage`, or are thrown.
 */
export async function* allRoots(
  context: VmContext,
  onDamage?: (failure: Failure) => void,
): AsyncGenerator<Root> {
  const guarded = async <T>(read: Promise<T>): Promise<T | undefined> => {
    try {
      return await read;
    } catch (error) {
      if (!onDamage || !hasCode(error, 'damaged-object', 'newer-format')) throw error;
      onDamage(error);
      return undefined;
    }
  };
  // The head is read first: a commit that ends meanwhile adds a point, and never hides one.
  const head = await guarded(readHead(context));
  const names = await pointNames(context);
  for await (const root of pipelined(names, READS, name => guarded(readPoint(context, name))))
    if (root) yield root;
  if (head && !names.some(n => n.id === head.root.point.id)) yield head.root;
}

/** The newest complete point, also without a head. */
export async function newestRoot(context: VmContext): Promise<Root | undefined> {
  const head = await readHead(context);
  if (head) return head.root;
  const name = (await pointNames(context)).at(-1);
  return name && readPoint(context, name);
}
