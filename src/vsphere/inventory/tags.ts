import pLimit from 'p-limit';
import { malformed } from '../http/malformed.ts';
import type { Automation } from './automation.ts';

export interface Tag {
  id: string;
  name: string;
  /** Name of its category. */
  category: string;
}

/** Calls at once; there is none that tells the names of many tags. */
const inFlight = 8;

/** All tags that the user may see, by category and name. */
export async function listTags(automation: Automation, signal?: AbortSignal): Promise<Tag[]> {
  const limit = pLimit(inFlight);
  const read = (collection: 'tag' | 'category') => (id: string) =>
    limit(async () => record(await automation.tagging({ collection, id, signal })));
  const ids = texts(await automation.tagging({ collection: 'tag', signal }));
  const tags = await Promise.all(ids.map(read('tag')));
  const categories = new Map<string, string>();
  const used = [...new Set(tags.map(tag => text(tag.category_id)))];
  for (const category of await Promise.all(used.map(read('category'))))
    categories.set(text(category.id), text(category.name));
  return tags
    .map(tag => ({
      id: text(tag.id),
      name: text(tag.name),
      category: categories.get(text(tag.category_id)) ?? '',
    }))
    .sort((a, b) => order(`${a.category}/${a.name}`, `${b.category}/${b.name}`));
}

/** Managed object ids of the VMs that have any of these tags attached to themselves. */
export async function taggedVms(
  automation: Automation,
  tags: readonly Tag[],
  signal?: AbortSignal,
): Promise<Set<string>> {
  if (tags.length === 0) return new Set();
  const answer = await automation.tagging({
    collection: 'tag-association',
    action: 'list-attached-objects-on-tags',
    body: { tag_ids: tags.map(({ id }) => id) },
    signal,
  });
  if (!Array.isArray(answer)) throw strange();
  const objects = answer.flatMap(one => {
    const { object_ids } = record(one);
    if (!Array.isArray(object_ids)) throw strange();
    return object_ids.map(record);
  });
  return new Set(objects.flatMap(({ type, id }) => (type === 'VirtualMachine' ? [text(id)] : [])));
}

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const strange = () => malformed('a question about tags', 'its parts are not what the reference says');

function record(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw strange();
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw strange();
}

function texts(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(text);
  throw strange();
}
