import { printable } from '../../diagnostics/text-width.ts';
import { markedIn } from '../../values/marked-lines.ts';
import { PROBE_MARK } from './script.ts';

export interface InsideAnswer {
  outcome: 'passed' | 'failed';
  saw: string;
}

const widest = 160;

/**
 * What a prober wrote about its probes, by their number in its list. What doesn't fit is passed over: of a
 * probe that it says nothing about, nothing is known.
 *
 * @param count of its list
 */
export function answersIn(console: string, nonce: string, count: number): Map<number, InsideAnswer> {
  const answers = new Map<number, InsideAnswer>();
  for (const value of markedIn(console, PROBE_MARK, nonce)) {
    const { probe, outcome, saw } = (value ?? {}) as Partial<Record<'probe' | 'outcome' | 'saw', unknown>>;
    if (typeof probe !== 'number' || !Number.isInteger(probe) || probe < 0 || probe >= count) continue;
    if ((outcome !== 'passed' && outcome !== 'failed') || typeof saw !== 'string' || saw.length > widest)
      continue;
    answers.set(probe, { outcome, saw: printable(saw) });
  }
  return answers;
}
