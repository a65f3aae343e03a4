import { Failure, given } from '../../../diagnostics/diagnostic.ts';

/** A whole number from 1 to `most`. Throws a Failure that names the option. */
export function wholeNumber(text: string, option: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  throw new Failure(given('bad-number', `${option} ${text}: expected a whole number from 1 to ${most}`));
}
