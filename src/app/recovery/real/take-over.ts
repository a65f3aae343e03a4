import { blocked, Failure, given } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import { takeOver as carryOut, switchedBy } from '../../../recovery/failover/take-over.ts';
import type { SwitchedRecord } from '../../../recovery/model/dns.ts';
import { newestRun } from '../../../recovery/run/keep.ts';
import { holderOf, kindOf, type Run, stateOf, tookOf } from '../../../recovery/run/run.ts';
import { notTakenOver } from '../../../recovery/run/where.ts';
import { pointOfAll } from '../../../recovery/target/point-choice.ts';
import { failedOver, isFailedOver, pausesIn } from '../../../replication/model/pauses.ts';
import type { Repository } from '../../../replication/model/repository.ts';
import type { Context } from '../../app-context.ts';
import { type Approval, isApproved } from '../../approval.ts';
import { choose } from '../choose.ts';
import {
  begin,
  checkDigest,
  type Failover,
  type FailoverOptions,
  refuseBeside,
  unchanged,
} from '../failover.ts';
import { type Chosen, planOfReal, planOfRun, planProperties } from '../failover-plan.ts';
import { declaredAs, type Recovering } from '../open/with-declared.ts';
import { withPlan } from '../open/with-plan.ts';
import { postLaunchOf } from '../post-launch-of.ts';
import { recordsOf } from './dns.ts';
import { landingsOf } from './landings.ts';
import { putToRest } from './planned.ts';
import { refuseDomainControllers, refuseRunning, type Source, sourcesOf } from './sources.ts';

export interface TakeOverOptions extends FailoverOptions {
  /** Somebody has seen to it that nothing runs at home any more. */
  sourceDownConfirmed?: boolean;
  /** Addresses of targets that are recovered although their role speaks against it. */
  allow?: string[];
  /** Home is shut down first, and a last point made: nothing is lost. */
  planned?: boolean;
  /** Milliseconds that guests have to shut down; ten minutes when left out. */
  shutdownWithin?: number;
}

const usualShutdown = 10 * 60_000;

export interface TakenOver extends Failover {
  /** How the machines at home stood when it was asked. */
  sources: Source[];
  /** Records of DNS that were switched: none when not every probe passed. Left out where none was to be. */
  switched?: SwitchedRecord[];
  /** Machines that weren't launched, or don't hold their own disks: it hasn't taken over. */
  missing?: string[];
}

export type ShownTakeOver = Pick<TakenOver, 'plan' | 'from' | 'sources' | 'again'>;

/**
 * Has the machines of a plan run in AWS from now on. One that was interrupted is gone on with. Undefined when
 * the manifests have mistakes, which were told.
 *
 * @param hooks `show`: told what is about to be done, before anything is; `approval`: asked after that
 * @throws Failure `source-running`, `source-unknown`, `domain-controller`, `not-approved`, `failed-over`,
 *   `test-standing`, `failover-standing`, `failover-committed`, `digest-differs` (blocked), and what a test
 *   throws of its machines
 */
export const takeOver = (
  context: Context,
  name: string,
  paths: string[],
  options: TakeOverOptions,
  hooks: { show(about: ShownTakeOver): void; approval: Approval; say(line: string): void },
): Promise<TakenOver | undefined> =>
  withPlan(context, name, paths, options, pointOfAll(options.point ?? []), async (recovering, declared) => {
    const { prober, clock, cloud } = recovering;
    const signal = context.io.interrupt;
    const properties = planProperties(declared);
    const repository = await recovering.repository(properties.repository);
    const before = await newestRun(repository, declared.title);
    if (before) refuseBeside(before, 'failover', recovering.again);
    const resumed = before !== undefined && stateOf(before) === 'running';

    const targets = properties.groups
      .flatMap(group => group.targets)
      .map(target => declaredAs('recovery_target', target)(recovering.catalog));
    refuseDomainControllers(targets, options.allow ?? []);
    const looked = resumed ? goneOnWith(before) : await look(recovering, declared, targets, options, signal);
    const sources = await sourcesOf(recovering, looked.machines, signal);
    const { again, from } = recovering;
    const about = { plan: looked.plan, sources, again, ...(from && { from }) };
    await refuseTaken(repository, before, looked.machines);
    checkDigest(looked.plan, options.digest);
    const planned = (options.planned ?? false) && !resumed;
    if (planned) refuseOlder(options.point);
    hooks.show(about);
    if (options.noop) return { ...about, resumed };
    if (!options.sourceDownConfirmed && !planned)
      refuseRunning(sources, vm => targets.find(one => one.title === vm)?.at);
    const isKnown = options.digest !== undefined;
    if (!isKnown && !(await isApproved(hooks.approval, undefined, () => notApproved(declared.title))))
      return { ...about, resumed };

    return recovering.alone(async () => {
      const began = clock.now();
      const { shutdownWithin: within = usualShutdown } = options;
      const fencing = planned
        ? await putToRest(recovering, looked.machines, { repository, clock, within, say: hooks.say, signal })
        : undefined;
      // Those that it is launched from are the last ones, whatever was the newest when it was approved.
      const now = planned ? await look(recovering, declared, targets, options, signal) : looked;
      const run =
        'chosen' in now
          ? await begin({
              context,
              recovering,
              repository,
              declared,
              chosen: now.chosen,
              network: now.network,
              kind: 'real',
              ...(fencing && { fencing }),
              dns: now.dns.map(({ was: _, ...record }) => record),
              digest: looked.plan.digest,
              began,
              after: before?.start.number ?? 0,
            })
          : await unchanged(repository, now.run);
      const recovered = await carryOut({
        repository,
        run,
        cloud,
        prober,
        clock,
        ...(!resumed && { begunHere: true }),
        step: async () => {},
        say: hooks.say,
        signal,
      });
      const switched = switchedBy(run);
      const missing = notTakenOver(run);
      return {
        ...about,
        recovered,
        took: tookOf(run),
        resumed,
        ...(switched && { switched }),
        ...(missing.length > 0 && { missing }),
      };
    });
  });

/** What a run that began says about itself. */
function goneOnWith(run: Run) {
  const machines = run.start.groups.flatMap(group => group.machines.map(({ vm, uuid }) => ({ vm, uuid })));
  return { run, plan: planOfRun(run.start, ''), machines };
}

/** What a new one would come to. */
async function look(
  recovering: Recovering,
  declared: CatalogResource,
  targets: readonly CatalogResource[],
  { point, allow = [] }: TakeOverOptions,
  signal: AbortSignal,
) {
  const { cloud } = recovering;
  const landings = await landingsOf(recovering, targets, signal);
  const all = [...landings.values()];
  const subnets = [...new Set(all.flatMap(landing => landing.subnets))];
  const network = await cloud.machines.network(subnets, all[0]!.quarantine, signal);
  const encryption = await cloud.snapshots.encryption(signal);
  const chosen = await choose(recovering, declared, point ?? [], {
    encryption,
    network,
    landings,
    allow,
    signal,
  });
  const dns = await recordsOf(recovering, declared, { ...network, landings }, signal);
  const plan = planOfReal(
    declared.title,
    dns,
    planProperties(declared),
    chosen,
    network.subnets,
    postLaunchOf(recovering, declared),
  );
  return { chosen, network, plan, dns, machines: chosen.map(machineOf) };
}

/** The last point is the one. @throws Failure `planned-newest`, given */
function refuseOlder(point: readonly string[] = []): void {
  if (point.length === 0) return;
  throw new Failure(
    given('planned-newest', 'a planned failover is of the last points, which it makes itself', {
      hint: 'leave out --point, or --planned',
    }),
  );
}

const machineOf = ({ vm, point }: Chosen) => ({ vm, uuid: point.vm.uuid });

/** @throws Failure `failed-over`, blocked, with all that another run has taken over from */
async function refuseTaken(
  repository: Repository,
  before: Run | undefined,
  machines: readonly { vm: string; uuid: string }[],
): Promise<void> {
  const pauses = await pausesIn(repository);
  const mine = before && kindOf(before.start) === 'failover' ? holderOf(before.start) : undefined;
  const taken = machines.flatMap(({ vm, uuid }) => {
    const found = failedOver(pauses, uuid);
    return found && found.by !== mine ? isFailedOver(vm, found).diagnostics : [];
  });
  if (taken.length > 0) throw new Failure(taken);
}

const notApproved = (plan: string): Failure =>
  new Failure(
    blocked('not-approved', own`nobody approved the failover of ${plan}`, {
      hint: 'look at it with --noop, and give the digest that it shows as --digest; or --yes',
    }),
  );
