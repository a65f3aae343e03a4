import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { duration } from '../../io/units.ts';
import type { SourceVm } from '../model/source.ts';
import type { ObjectStore } from '../model/store.ts';
import { warning } from './failures.ts';

/** Milliseconds of difference that nobody needs to hear of. */
const tolerance = 60_000;

/** What is worth saying about the clock of the place where a VM lives. */
export const clockSkew = ({ name, now }: SourceVm, clock: Clock): Diagnostic[] =>
  skewOf(`the server where ${name} runs`, now - clock.now(), 'ages of points are');

/** The same of the clock of a repository's store, by which leases are judged. */
export const storeSkew = ({ url, clockAhead }: ObjectStore): Diagnostic[] =>
  skewOf(url, clockAhead?.() ?? 0, 'the age of its lease is');

/** Of any clock that is `ahead` milliseconds of this machine's. */
export function skewOf(what: string, ahead: number, counted: string): Diagnostic[] {
  if (Math.abs(ahead) <= tolerance) return [];
  return [
    warning(
      world(
        'clock-skew',
        `the clock of ${what} is ${duration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} this machine's; ${counted} counted by that clock`,
        { hint: 'let both follow one time server (NTP)' },
      ),
    ),
  ];
}
