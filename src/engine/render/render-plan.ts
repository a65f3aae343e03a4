import { type Line, type Lines, span } from '../../diagnostics/lines.ts';
import { printable, textWidth } from '../../diagnostics/text-width.ts';
import { wrap } from '../../diagnostics/wrap.ts';
import { plural } from '../../io/units.ts';
import type { Action, Plan, PlannedField, PlannedResource } from '../model/plan.ts';
import { groupedAlike, namesOf } from './group-alike.ts';
import {
  countsOf,
  diffLines,
  gradeNote,
  listLines,
  lookedAtAgain,
  lookOf,
  nameOf,
  notesOf,
  placeOf,
  selectionsOf,
  show,
  shownIn,
  warningsOf,
} from './plan-words.ts';

export interface TextOptions {
  /**
   * Of the terminal, which nothing is wider than; without it lines stay whole, and values have 100 columns.
   */
  columns?: number;
}

const indent = ' '.repeat(6);
/** Fewer columns for a value tell nothing. */
const leastValue = 16;

/** The plan for people: what changes, where that is written, and one line of sums. */
export function renderText(plan: Plan, { columns }: TextOptions = {}): Lines {
  const shown = shownIn(plan);
  const widest = Math.max(0, ...shown.map(({ address }) => textWidth(address)));
  const room = Math.max(20, columns ?? 100);
  const fold = (text: string, left = '') =>
    columns === undefined || textWidth(left + text) <= room ? [left + text] : wrap(text, room, left);
  const dim = (line: string): Line => [span('dim', line)];
  const lines = groupedAlike(plan, shown).flatMap((resource): Line[] => {
    if ('resources' in resource) {
      const head = `! failed  ${plural(resource.resources.length, 'resource')}: `;
      return [
        ...fold(`${head}${namesOf(resource, printable)}`, '  ').map((line): Line => [span('red', line)]),
        ...fold(`(${resource.reason})`, indent).map(dim),
      ];
    }
    const { symbol, word, color: style } = lookOf(resource);
    const place = placeOf(resource);
    const { address } = resource;
    const head = `  ${symbol} ${word.padEnd(7)} ${address}`;
    const left = room - textWidth(head) - textWidth(place) - 2;
    const gap = ' '.repeat(Math.max(0, Math.min(widest - textWidth(address), left)));
    const notes = notesOf(resource).join(', ');
    return [
      ...(columns !== undefined && left < 0
        ? [[span(style, head)], [span('dim', `${indent}${place}`)]]
        : [[span(style, head), `${gap}  `, span('dim', place)]]),
      ...(notes === '' ? [] : fold(`(${notes})`, indent).map(dim)),
      ...fieldLines(resource, room, columns !== undefined),
    ];
  });
  const selected = selectionsOf(plan).flatMap(({ address, text }) => fold(`${address} ${text}`, '  '));
  const again = againLine(plan);
  return [
    ...lines,
    ...(again === undefined ? [] : fold(again, '  ').map(dim)),
    ...selected.map(dim),
    ...fold(sums(plan)),
  ];
}

function againLine(plan: Plan): string | undefined {
  const { addresses, more } = lookedAtAgain(plan);
  if (addresses.length === 0) return undefined;
  const names = more === 0 ? addresses : [...addresses, `${more} more`];
  return `looked at again after that: ${names.join(', ')}`;
}

/** A line per property; where a terminal is too narrow, the value and the reason below the name. */
function fieldLines({ fields, action }: PlannedResource, total: number, mayFold: boolean): string[] {
  const names = fields.map(nameOf);
  const width = Math.min(40, Math.max(0, ...names.map(textWidth)));
  const below = `${indent}    `;
  const linesOf = (field: PlannedField, i: number): string[] => {
    const name = names[i]!;
    const value = (room: number) => values(field, action, room);
    const items = (room: number) =>
      value(room)
        .list?.lines(Math.max(leastValue, total - below.length))
        .map(line => below + line) ?? [];
    const why = field.reason === undefined ? '' : `(${field.reason})`;
    const reason = [why, gradeNote(field).trim()].filter(Boolean).join('  ');
    const left = `${indent}${name}${' '.repeat(Math.max(0, width - textWidth(name)))}  `;
    const beside = reason === '' ? '' : `  ${reason}`;
    const forValue = total - textWidth(left);
    if (mayFold && forValue < leastValue)
      return [
        indent + name,
        below + value(total - below.length).text,
        ...wrap(reason, total, below),
        ...items(total - below.length),
      ];
    if (mayFold && forValue - textWidth(beside) < leastValue)
      return [left + value(forValue).text, ...wrap(reason, total, below), ...items(forValue)];
    const last = Math.max(leastValue, forValue - textWidth(beside));
    return [left + value(last).text + beside, ...items(last)];
  };
  return fields.flatMap((field, i) => [
    ...linesOf(field, i),
    ...diffLines(field, total - below.length).map(line => below + line),
  ]);
}

/** What changes of a property, on one line; of a list that it has no room for how long it is. */
function values(
  { before, after, reason }: PlannedField,
  action: Action,
  room: number,
): { text: string; list?: ReturnType<typeof listLines> } {
  const follows = before === undefined && reason !== undefined;
  const isNew = action === 'create' || action === 'unknown' || follows;
  const half = Math.floor((room - 4) / 2);
  const list = isNew
    ? listLines({ ...(after !== undefined && { after }) }, room)
    : before !== undefined && after !== undefined && listLines({ before, after }, half);
  if (list) return { text: list.counts, list };
  return { text: isNew ? show(after, room) : `${show(before, half)} -> ${show(after, half)}` };
}

function sums(plan: Plan): string {
  const { text, changes } = countsOf(plan);
  const warnings = warningsOf(plan);
  const said = warnings === '' ? text : `${text}; ${warnings}`;
  return `${changes ? 'Plan' : 'Nothing to do'}: ${said}.   digest ${plan.digest.slice(0, 8)}`;
}
