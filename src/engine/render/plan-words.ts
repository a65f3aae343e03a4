import { keepStart, printable, textWidth } from '../../diagnostics/text-width.ts';
import { plural } from '../../io/units.ts';
import { isSecretRef, type Json } from '../model/catalog.ts';
import type { Action, Grade, Plan, PlannedResource, SelectedMember } from '../model/plan.ts';
import { segments } from '../model/pointer.ts';

/** How the renderings for people say an action. */
export interface Look {
  symbol: string;
  word: string;
  color: 'green' | 'yellow' | 'red' | 'cyan' | 'magenta';
  /** In the summary: "2 to create". */
  counted: string;
}

const looks: Record<Exclude<Action, 'none'>, Look> = {
  create: { symbol: '+', word: 'create', color: 'green', counted: 'to create' },
  update: { symbol: '~', word: 'update', color: 'yellow', counted: 'to update' },
  delete: { symbol: '-', word: 'delete', color: 'red', counted: 'to delete' },
  refresh: { symbol: '*', word: 'refresh', color: 'cyan', counted: 'to refresh' },
  unknown: { symbol: '?', word: 'unknown', color: 'magenta', counted: 'not visible yet' },
  failed: { symbol: '!', word: 'failed', color: 'red', counted: 'not observed' },
};

export const lookOf = ({ action }: PlannedResource): Look => looks[action as Exclude<Action, 'none'>];

/** Those that a plan shows: all but what is in sync. */
export const shownIn = ({ resources }: Plan): PlannedResource[] =>
  resources.filter(({ action }) => action !== 'none');

/** "1 to create, 2 in sync", and whether there is anything to do. */
export function countsOf({ resources }: Plan): { text: string; changes: boolean } {
  const count = (action: Action) => resources.filter(resource => resource.action === action).length;
  const again = resources.filter(({ action, lookAgain }) => action === 'none' && lookAgain).length;
  const inSync = `${count('none')} in sync${again === 0 ? '' : ` (${again} looked at again)`}`;
  const changes = (Object.keys(looks) as (keyof typeof looks)[]).flatMap(action => {
    const n = count(action);
    return n === 0 ? [] : [`${n} ${looks[action].counted}`];
  });
  return { text: [...changes, inSync].join(', '), changes: changes.length > 0 };
}

/** What is beside a resource: what it does to protection, noop, what it waits for, and why. */
export const notesOf = ({ grade, noop, held, reason = '' }: PlannedResource): string[] =>
  [
    grade === undefined || grade === 'neutral' ? '' : `${grade} protection`,
    noop ? 'noop' : '',
    held ? `held until ${held.until}${held.by === undefined ? '' : `, with ${held.by}`}` : '',
    reason,
  ]
    .filter(Boolean)
    .map(printable);

/** Beside a value that weakens or strengthens, or that is left out with one that does. */
export function gradeNote({ grade, apart }: { grade?: Grade; apart?: true }): string {
  const said = [
    ...(grade === undefined || grade === 'neutral' ? [] : [grade]),
    ...(apart ? ['left as it is unless allowed'] : []),
  ];
  return said.length === 0 ? '' : `  (${said.join(', ')})`;
}

/** Names that are enough to see what it is about. */
const mostNamed = 8;

/**
 * Those in sync that are observed again once what they depend on has changed: the first few, and how many
 * more.
 */
export function lookedAtAgain({ resources }: Plan): { addresses: string[]; more: number } {
  const again = resources.filter(({ action, lookAgain }) => action === 'none' && lookAgain);
  const addresses = again.slice(0, mostNamed).map(({ address }) => printable(address));
  return { addresses, more: again.length - addresses.length };
}

/** "1 weakens protection, 2 held"; nothing when there is nothing of it. */
export function warningsOf({ resources }: Plan): string {
  const count = (of: (resource: PlannedResource) => boolean, what: string) => {
    const n = resources.filter(of).length;
    return n === 0 ? [] : [`${n} ${what}`];
  };
  return [
    ...count(({ grade, noop }) => grade === 'weakens' && !noop, 'weakening protection'),
    ...count(({ held }) => held !== undefined, 'held'),
  ].join(', ');
}

/** "selects 3, 1 of them declared by itself; joined: web03; left: web01", for each selection. */
export const selectionsOf = ({ selections = [] }: Plan): { address: string; text: string }[] =>
  selections.map(({ address, members, joined, left }) => ({
    address: printable(address),
    text: printable(
      [
        `selects ${members.length}${byThemselves(address, members)}`,
        ...(joined.length > 0 ? [`joined: ${joined.join(', ')}`] : []),
        ...(left.length > 0 ? [`left: ${left.join(', ')} (nothing is deleted)`] : []),
      ].join('; '),
    ),
  }));

function byThemselves(address: string, members: readonly SelectedMember[]): string {
  const others = members.filter(({ title, resource }) => resource !== `${address}/${title}`).length;
  return others === 0 ? '' : `, ${others} of them declared by ${others === 1 ? 'itself' : 'themselves'}`;
}

export const placeOf = ({ at }: PlannedResource): string => printable(`${at.file}:${at.line}`);

export const nameOf = ({ path }: { path: string }): string => segments(path).map(printable).join('.');

/** The lines of a text's diff, each clean by itself and at most `room` columns wide. */
export const diffLines = ({ diff }: { diff?: string }, room: number): string[] =>
  diff === undefined ? [] : diff.split('\n').map(line => shortened(printable(line), room));

/** A value on one line of at most `room` columns; a secret by the name of its reference. */
export function show(value: Json | undefined, room: number): string {
  if (value === undefined) return '(none)';
  if (isSecretRef(value)) return printable(`(secret ${value.$secret})`);
  const text = printable(typeof value === 'string' && isPlain(value) ? value : JSON.stringify(masked(value)));
  return shortened(text, room);
}

/** Items of a list that are told one by one; more are counted. */
const mostItems = 40;

/**
 * What leaves a list and what comes to it, an item a line: cut in the midst it tells nothing. Undefined
 * where the values aren't lists, or take no more than `room` columns each.
 */
export function listLines(
  { before = [], after }: { before?: Json; after?: Json },
  room: number,
): { counts: string; lines(room: number): string[] } | undefined {
  if (!Array.isArray(before) || !Array.isArray(after)) return undefined;
  if ([before, after].every(list => textWidth(show(list, Number.POSITIVE_INFINITY)) <= room))
    return undefined;
  const left = without(before, after).map(item => ['-', item] as const);
  const came = without(after, before).map(item => ['+', item] as const);
  const all = [...left, ...came];
  const counts = before.length === 0 ? '' : `${plural(before.length, 'item')} -> `;
  return {
    counts: `${counts}${plural(after.length, 'item')}${all.length === 0 ? ', in another order' : ''}`,
    lines: width => [
      ...all.slice(0, mostItems).map(([mark, item]) => `${mark} ${show(item, width - 2)}`),
      ...(all.length > mostItems ? [`and ${all.length - mostItems} more`] : []),
    ],
  };
}

/** Items of a list that another hasn't got, each as often as it is there more often. */
function without(list: readonly Json[], other: readonly Json[]): Json[] {
  const there = new Map<string, number>();
  for (const one of other) {
    const key = JSON.stringify(one);
    there.set(key, (there.get(key) ?? 0) + 1);
  }
  return list.filter(one => {
    const key = JSON.stringify(one);
    const count = there.get(key) ?? 0;
    there.set(key, count - 1);
    return count <= 0;
  });
}

/** The beginning of a text that takes more than `room` columns, and three dots. */
const shortened = (text: string, room: number): string =>
  textWidth(text) > room ? `${keepStart(text, Math.max(1, room - 3))}...` : text;

/** A reference inside a list or map reads like one that stands alone. */
function masked(value: Json): Json {
  if (isSecretRef(value)) return `(secret ${value.$secret})`;
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, masked(member)]));
}

const isPlain = (text: string): boolean => /^[^\p{Cc}\s]([^\p{Cc}]*[^\p{Cc}\s])?$/u.test(text);
