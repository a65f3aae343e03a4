import { styleText } from 'node:util';
import { printable } from '../../diagnostics/text-width.ts';
import { isSecretRef, type Json } from '../catalog.ts';
import type { Action, Plan, PlannedField, PlannedResource } from '../plan.ts';
import { segments } from '../pointer.ts';

export interface TextOptions {
  color?: boolean;
  /** Columns of the terminal; default 100. */
  columns?: number;
}

interface Look {
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

/** The plan for people: what changes, where that is written, and one line of sums. Ends with a newline. */
export function renderText(plan: Plan, { color = false, columns = 100 }: TextOptions = {}): string {
  const paint = (style: Look['color'] | 'dim' | 'bold', text: string) =>
    color ? styleText(style, text, { validateStream: false }) : text;
  const shown = plan.resources.filter(({ action }) => action !== 'none');
  const widest = Math.max(0, ...shown.map(({ address }) => address.length));
  const room = Math.max(20, columns);
  const lines = shown.flatMap(resource => {
    const { symbol, word, color: style } = looks[resource.action as Exclude<Action, 'none'>];
    const place = clean(`${resource.at.file}:${resource.at.line}`);
    const address = clean(resource.address);
    const head = `  ${symbol} ${word.padEnd(7)} ${address}`;
    const gap = Math.min(widest - address.length, room - head.length - place.length - 2);
    const notes = [resource.noop ? 'noop' : '', resource.reason ?? ''].filter(Boolean).map(clean).join(', ');
    return [
      `${paint(style, head)}${' '.repeat(Math.max(0, gap))}  ${paint('dim', place)}`,
      ...(notes === '' ? [] : [`      ${paint('dim', `(${notes})`)}`]),
      ...fieldLines(resource, room),
    ];
  });
  return `${[...lines, sums(plan)].join('\n')}\n`;
}

function fieldLines({ fields, action }: PlannedResource, room: number): string[] {
  const names = fields.map(({ path }) => segments(path).map(clean).join('.'));
  const width = Math.min(40, Math.max(0, ...names.map(name => name.length)));
  return fields.map((field, i) => {
    const left = `      ${names[i]!.padEnd(width)}  `;
    const reason = field.reason === undefined ? '' : `  (${clean(field.reason)})`;
    return `${left}${values(field, action, Math.max(16, room - left.length - reason.length))}${reason}`;
  });
}

function values({ before, after }: PlannedField, action: Action, room: number): string {
  if (action === 'create' || action === 'unknown') return show(after, room);
  const half = Math.floor((room - 4) / 2);
  return `${show(before, half)} -> ${show(after, half)}`;
}

function show(value: Json | undefined, room: number): string {
  if (value === undefined) return '(none)';
  if (isSecretRef(value)) return clean(`(secret ${value.$secret})`);
  const text = clean(typeof value === 'string' && isPlain(value) ? value : JSON.stringify(masked(value)));
  return text.length > room ? `${text.slice(0, Math.max(1, room - 1))}…` : text;
}

/** A reference inside a list or map reads like one that stands alone. */
function masked(value: Json): Json {
  if (isSecretRef(value)) return `(secret ${value.$secret})`;
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, masked(member)]));
}

const isPlain = (text: string): boolean => /^[^\p{Cc}\s]([^\p{Cc}]*[^\p{Cc}\s])?$/u.test(text);

/** Nothing that was declared or observed may move the cursor or turn the text around. */
const clean = (text: string): string => printable(text.replace(/[\t\r\n]+/g, ' '));

function sums({ resources, digest }: Plan): string {
  const count = (action: Action) => resources.filter(resource => resource.action === action).length;
  const inSync = `${count('none')} in sync`;
  const changes = (Object.keys(looks) as (keyof typeof looks)[]).flatMap(action => {
    const n = count(action);
    return n === 0 ? [] : [`${n} ${looks[action].counted}`];
  });
  const what =
    changes.length === 0 ? `Nothing to do: ${inSync}.` : `Plan: ${[...changes, inSync].join(', ')}.`;
  return `${what}   digest ${digest.slice(0, 8)}`;
}
