import type { Rule } from '../operation/alerts/model.ts';
import { plain } from '../operation/alerts/words.ts';
import type { Said } from './webhook-shapes.ts';

/** What events of the log are found by: these keep their meaning, and a new rule gets the next one. */
export const EVENT_IDS: Record<Rule | 'digest' | 'test', number> = {
  test: 100,
  digest: 101,
  breached: 110,
  never: 111,
  'lives-in-aws': 112,
  'replica-breached': 113,
  unknown: 114,
  'failed-twice': 115,
  resync: 116,
  'change-rate': 117,
  'snapshot-old': 118,
  'datastore-low': 119,
  'rehearsal-failed': 120,
  'rehearsal-overdue': 121,
  damaged: 122,
  'repository-gone': 123,
  skew: 124,
  'fewer-selected': 125,
  drift: 126,
  'held-back': 127,
  'broken-manifests': 128,
  'mover-gone': 129,
  'route-failing': 130,
};

/** An event of Windows' log, before it is written. */
export interface LogEvent {
  type: 'ERROR' | 'WARNING' | 'INFORMATION';
  id: number;
  text: string;
}

/** An error for what is critical, a warning, or information for what is over and for what isn't an alert. */
export function eventOf(said: Said): LogEvent {
  const { message } = said;
  const text = [message.title, ...message.lines].map(plain).join('\r\n');
  if (!('delivery' in said)) return { type: 'INFORMATION', id: EVENT_IDS[said.about], text };
  const { kind, alert } = said.delivery;
  const wrong = alert.severity === 'critical' ? 'ERROR' : 'WARNING';
  return { type: kind === 'recovered' ? 'INFORMATION' : wrong, id: EVENT_IDS[alert.rule], text };
}
