import { comparePlans, type PlanDifference } from '../../engine/plan/plan-diff.ts';
import type { Context } from '../app-context.ts';
import { readPlan } from './plan-file.ts';

/** What differs between two plans that `plan -o` made. Throws a Failure (given) when one can't be read. */
export const comparePlanFiles = async (
  context: Context,
  before: string,
  after: string,
): Promise<PlanDifference> =>
  comparePlans(await readPlan(context, before), await readPlan(context, after), context.registry);
