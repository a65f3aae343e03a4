import pLimit from 'p-limit';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';

/** So many that fail alone in the same way say that it is not the trouble of one of them. */
const telling = 8;

/**
 * What made a call for several fail as a whole, if it may be the trouble of one of them: it took too long,
 * the type threw something that is not an answer, or all of this host's failed in the same words. Undefined
 * when it is not: a target that can't be reached is what a Failure of a remote type is about.
 */
export function suspicion(run: Run, batch: readonly Subject[]): Diagnostic | undefined {
  if (batch.length === 1) return undefined;
  const failures = batch.map(({ address }) => {
    const seen = run.observed.get(address);
    return seen?.state === 'failed' ? seen.diagnostic : undefined;
  });
  const [first] = failures;
  if (!first || !failures.every(one => one !== undefined && isSame(one, first))) return undefined;
  const isHere = batch[0]!.type.runs.on === 'host';
  return isHere || isLate(first) || first.code === 'type-bug' ? first : undefined;
}

/**
 * Looks at each of a failed call alone, so that one object's trouble stays its own. When the first few all
 * fail as the call did, the rest isn't tried; but where one of this host took too long, the next may not.
 */
export async function observeApart(
  run: Run,
  batch: readonly Subject[],
  suspected: Diagnostic,
  look: (subject: Subject) => Promise<Diagnostic[]>,
): Promise<Diagnostic[]> {
  const { realm, runs } = batch[0]!.type;
  const limit = pLimit(Math.max(1, realm.concurrency));
  const mayGoOn = runs.on === 'host' && isLate(suspected);
  const found: Diagnostic[] = [];
  for (let next = 0; next < batch.length; next += telling) {
    const wave = batch.slice(next, next + telling);
    found.push(...(await limit.map(wave, look)).flat());
    const failedAlike = wave.every(({ address }) => {
      const seen = run.observed.get(address);
      return seen?.state === 'failed' && (isLate(seen.diagnostic) || isSame(seen.diagnostic, suspected));
    });
    if (failedAlike && !mayGoOn) return [...found.filter(one => !isSame(one, suspected)), suspected];
  }
  return found;
}

const isLate = ({ code }: Diagnostic): boolean => code === 'timed-out';

const isSame = (a: Diagnostic, b: Diagnostic): boolean => a.code === b.code && a.message === b.message;
