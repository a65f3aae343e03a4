import type { DryRun } from '../../recovery/model/dry-runs.ts';
import type { CloudFact } from '../../recovery/readiness/facts.ts';
import type { AskedCloud } from './asked-once.ts';

/** What would be launched: in the first place, of the first type, that EC2 has room for. */
export interface AskedLaunch {
  /** Of Windows, whose licence it brings; any Linux says the same about one of ours. */
  image?: string;
  types: readonly string[];
  subnets: readonly string[];
  keyPair?: string;
}

/** What a person does about a refusal. */
const waysOut: Record<NonNullable<DryRun['against']>, string> = {
  policy: 'allow it, or correct what it names',
  quota: "raise the account's limit in Service Quotas, or name `fallback` types of another class",
  room: 'name `fallback` types or subnets, or wait until there is room',
  request: 'correct what it names',
};

/**
 * What EC2 would say to a launch, asked by dry runs: of the other types and in the other subnets too, where
 * the account's limit or the room speaks against the first. Rejects with a Failure where it can't be asked.
 */
export async function askLaunch(
  { dryRuns, shells }: Pick<AskedCloud, 'dryRuns' | 'shells'>,
  { image, types, subnets, keyPair }: AskedLaunch,
): Promise<CloudFact> {
  const what = 'launch';
  const of = image ?? (await shells.newestLinux());
  if (of === undefined) return { what, why: 'no image to ask with was found', wayOut: 'rehearse' };
  const tried: DryRun[] = [];
  for (const subnet of subnets)
    for (const type of types) {
      const answer = await dryRuns.launch({
        image: of,
        type,
        subnet,
        ...(keyPair !== undefined && { keyPair }),
      });
      const words = `${type} in ${subnet}: ${answer.answer}`;
      if (answer.allowed) return said(answer, what, tried);
      tried.push({ ...answer, answer: types.length * subnets.length === 1 ? answer.answer : words });
      // The others would be told the same.
      if (answer.against !== 'quota' && answer.against !== 'room') return said(answer, what);
    }
  return said({ ...tried.at(-1)!, answer: tried.map(({ answer }) => answer).join('; ') }, what);
}

/** @param tried what was refused before it */
export function said(answer: DryRun, what: string, tried: readonly DryRun[] = []): CloudFact {
  const { action, allowed, against = 'request', answer: words } = answer;
  const before = tried.map(({ answer: one }) => `; not ${one}`).join('');
  return allowed
    ? { what, holds: true, why: `${action} would be allowed${before}` }
    : { what, holds: false, why: `${action} is refused: ${words}`, wayOut: waysOut[against] };
}
