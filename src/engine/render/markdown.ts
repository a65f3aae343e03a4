import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { printable } from '../../diagnostics/text-width.ts';
import { plural } from '../../io/units.ts';
import type { Plan, PlannedResource } from '../model/plan.ts';
import { type Alike, groupedAlike, namesOf } from './group-alike.ts';
import {
  countsOf,
  diffLines,
  gradeNote,
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

/** Characters; GitHub refuses a comment of more than 65,536. */
export const longestMarkdown = 60_000;

/** A bot finds its own comment by this first line and edits that one. */
export const marker = '<!-- converge-plan -->';

/** Characters of one value; longer ones are clipped. */
const valueRoom = 300;
/** Room that is kept for "... 214 more". */
const moreRoom = 40;

export interface MarkdownOptions {
  /** What is to be said besides the plan: what could not be observed, what a guard holds back. */
  diagnostics?: readonly Diagnostic[];
  /** Default `longestMarkdown`. */
  limit?: number;
}

/**
 * The plan as GitHub-flavoured Markdown of at most `limit` characters: counts and digest first, then
 * errors, then one line per change with its details folded below it. What doesn't fit goes in this
 * order: details, from the end; then rows, and the last line says how many.
 */
export function renderMarkdown(
  plan: Plan,
  { diagnostics = plan.diagnostics, limit = longestMarkdown }: MarkdownOptions = {},
): string {
  const head = headOf(plan);
  const errors = fitting(diagnostics.map(errorRow), Math.floor((limit - head.length) / 3));
  const shown = groupedAlike(plan, shownIn(plan));
  const left = limit - head.length - errors.length;
  return head + errors + changes(shown, left);
}

function headOf(plan: Plan): string {
  const { text, changes } = countsOf(plan);
  const warnings = warningsOf(plan);
  return [
    marker,
    `### ${changes ? 'converge plan' : 'converge: nothing to do'}: ${text}`,
    '',
    ...(warnings === '' ? [] : [`**${warnings}**`, '']),
    ...selectionLines(plan),
    ...againLines(plan),
    `Digest ${code(plan.digest)}. To make exactly these changes: ${code(`converge apply PATHS --digest ${plan.digest.slice(0, 16)}`)}`,
    '',
  ].join('\n');
}

function againLines(plan: Plan): string[] {
  const { addresses, more } = lookedAtAgain(plan);
  if (addresses.length === 0) return [];
  const names = addresses.map(address => code(address.slice(0, valueRoom)));
  return [`Looked at again after that: ${[...names, ...(more > 0 ? [`${more} more`] : [])].join(', ')}`, ''];
}

/** Clipped, so that what is selected leaves room for what is done. */
function selectionLines(plan: Plan): string[] {
  const lines = selectionsOf(plan)
    .slice(0, 20)
    .map(({ address, text }) => `- ${code(address)} ${escapeText(text.slice(0, valueRoom))}`);
  return lines.length > 0 ? [...lines, ''] : [];
}

/** Rows, and as many of them with details as there is room for. */
function changes(shown: readonly (PlannedResource | Alike)[], room: number): string {
  const rows = shown.map(row);
  if (shown.length === 0) return '';
  const all = rows.reduce((sum, text) => sum + text.length, 1);
  if (all > room) return fitting(rows, room);
  let spare = room - all;
  let full = false;
  const parts = shown.map((resource, i) => {
    const text = full ? rows[i]! : withDetails(resource);
    const more = text.length - rows[i]!.length;
    full ||= more > spare;
    if (full) return rows[i]!;
    spare -= more;
    return text;
  });
  return `\n${parts.join('')}`;
}

/** As many rows as fit, and how many are left out. */
function fitting(rows: readonly string[], room: number): string {
  if (rows.length === 0) return '';
  let text = '\n';
  for (const [i, next] of rows.entries()) {
    const last = i === rows.length - 1;
    if (text.length + next.length + (last ? 0 : moreRoom) > room) {
      return `${text}\n... ${rows.length - i} more\n`;
    }
    text += next;
  }
  return text;
}

const row = (resource: PlannedResource | Alike): string => {
  if ('resources' in resource) {
    const { reason, resources } = resource;
    const names = escapeText(printable(namesOf(resource, name => name.slice(0, valueRoom))));
    return `- ${code(`! failed ${plural(resources.length, 'resource')}`)} ${names}, ${escapeText(printable(reason))}\n`;
  }
  const { symbol, word } = lookOf(resource);
  const said = [code(`${symbol} ${word} ${resource.address}`), code(placeOf(resource))];
  return `- ${[...said, ...notesOf(resource).map(escapeText)].join(', ')}\n`;
};

/**
 * Inside `<summary>` only HTML is read, inside the fence nothing is: each line begins with a mark of ours.
 */
function withDetails(resource: PlannedResource | Alike): string {
  if ('resources' in resource || resource.fields.length === 0) return row(resource);
  const { symbol, word } = lookOf(resource);
  const notes = notesOf(resource).map(note => `, ${noMentions(html(note))}`);
  const title = `${html(printable(`${symbol} ${word} ${resource.address}`))}`;
  const lines = resource.fields.flatMap(field => {
    const name = nameOf(field);
    const place = field.at ? `  # ${printable(`${field.at.file}:${field.at.line}:${field.at.column}`)}` : '';
    const why = field.reason === undefined ? '' : `  (${printable(field.reason)})`;
    const grade = gradeNote(field);
    return [
      ...(field.before === undefined ? [] : [`- ${name}: ${show(field.before, valueRoom)}`]),
      `+ ${name}: ${show(field.after, valueRoom)}${why}${grade}${place}`,
      // Four columns in, no line of a text can end the fence.
      ...diffLines(field, valueRoom).map(line => (/^[+-]/.test(line) ? line : `    ${line}`)),
    ];
  });
  return [
    `<details><summary><code>${title}</code> <code>${html(printable(placeOf(resource)))}</code>${notes.join('')}</summary>`,
    '',
    '```diff',
    ...lines,
    '```',
    '',
    '</details>',
    '',
    '',
  ].join('\n');
}

function errorRow({ severity, message, at, hint }: Diagnostic): string {
  const place = at ? ` ${code(`${at.file}:${at.line}`)}` : '';
  return `- **${severity}**${place} ${escapeText(printable(message))}${hint ? ` (${escapeText(printable(hint))})` : ''}\n`;
}

const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** GitHub finds mentions and issues in what was rendered, entities or not; a space of no width parts them. */
const noMentions = (text: string): string => text.replace(/[@#](?=\w)/g, '$&\u200b');

/** Text in which nothing is Markdown, HTML, a mention or a reference to an issue. */
const escapeText = (text: string): string =>
  noMentions(text).replace(/[\\`*_{}[\]()<>!|~&$]/g, character => `&#${character.charCodeAt(0)};`);

/** A code span with a fence longer than any run of backticks in it. */
function code(text: string): string {
  const inside = printable(text);
  const longest = Math.max(0, ...[...inside.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^`|`$/.test(inside) ? ' ' : '';
  return `${fence}${pad}${inside}${pad}${fence}`;
}
