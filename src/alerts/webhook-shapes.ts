import type { Delivery } from '../operation/alerts/model.ts';
import { RULES } from '../operation/alerts/model.ts';
import { type Message, plain } from '../operation/alerts/words.ts';

/** What a webhook understands. */
export type Shape = 'slack' | 'teams' | 'pagerduty' | 'json';

/** What is sent: a delivery of an alert, or something that is about none (a digest, a test). */
export type Said = { message: Message } & (
  | { delivery: Delivery; now: number }
  | { about: 'digest' | 'test'; now: number }
);

/** PagerDuty's own address; a webhook of this shape names no other. */
export const PAGERDUTY = 'https://events.pagerduty.com/v2/enqueue';

/** Characters that PagerDuty takes of a summary, and Slack of a section. */
const most = { summary: 1024, section: 2900 };

/**
 * The body of a request, as the receiver's documentation has it: Slack incoming webhooks; Teams workflows,
 * "Post to a channel when a webhook request is received", which take an Adaptive Card; PagerDuty Events API
 * v2; and our own. Undefined: this receiver isn't told such a thing.
 *
 * @param key routing key of PagerDuty
 */
export function bodyOf(shape: Shape, said: Said, key = ''): object | undefined {
  const { message } = said;
  switch (shape) {
    case 'slack':
      return {
        text: escaped(message.title),
        blocks: [
          {
            type: 'section',
            text: { type: 'mrkdwn', text: cut(`*${escaped(message.title)}*`, most.section) },
          },
          {
            type: 'section',
            text: { type: 'plain_text', text: cut(message.lines.join('\n'), most.section) },
          },
        ],
      };
    case 'teams':
      return {
        type: 'message',
        attachments: [
          {
            contentType: 'application/vnd.microsoft.card.adaptive',
            contentUrl: null,
            content: {
              $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
              type: 'AdaptiveCard',
              version: '1.4',
              body: [
                textBlock(message.title, { weight: 'Bolder', size: 'Medium' }),
                ...message.lines.map(line => textBlock(line)),
              ],
            },
          },
        ],
      };
    case 'pagerduty':
      return 'delivery' in said ? event(said, key) : undefined;
    case 'json':
      return inJson(said);
  }
}

/** Adaptive Cards know Markdown: what a name has of it is shown as it is. */
const textBlock = (text: string, more: object = {}): object => ({
  type: 'TextBlock',
  text: text.replace(/([\\`*_{}[\]()#+!|>~-])/g, '\\$1'),
  wrap: true,
  ...more,
});

/** Slack reads these three of mrkdwn; a name must not call a channel. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

function event(
  { delivery: { kind, alert }, message }: Extract<Said, { delivery: Delivery }>,
  key: string,
): object {
  const { severity, rule, subjects, since } = alert;
  return {
    routing_key: key,
    event_action: kind === 'recovered' ? 'resolve' : 'trigger',
    dedup_key: alert.key,
    ...(kind !== 'recovered' && {
      payload: {
        summary: cut(message.title, most.summary),
        source: 'converge',
        severity,
        timestamp: new Date(since).toISOString(),
        class: rule,
        custom_details: { affected: subjects.slice(0, 100).map(plain), lines: message.lines },
      },
    }),
  };
}

function inJson(said: Said): object {
  const { message, now } = said;
  const base = { version: 1, at: new Date(now).toISOString(), title: message.title, lines: message.lines };
  if (!('delivery' in said)) return { ...base, event: said.about };
  const { kind, alert } = said.delivery;
  const { key, rule, severity, subjects, since, ended } = alert;
  return {
    ...base,
    event: kind,
    key,
    rule,
    meaning: RULES[rule],
    severity,
    subjects: subjects.map(plain),
    since: new Date(since).toISOString(),
    ...(ended !== undefined && { ended: new Date(ended).toISOString() }),
  };
}
