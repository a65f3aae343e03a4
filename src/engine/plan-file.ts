import { Failure, given } from '../diagnostics/diagnostic.ts';
import type { Plan } from './plan.ts';
import { planChecksum, planDigest } from './plan-digest.ts';

/** Reads a plan file. Throws a Failure (given) when it isn't a plan, is newer, or was changed. */
export function parsePlan(text: string, file: string): Plan {
  let read: Plan & { integrity?: string };
  try {
    read = JSON.parse(text) as Plan;
  } catch {
    throw damaged(file, 'is not valid JSON');
  }
  const version: unknown = read?.converge_plan;
  if (version !== 1) {
    throw new Failure(
      given(
        'plan-version',
        `${file} is a plan of version ${JSON.stringify(version)}, and this converge reads version 1`,
        {
          hint: 'plan again with this converge, or apply with the one that made the plan',
        },
      ),
    );
  }
  const { integrity, ...plan } = read;
  // Places and fingerprints are no part of the digest, and must not be edited either.
  if (planChecksum(plan) !== integrity) throw damaged(file, 'does not match its own checksum');
  if (!isWhole(plan)) throw damaged(file, 'is incomplete');
  if (planDigest(plan) !== plan.digest) throw damaged(file, 'does not match its own digest');
  return plan;
}

const isWhole = (plan: Plan): boolean =>
  Array.isArray(plan.resources) &&
  Array.isArray(plan.targets) &&
  Array.isArray(plan.diagnostics) &&
  typeof plan.sources === 'object' &&
  plan.resources.every(r => typeof r.address === 'string' && Array.isArray(r.fields) && r.meta !== undefined);

const damaged = (file: string, what: string): Failure =>
  new Failure(
    given('plan-damaged', `the plan file ${file} ${what}`, {
      hint: 'plan again; a plan file is not edited by hand',
    }),
  );
