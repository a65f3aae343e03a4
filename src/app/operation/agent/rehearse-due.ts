import { type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import type { Memory } from '../../../engine/model/io.ts';
import { span } from '../../../io/units.ts';
import { hasPassed } from '../../../io/until.ts';
import { isTestDue, type SeenPlan } from '../../../operation/rehearsals.ts';
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
 * Before a plan whose test broke off is tested again, ms: what broke it off may launch machines each time.
 */
const brokenPause = 6 * 3_600_000;

/**
 * What an agent remembers of a plan: the number of the test that it is at, or when one of its own broke off.
 */
type Mark = { number: number } | { broke: number };

export interface RehearseOptions {
  options: CommonOptions;
  /** Outlives a process that is killed in the midst of a test. */
  memory: Memory;
  /** Told before anything is launched. */
  begins(plan: string): void;
}

/**
 * Rehearses the plans whose test is due by their `schedule`, one after the other, and cleans up after each:
 * what a machine showed is in the record. One that fails doesn't hold up the others. A test that broke off,
 * also by the end of this process, is cleaned up at the next turn, and no other one begins for some hours.
 */
export async function rehearseDue(
  context: Context,
  site: Site,
  paths: string[],
  given: RehearseOptions,
): Promise<Rehearsed[]> {
  const { clock } = site.session.world.host;
  const done: Rehearsed[] = [];
  for (const declared of site.catalog.resources.filter(({ type }) => type === 'recovery_plan')) {
    const { title: plan } = declared;
    context.io.interrupt.throwIfAborted();
    try {
      const repository = await site.repositories.open(refOfPlan(declared), 'read');
      if (!repository) continue;
      const see = () => seenPlan(repository, declared);
      const turn: Turn = { context, declared, paths, see, now: () => clock.now(), ...given };
      const seen = await see();
      const mark = given.memory.get(keyOf(plan)) as Mark | undefined;
      if (mark && 'number' in mark) {
        const cleaned = await cleanUpBroken(turn, seen, mark.number);
        if (cleaned) done.push(cleaned);
      } else if (isTestDue(seen, clock.now()) && (!mark || hasPassed(brokenPause, mark.broke, clock.now())))
        done.push(await rehearseOne(turn, seen));
    } catch (error) {
      context.io.interrupt.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      if (!error.hasOnly(...busy)) done.push({ plan, ok: false, diagnostics: error.diagnostics });
    }
  }
  return done;
}

interface Turn extends RehearseOptions {
  context: Context;
  declared: CatalogResource;
  paths: string[];
  see(): Promise<SeenPlan>;
  now(): number;
}

const keyOf = (plan: string): string => `agent-rehearsal:${plan}`;

async function rehearseOne(turn: Turn, before: SeenPlan): Promise<Rehearsed> {
  const { context, declared, paths, options, memory, begins } = turn;
  const { title: plan } = declared;
  const number = (before.newest?.number ?? 0) + 1;
  await memory.set(keyOf(plan), { number } satisfies Mark);
  let test: Awaited<ReturnType<typeof failoverTest>>;
  try {
    test = await failoverTest(context, plan, paths, options, {
      show: () => begins(plan),
      approval: 'given',
      say() {},
    });
  } catch (error) {
    // Interrupted, it is cleaned up by whoever runs with this memory next.
    context.io.interrupt.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    if (error.hasOnly(...busy)) {
      await memory.set(keyOf(plan), undefined);
      throw error;
    }
    const cleaned = await cleanUpBroken(turn, await turn.see(), number);
    if (!cleaned) throw error;
    return { ...cleaned, diagnostics: [...error.diagnostics, ...cleaned.diagnostics] };
  }
  const diagnostics = await cleanUp(turn);
  if (diagnostics.length === 0) await memory.set(keyOf(plan), undefined);
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

/**
 * Cleans up the test of that number, which this agent began, if it still stands. Undefined: nothing stands.
 */
async function cleanUpBroken(turn: Turn, { run }: SeenPlan, number: number): Promise<Rehearsed | undefined> {
  const { declared, memory, now } = turn;
  const { title: plan } = declared;
  const isOwn = run?.number === number;
  const diagnostics = isOwn ? await cleanUp(turn) : [];
  // What couldn't be cleaned up is tried again at the next turn; what never began, or was cleaned up by
  // somebody else, is as if it hadn't been.
  const mark: Mark | undefined = isOwn ? { broke: now() } : undefined;
  if (diagnostics.length === 0) await memory.set(keyOf(plan), mark);
  if (!isOwn) return undefined;
  const stood = diagnostics.length === 0 ? 'and is cleaned up' : 'and can not be cleaned up yet';
  const outcome = `test ${number} of ${plan} was left standing, ${stood}`;
  return { plan, outcome, ok: false, diagnostics };
}

/** What kept it from being cleaned up; nothing: it was. */
async function cleanUp({ context, declared, paths, options }: Turn): Promise<Diagnostic[]> {
  try {
    const [cleaned] = (await failoverCleanup(context, declared.title, paths, options)) ?? [];
    return cleaned && 'diagnostics' in cleaned ? cleaned.diagnostics : [];
  } catch (error) {
    context.io.interrupt.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return error.diagnostics;
  }
}
