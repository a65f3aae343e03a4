import { canonicalJson } from '../model/canonical.ts';
import type { Plan } from '../model/plan.ts';
import { planChecksum } from './plan-digest.ts';

/**
 * The plan itself, canonical, one line at the end. `apply FILE` takes it. Equal plans are equal texts: when
 * it was made is left out.
 */
export const planJson = ({ now: _, ...plan }: Plan): string => datedPlanJson(plan);

/** The same with the time, for a file that is applied later. */
export const datedPlanJson = (plan: Plan): string =>
  `${canonicalJson({ ...plan, integrity: planChecksum(plan) }, 2)}\n`;
