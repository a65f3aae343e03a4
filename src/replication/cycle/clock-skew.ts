import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { duration } from '../../io/units.ts';
import type { SourceVm } from '../model/source.ts';
import { warning } from './failures.ts';

/** Milliseconds of difference that nobody needs to hear of. */
const tolerance = 60_000;

/** What is worth saying about the clock of the place where a VM lives. */
export function clockSkew({ name, now }: SourceVm, clock: Clock): Diagnostic[] {
  const ahead = now - clock.now();
  if (Math.abs(ahead) <= tolerance) return [];
  return [
    warning(
      world(
        'clock-skew',
        `the clock of the server where ${name} runs is ${duration(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} this machine's; ages of points are counted by that clock`,
        { hint: 'let both follow one time server (NTP)' },
      ),
    ),
  ];
}
