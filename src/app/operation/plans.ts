import type { CatalogResource } from '../../engine/model/catalog.ts';
import type { Rehearsal, SeenPlan, StandingRun } from '../../operation/rehearsals.ts';
import { stepWords } from '../../recovery/evidence/step-words.ts';
import { type PlanVersion, SERIES } from '../../recovery/model/plan.ts';
import { readRun } from '../../recovery/run/keep.ts';
import { expiresOf, kindOf, type Run, stateOf } from '../../recovery/run/run.ts';
import { machinesOf } from '../../recovery/run/where.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { isUnreadable } from '../../replication/model/damage.ts';
import type { OnDamage, Repository } from '../../replication/model/repository.ts';
import type { RecoveryPlanProperties } from '../../resources/aws/recovery_plan.ts';
import { repositoryRef } from '../../resources/shared/repository-property.ts';
import { parseSchedule } from '../../schedule/schedule.ts';

/** How many runs are read, the newest first, until one of a test that passed is found. */
const mostRuns = 20;

/** The recovery plans that are declared with a repository. */
export const plansIn = (resources: readonly CatalogResource[], { url }: RepositoryRef): CatalogResource[] =>
  resources.filter(one => one.type === 'recovery_plan' && refOfPlan(one).url.canonical === url.canonical);

export const refOfPlan = ({ properties }: CatalogResource): RepositoryRef =>
  repositoryRef((properties as unknown as RecoveryPlanProperties).repository);

/** What a repository knows of a plan that is declared with it. */
export async function seenPlan(
  repository: Repository,
  declared: CatalogResource,
  onDamage: OnDamage = failure => {
    throw failure;
  },
): Promise<SeenPlan> {
  const { title: plan, address } = declared;
  const { test } = declared.properties as unknown as RecoveryPlanProperties;
  const { records } = repository;
  const version = (await records.numbers(plan, SERIES.plan)).at(-1);
  const kept =
    version === undefined
      ? undefined
      : await readable(onDamage, async () => (await records.read(plan, SERIES.plan, version)) as PlanVersion);
  const schedule = test.schedule === undefined ? undefined : parseSchedule(test.schedule);
  const seen: SeenPlan = {
    plan,
    address,
    repository: refOfPlan(declared).url.canonical,
    ...(schedule && { timetable: { schedule, timezone: test.timezone ?? 'UTC', windows: [] } }),
    ...(kept?.at !== undefined && { since: kept.at }),
  };
  const numbers = (await records.numbers(plan, SERIES.run)).slice(-mostRuns).reverse();
  for (const number of numbers) {
    const run = await readable(onDamage, () => readRun(repository, plan, number));
    if (!run) continue;
    seen.newest ??= rehearsalOf(run);
    if (number === numbers[0]) Object.assign(seen, standingIn(run));
    if (kindOf(run.start) !== 'test') continue;
    const finished = finishedOf(run);
    if (!finished) continue;
    const { at, ok, took } = finished;
    seen.tested ??= { number, began: run.start.began, at, ok, took };
    if (!ok) continue;
    seen.passed = at;
    break;
  }
  return seen;
}

/** One record that can't be read keeps nothing else of a plan from being seen. */
async function readable<T>(onDamage: OnDamage, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    onDamage(error);
    return undefined;
  }
}

const finishedOf = ({ steps }: Run) => steps.findLast(step => step.what === 'finished');

function standingIn(run: Run): Pick<SeenPlan, 'run'> {
  const state = stateOf(run);
  if (state === 'cleaned') return {};
  const { start, steps } = run;
  const machines = machinesOf(run);
  // What was launched before it was given up for another one counts no more.
  const count = (what: 'launched' | 'probed') =>
    machines.filter(({ vm }) => {
      const given = steps.findLastIndex(step => step.what === 'retry' && step.anew.includes(vm));
      return steps.slice(given + 1).some(step => step.what === what && step.vm === vm);
    }).length;
  const expires = expiresOf(run);
  const standing: StandingRun = {
    number: start.number,
    kind: kindOf(start),
    state,
    began: start.began,
    ...(expires !== undefined && { expires }),
    machines: { all: machines.length, launched: count('launched'), probed: count('probed') },
    steps: steps.map(step => ({ at: step.at, text: stepWords(step) })),
  };
  return { run: standing };
}

function rehearsalOf(run: Run): Rehearsal {
  const { start } = run;
  const finished = finishedOf(run);
  return {
    plan: start.plan,
    number: start.number,
    began: start.began,
    ...(finished && { finished: { at: finished.at, ok: finished.ok, took: finished.took } }),
    vms: start.groups.flatMap(({ machines }) => machines.map(({ uuid }) => uuid)),
  };
}
