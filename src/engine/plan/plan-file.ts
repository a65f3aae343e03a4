import Value from 'typebox/value';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Address } from '../model/catalog.ts';
import type { Plan } from '../model/plan.ts';
import { planChecksum, planDigest } from './plan-digest.ts';
import { planSchema } from './plan-schema.ts';

/** Reads a plan file. Throws a Failure (given) when it isn't a plan, is newer, or was changed. */
export function parsePlan(text: string, file: string): Plan {
  try {
    return verified(text, file);
  } catch (error) {
    if (error instanceof RangeError) throw damaged(file, 'is nested too deep');
    throw error;
  }
}

function verified(text: string, file: string): Plan {
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
  if (!isWhole(read)) throw damaged(file, 'is incomplete');
  if (planDigest(plan) !== plan.digest) throw damaged(file, 'does not match its own digest');
  // Not covered by the digest, and about the time of planning: what is wrong now is found again.
  return { ...plan, diagnostics: [] };
}

/** The right shape, and each resource after those it depends on: no cycle, nothing twice. */
function isWhole(plan: Plan): boolean {
  if (!Value.Check(planSchema, plan)) return false;
  const earlier = new Set<Address>();
  return plan.resources.every(({ address, dependsOn }) => {
    const isInOrder = !earlier.has(address) && dependsOn.every(to => earlier.has(to));
    earlier.add(address);
    return isInOrder;
  });
}

const damaged = (file: string, what: string): Failure =>
  new Failure(
    given('plan-damaged', `the plan file ${file} ${what}`, {
      hint: 'plan again; a plan file is not edited by hand',
    }),
  );
