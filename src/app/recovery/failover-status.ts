import { blocked, type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import type { Catalog } from '../../engine/model/catalog.ts';
import { type Cleaned, cleanUp } from '../../recovery/failover/cleanup.ts';
import { type Standing, standing } from '../../recovery/failover/standing.ts';
import type { ReplicaAge } from '../../recovery/replica/age.ts';
import { newestRun } from '../../recovery/run/keep.ts';
import { expiresOf, kindOf, type Run, stateOf } from '../../recovery/run/run.ts';
import { whereIs } from '../../recovery/run/where.ts';
import { pausesIn, planOfHolder } from '../../replication/model/pauses.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { Context } from '../app-context.ts';
import { planProperties } from './failover-plan.ts';
import { lastRun, withLastRun } from './last-run.ts';
import { type BundleOrigin, type Recovering, withEach } from './open/with-declared.ts';
import { type PlanOptions, refuseBoth, withPlan } from './open/with-plan.ts';
import { savePictures } from './pictures.ts';
import { agesOf } from './replica-age.ts';
import { saveEvidence } from './save-evidence.ts';

export interface FailoverStatus {
  from?: BundleOrigin;
  run: Run;
  /** When it is to be over, milliseconds since the epoch; a failover that takes over isn't. */
  expires?: number;
  standing: Standing;
  replicas: ReplicaAge[];
  /** Files that pictures and evidence were saved as. */
  pictures: string[];
}

/** The newest run of a plan as its record tells it, and what of it is there in EC2. */
export const failoverStatus = (
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions & { pictures?: string; evidence?: string },
): Promise<FailoverStatus | undefined> =>
  withLastRun(context, name, paths, options, async ({ recovering, declared, repository, run }) => {
    const expires = expiresOf(run);
    return {
      ...(recovering.from && { from: recovering.from }),
      run,
      ...(expires !== undefined && { expires }),
      standing: await standing(repository, run, recovering.cloud, context.io.interrupt),
      replicas: await agesOf(recovering, repository, targetsOf(declared), context.io.interrupt),
      pictures: [
        ...(options.pictures === undefined
          ? []
          : await savePictures(context, repository, run, options.pictures)),
        ...(options.evidence === undefined
          ? []
          : await saveEvidence(context, repository, run, options.evidence)),
      ],
    };
  });

const targetsOf = (declared: Declared): string[] =>
  planProperties(declared).groups.flatMap(({ targets }) => targets);

/** What came of a clean-up. `skipped`: why there was nothing to do. */
export type PlanCleaned = { plan: string } & (
  | { cleaned: Cleaned }
  | { skipped: string }
  | { diagnostics: Diagnostic[] }
);

/** In the place of a plan's name: every plan that is declared. */
export const ALL = 'all';

/**
 * Removes what the newest run of a plan made, counts until nothing is left, and lifts its pins. With
 * `expired` only if its time is over, and then of all plans where `all` is named; one that fails doesn't hold
 * up the others.
 *
 * @throws Failure `cleanup-all`, given
 */
export async function failoverCleanup(
  context: Context,
  name: string,
  paths: string[],
  options: PlanOptions & { expired?: boolean },
): Promise<PlanCleaned[] | undefined> {
  const expired = options.expired ?? false;
  const clean = async (recovering: Recovering, declared: Declared): Promise<PlanCleaned> => {
    const { title: plan } = declared;
    if (!expired) return { plan, cleaned: await cleanNow(context, recovering, declared) };
    try {
      const why = await notExpired(recovering, declared);
      if (why !== undefined) return { plan, skipped: why };
      return { plan, cleaned: await cleanNow(context, recovering, declared) };
    } catch (error) {
      context.io.interrupt.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      return { plan, diagnostics: error.diagnostics };
    }
  };
  if (name !== ALL) {
    const done = await withPlan(context, name, paths, options, 'latest', clean, true);
    return done && [done];
  }
  refuseBoth(paths, options);
  if (!expired || options.repository !== undefined) throw cleanupAll(expired);
  const plans = ({ resources }: Catalog) => resources.filter(({ type }) => type === 'recovery_plan');
  return withEach(context, paths, options, plans, clean);
}

const cleanupAll = (expired: boolean): Failure =>
  new Failure(
    expired
      ? given('cleanup-all', 'which plans there are is said by manifests alone', {
          hint: 'name the plan, or PATHS in the place of --repository',
        })
      : given('cleanup-all', 'all plans are cleaned up at once with --expired alone', {
          hint: 'name the plan, or add --expired',
        }),
  );

/** Why a plan's newest run is to be left alone; undefined when its time is over. */
async function notExpired(recovering: Recovering, declared: Declared): Promise<string | undefined> {
  const repository = await recovering.repository(planProperties(declared).repository);
  const run = await newestRun(repository, declared.title);
  if (!run) return 'it was never carried out';
  if (stateOf(run) === 'cleaned') return `${kindOf(run.start)} ${run.start.number} was cleaned up`;
  const at = expiresOf(run);
  if (at === undefined) return `failover ${run.start.number} has taken over`;
  return recovering.clock.now() < at
    ? `test ${run.start.number} may stand until ${new Date(at).toISOString()}`
    : undefined;
}

const cleanNow = (context: Context, recovering: Recovering, declared: Declared): Promise<Cleaned> =>
  recovering.alone(async () => {
    const { repository, run } = await lastRun(recovering, declared, 'lift');
    if (run.start.kind === 'real' && stateOf(run) !== 'cleaned') throw notTest(run, recovering.again);
    return cleanUp({
      repository,
      run,
      cloud: recovering.cloud,
      clock: recovering.clock,
      step: async () => {},
      signal: context.io.interrupt,
      again: recovering.again,
    });
  });

/** What took over is in use: it is never removed as a test is. */
const notTest = ({ start: { plan, number } }: Run, again: string): Failure =>
  new Failure(
    blocked(
      'failover-standing',
      `failover ${number} of ${plan} has taken over: it isn't a test to be removed`,
      {
        hint: `\`converge failover undo ${plan} ${again}\` ends its machines, with all that was written there`,
      },
    ),
  );

type Declared = Parameters<typeof planProperties>[0];

/** The run that holds a VM, and the machine that it is in it. @throws Failure `not-failed-over` */
export async function heldOf(repository: Repository, vm: string) {
  const wanted = vm.toLowerCase();
  for (const { why, by } of await pausesIn(repository)) {
    if (why !== 'failed-over' || by === undefined) continue;
    const run = await newestRun(repository, planOfHolder(by));
    const machine = run?.start.groups
      .flatMap(({ machines }) => machines)
      .find(one => one.vm.toLowerCase() === wanted);
    if (!run || !machine || `${run.start.plan}/${run.start.number}` !== by) continue;
    if (['ending', 'ended'].includes(whereIs(run, machine.vm))) continue;
    const state = stateOf(run);
    if (state === 'standing' || state === 'committed') return { run, machine };
    const { plan, number } = run.start;
    throw new Failure(
      blocked(
        'failover-standing',
        `failover ${number} of ${plan} ${state === 'running' ? 'has not launched all of its machines' : 'is being undone'}`,
        { hint: `end that first: \`converge failover status ${plan} PATHS\` tells how far it is` },
      ),
    );
  }
  throw new Failure(
    world('not-failed-over', `no failover holds ${vm}: it isn't in EC2 in the place of a machine at home`, {
      hint: '`converge status PATHS` tells which are failed over',
    }),
  );
}
