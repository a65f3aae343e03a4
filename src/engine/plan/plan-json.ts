import { canonicalJson } from '../model/canonical.ts';
import type { Plan } from '../model/plan.ts';
import { planChecksum } from './plan-digest.ts';

/** The plan itself, canonical, one line at the end. `apply FILE` takes it. */
export const planJson = (plan: Plan): string =>
  `${canonicalJson({ ...plan, integrity: planChecksum(plan) }, 2)}\n`;
