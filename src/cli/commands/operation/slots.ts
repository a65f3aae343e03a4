import { Failure, given } from '../../../diagnostics/diagnostic.ts';

/**
 * What `--slots` says.
 *
 * @throws Failure `bad-slots`
 */
export function slotsOf(slots: string): number {
  if (/^[1-9]\d{0,2}$/.test(slots)) return Number(slots);
  throw new Failure(given('bad-slots', `--slots ${slots}: expected a whole number from 1 to 999`));
}
