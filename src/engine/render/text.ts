import { styleText } from 'node:util';
import type { Action, Plan, PlannedField, PlannedResource } from '../plan.ts';
import {
  clean,
  countsOf,
  gradeNote,
  type Look,
  lookOf,
  nameOf,
  notesOf,
  placeOf,
  selectionsOf,
  show,
  shownIn,
  warningsOf,
} from './say.ts';

export interface TextOptions {
  color?: boolean;
  /** Columns of the terminal; default 100. */
  columns?: number;
}

/** The plan for people: what changes, where that is written, and one line of sums. Ends with a newline. */
export function renderText(plan: Plan, { color = false, columns = 100 }: TextOptions = {}): string {
  const paint = (style: Look['color'] | 'dim' | 'bold', text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const shown = shownIn(plan);
  const widest = Math.max(0, ...shown.map(({ address }) => address.length));
  const room = Math.max(20, columns);
  const lines = shown.flatMap(resource => {
    const { symbol, word, color: style } = lookOf(resource);
    const place = placeOf(resource);
    const address = clean(resource.address);
    const head = `  ${symbol} ${word.padEnd(7)} ${address}`;
    const gap = Math.min(widest - address.length, room - head.length - place.length - 2);
    const notes = notesOf(resource).join(', ');
    return [
      `${paint(style, head)}${' '.repeat(Math.max(0, gap))}  ${paint('dim', place)}`,
      ...(notes === '' ? [] : [`      ${paint('dim', `(${notes})`)}`]),
      ...fieldLines(resource, room),
    ];
  });
  const selected = selectionsOf(plan).map(({ address, text }) => `  ${paint('dim', `${address} ${text}`)}`);
  return `${[...lines, ...selected, sums(plan)].join('\n')}\n`;
}

function fieldLines({ fields, action }: PlannedResource, room: number): string[] {
  const names = fields.map(nameOf);
  const width = Math.min(40, Math.max(0, ...names.map(name => name.length)));
  return fields.map((field, i) => {
    const left = `      ${names[i]!.padEnd(width)}  `;
    const why = field.reason === undefined ? '' : `  (${clean(field.reason)})`;
    const reason = why + gradeNote(field);
    return `${left}${values(field, action, Math.max(16, room - left.length - reason.length))}${reason}`;
  });
}

function values({ before, after, reason }: PlannedField, action: Action, room: number): string {
  const follows = before === undefined && reason !== undefined;
  if (action === 'create' || action === 'unknown' || follows) return show(after, room);
  const half = Math.floor((room - 4) / 2);
  return `${show(before, half)} -> ${show(after, half)}`;
}

function sums(plan: Plan): string {
  const { text, changes } = countsOf(plan);
  const warnings = warningsOf(plan);
  const said = warnings === '' ? text : `${text}; ${warnings}`;
  return `${changes ? 'Plan' : 'Nothing to do'}: ${said}.   digest ${plan.digest.slice(0, 8)}`;
}
