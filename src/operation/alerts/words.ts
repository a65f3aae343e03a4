import { span } from '../../io/units.ts';
import type { OpenAlert } from '../model.ts';
import { type Delivery, RULES, type Rule } from './model.ts';

/** A message as text: what every transport says in its own form. */
export interface Message {
  /** One line. */
  title: string;
  /** Further lines. */
  lines: string[];
}

/** VMs that a message names, and a line; further ones are counted. */
const mostNamed = 20;
const mostInLine = 3;

/** An alert in one line, as lists have it. @param about whom it is read for, who is named first */
export function alertLine({ rule, subjects, text }: OpenAlert, about?: string): string {
  if (subjects.length < 2) return plain(text);
  const isAbout = (subject: string) => subject.toLowerCase() === about?.toLowerCase();
  const first = [...subjects.filter(isAbout), ...subjects.filter(one => !isAbout(one))].slice(0, mostInLine);
  const more = subjects.length - first.length;
  const named = `${first.map(plain).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return `${named}: ${RULES[rule as Rule] ?? rule} (${plain(text)})`;
}

/** What a delivery says. Names of VMs are quoted from elsewhere: lines end and control characters go. */
export function messageOf({ kind, alert }: Omit<Delivery, 'route'>, now: number): Message {
  const { rule, severity, subjects, text, since, ended, key } = alert;
  const many = subjects.length > 1;
  const what = many ? `${subjects.length} are affected: ${RULES[rule]}` : text;
  const mark = kind === 'recovered' ? 'over' : kind === 'reminder' ? `still ${severity}` : severity;
  const named = subjects.slice(0, mostNamed);
  const more = subjects.length - named.length;
  return {
    title: `converge: ${mark}: ${plain(what)}`,
    lines: [
      ...(many
        ? [plain(text), `affected: ${named.map(plain).join(', ')}${more > 0 ? ` and ${more} more` : ''}`]
        : []),
      kind === 'recovered'
        ? `it lasted ${span((ended ?? now) - since)}`
        : `since ${new Date(since).toISOString()} (${span(now - since)})`,
      `rule ${rule}, key ${key}`,
    ],
  };
}

/** One line, without what a terminal, a mail header or a chat would take for more than text. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();

/** The digest of a day. */
export const digestOf = (
  counts: Readonly<Record<string, number>>,
  open: readonly OpenAlert[],
  now: number,
): Message => ({
  title: `converge: ${
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .map(([state, count]) => `${count} ${state}`)
      .join(', ') || 'nothing is protected'
  }`,
  lines:
    open.length === 0
      ? ['no alert is open']
      : open.map(one => `open for ${span(now - one.since)}: ${alertLine(one)}`),
});
