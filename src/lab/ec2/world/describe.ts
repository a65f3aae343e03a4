import type { Filter, Tag } from '@aws-sdk/client-ec2';
import { refuse } from './errors.ts';
import type { Ec2State } from './state.ts';

interface Asked {
  Filters?: Filter[] | undefined;
  MaxResults?: number | undefined;
  NextToken?: string | undefined;
}

/** Values of a filter, or undefined for a filter that this kind doesn't have. */
export type FilterValues<T> = (item: T, filter: string) => readonly (string | undefined)[] | undefined;

/** What a kind has filters for, each with the values of an item that it looks at. */
export const filtersBy =
  <T>(table: Readonly<Record<string, (item: T) => ReturnType<FilterValues<T>>>>): FilterValues<T> =>
  (item, filter) =>
    Object.hasOwn(table, filter) ? table[filter]!(item) : undefined;

interface Rules {
  /** Whether ids were given, with which no page may be asked for. */
  ids?: readonly string[] | undefined;
  /** The parameter that holds them, as the message names it. */
  idsName?: string;
  /** Most of one page, whatever is asked for. */
  largest?: number;
  smallest?: number;
}

/**
 * Filters a list and takes one page of it. The page is cut before the filters apply, so that a page may have
 * few items or none although more follow: whoever stops at the first empty page would never notice otherwise.
 */
export function select<T extends { id: string }>(
  state: Ec2State,
  all: readonly T[],
  { Filters, MaxResults, NextToken }: Asked,
  values: FilterValues<T>,
  { ids, idsName = 'the list of ids', largest = 1000, smallest = 5 }: Rules = {},
): { page: T[]; NextToken?: string } {
  if (MaxResults !== undefined && ids && ids.length > 0)
    throw refuse.combination(`The parameter ${idsName} cannot be used with the parameter maxResults`);
  if (MaxResults !== undefined && (MaxResults < smallest || MaxResults > 1000))
    throw refuse.parameter(
      `Value (${MaxResults}) for parameter maxResults is invalid. Expecting a value from ${smallest} to 1000.`,
    );
  const from = Number(Buffer.from(NextToken ?? '', 'base64url').toString());
  if (!Number.isSafeInteger(from) || from < 0)
    throw refuse.other('InvalidNextToken', 'Unable to parse NextToken.');
  const tests = (Filters ?? []).map(({ Name = '', Values = [] }) => {
    const patterns = Values.map(patternOf);
    return (item: T) =>
      valuesOf(state, item, Name, values).some(
        value => value !== undefined && patterns.some(pattern => pattern.test(value)),
      );
  });
  const size = MaxResults === undefined ? all.length : Math.min(MaxResults, largest);
  const next = from + size;
  return {
    page: all.slice(from, next).filter(item => tests.every(test => test(item))),
    ...(next < all.length && { NextToken: Buffer.from(String(next)).toString('base64url') }),
  };
}

function valuesOf<T extends { id: string }>(
  state: Ec2State,
  item: T,
  name: string,
  values: FilterValues<T>,
): readonly (string | undefined)[] {
  const tags = state.tags[item.id] ?? {};
  if (name === 'tag-key') return Object.keys(tags);
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return Object.hasOwn(tags, key) ? [tags[key]] : [];
  }
  const found = values(item, name);
  if (found) return found;
  throw refuse.parameter(`The filter '${name}' is invalid`);
}

/** `*` and `?` are wildcards, and `\` goes before what is not one. */
function patternOf(value: string): RegExp {
  const source = value.replace(/\\([\s\S])|[\s\S]/g, (character, quoted?: string) =>
    quoted === undefined && character === '*'
      ? '[\\s\\S]*'
      : quoted === undefined && character === '?'
        ? '[\\s\\S]'
        : (quoted ?? character).replace(/[^\w\s]/g, '\\$&'),
  );
  return new RegExp(`^${source}$`);
}

/** What has tags, with them. */
export const tagSet = (state: Ec2State, id: string): Tag[] =>
  Object.entries(state.tags[id] ?? {}).map(([Key, Value]) => ({ Key, Value }));
