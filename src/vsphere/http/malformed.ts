import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';

/** The server answered, but not what the API promises. `what` names the answer, `problem` the fault in it. */
export const malformed = (what: string, problem: string): Failure =>
  new Failure(
    world(
      'vsphere-malformed-answer',
      own`The vSphere server's answer to ${what} makes no sense: ${problem}.`,
      {
        hint: own`Nothing was changed by this answer. If it repeats, check for a proxy between here and the server.`,
      },
    ),
  );

/**
 * A count or offset in decimal, as `xsd:long` is sent. Values above 2^53 - 1 and negative ones are
 * refused: an offset that was rounded would read the wrong bytes.
 * @throws Failure `vsphere-malformed-answer`
 */
export function safeInteger(text: string | undefined, what: string, field: string): number {
  const value = text !== undefined && /^\s*[+-]?\d{1,20}\s*$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw malformed(what, `${field} is not a whole number below 2^53`);
  if (value < 0) throw malformed(what, `${field} is negative`);
  return value === 0 ? 0 : value;
}
