import { span } from '../../io/units.ts';
import { type Delivery, RULES } from './model.ts';

/** A message as text: what every transport says in its own form. */
export interface Message {
  /** One line. */
  title: string;
  /** Further lines. */
  lines: string[];
}

/** VMs that a message names; further ones are counted. */
const mostNamed = 20;

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
  open: readonly { text: string; since: number }[],
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
      : open.map(({ text, since }) => `open for ${span(now - since)}: ${plain(text)}`),
});
