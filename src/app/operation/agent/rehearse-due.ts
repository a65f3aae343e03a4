import { type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import { span } from '../../../io/units.ts';
import { isTestDue } from '../../../operation/rehearsals.ts';
import type { Context } from '../../app-context.ts';
import type { CommonOptions } from '../../options.ts';
import { failoverTest } from '../../recovery/failover.ts';
import { failoverCleanup } from '../../recovery/failover-status.ts';
import { refOfPlan, seenPlan } from '../plans.ts';
import type { Site } from '../site/site.ts';

/** What came of a plan whose test was due. */
export interface Rehearsed {
  plan: string;
  /** A sentence without its full stop; undefined: nobody could say. */
  outcome?: string;
  ok: boolean;
  diagnostics: Diagnostic[];
}

/** Somebody else is at it, which nobody has to hear of. */
const busy = [
  'failover-begun',
  'test-standing',
  'failover-standing',
  'failover-committed',
  'locked',
] as const;

/**
 * Rehearses the plans whose test is due by their `schedule`, one after the other, and cleans up after each:
 * what a machine showed is in the record. One that fails doesn't hold up the others. `begins` is told before
 * anything is launched.
 */
export async function rehearseDue(
  context: Context,
  site: Site,
  paths: string[],
  options: CommonOptions,
  begins: (plan: string) => void,
): Promise<Rehearsed[]> {
  const done: Rehearsed[] = [];
  for (const declared of site.catalog.resources.filter(({ type }) => type === 'recovery_plan')) {
    const { title: plan } = declared;
    context.io.interrupt.throwIfAborted();
    try {
      const repository = await site.repositories.open(refOfPlan(declared), 'read');
      if (!repository) continue;
      if (!isTestDue(await seenPlan(repository, declared), site.session.world.host.clock.now())) continue;
      done.push(await rehearseOne(context, plan, paths, options, () => begins(plan)));
    } catch (error) {
      context.io.interrupt.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      if (!error.hasOnly(...busy)) done.push({ plan, ok: false, diagnostics: error.diagnostics });
    }
  }
  return done;
}

async function rehearseOne(
  context: Context,
  plan: string,
  paths: string[],
  options: CommonOptions,
  begins: () => void,
): Promise<Rehearsed> {
  const test = await failoverTest(context, plan, paths, options, {
    show: begins,
    approval: 'given',
    say() {},
  });
  const [cleaned] = (await failoverCleanup(context, plan, paths, options)) ?? [];
  const diagnostics = cleaned && 'diagnostics' in cleaned ? cleaned.diagnostics : [];
  if (!test?.recovered) return { plan, ok: false, diagnostics };
  const failed = test.recovered
    .filter(({ results }) => results.some(({ outcome }) => outcome !== 'passed'))
    .map(({ vm }) => vm);
  const took = span(test.took ?? 0);
  const outcome =
    failed.length === 0
      ? `the test of ${plan} passed in ${took}`
      : `the test of ${plan} failed in ${took}: ${failed.join(', ')}`;
  return { plan, outcome, ok: failed.length === 0 && diagnostics.length === 0, diagnostics };
}
