import { lowerBound } from './order.ts';

export interface Asked {
  prefix: string;
  delimiter: string;
  /** Keys after this one; when it is a common prefix, after everything it stands for. */
  after: string;
  max: number;
}

export interface Page<T> {
  items: [key: string, item: T][];
  /** Common prefixes, ascending. */
  prefixes: string[];
  /** The last key or common prefix of the page when there is more. */
  next?: string;
}

/**
 * One page of a listing. `walk` gives entries in ascending UTF-8 order from a key on; one key may
 * come several times (versions). Keys that share what comes between the prefix and the next
 * delimiter are one common prefix, which counts as one towards `max`.
 */
export function listPage<T>(
  walk: (from: string) => Iterable<[string, T]>,
  { prefix, delimiter, after, max }: Asked,
): Page<T> {
  const page: Page<T> = { items: [], prefixes: [] };
  const begin = lowerBound([prefix], after) === 0 ? prefix : after;
  const rolledUp =
    delimiter !== '' && after.startsWith(prefix) && after.endsWith(delimiter) ? after : undefined;
  let last = '';
  let count = 0;
  for (const [key, item] of walk(begin)) {
    if (!key.startsWith(prefix)) break;
    if (key === after && after !== '') continue;
    const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = at < 0 ? undefined : key.slice(0, at + delimiter.length);
    if (common !== undefined && (common === rolledUp || common === page.prefixes.at(-1))) continue;
    if (count === max) {
      if (max > 0) page.next = last;
      break;
    }
    count++;
    last = common ?? key;
    if (common !== undefined) page.prefixes.push(common);
    else page.items.push([key, item]);
  }
  return page;
}

/** `encoding-type=url`: as in a form, but with the slash left alone. */
export const formEncode = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
    .replaceAll('%2F', '/');
