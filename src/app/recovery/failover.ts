import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { blocked, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { parseDuration } from '../../io/duration.ts';
import { beginRun } from '../../recovery/failover/begin.ts';
import { refuseOpen } from '../../recovery/failover/isolation.ts';
import { machineOf, obstacles } from '../../recovery/failover/prepare.ts';
import { probesOf } from '../../recovery/failover/probes-of.ts';
import { type Recovered, rehearse } from '../../recovery/failover/rehearse.ts';
import {
  begunBy,
  newestRun,
  type Run,
  type RunMachine,
  type RunStart,
  stateOf,
} from '../../recovery/failover/run.ts';
import type { PlanProperties } from '../../recovery/model/plan.ts';
import { describeProbe, type Probe, placeOf } from '../../recovery/model/probes.ts';
import { buildReplica } from '../../recovery/replica/build.ts';
import { guestFamily } from '../../replication/model/machine.ts';
import type { Point, Repository } from '../../replication/model/repository.ts';
import { canonicalRepositoryUrl } from '../../replication/model/repository-url.ts';
import { selectPoint } from '../../replication/model/select-point.ts';
import type { RecoveryPlanProperties } from '../../resources/aws/recovery_plan.ts';
import { repositoryRef } from '../../resources/shared/repository-property.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { declaredAs, pointsOf, type Recovering, targetProperties, withDeclared } from './with-declared.ts';

export interface FailoverOptions extends CommonOptions {
  /** `latest`, a time, or an id; of every machine. */
  point: string;
  noop?: boolean;
  /** Only if the plan has this digest. */
  digest?: string;
}

/** What is about to be done, for whoever approves it. */
export interface FailoverPlan {
  plan: string;
  network: { subnet: string; group: string; vpc: string };
  /** Milliseconds after which it is ended, and by which role; without one nobody ends it. */
  teardown: { after: number; role?: string };
  /** Manifests that the machines are to converge themselves by. */
  post_launch?: string;
  groups: {
    wait: number;
    machines: {
      vm: string;
      point: string;
      time: number;
      disks: number;
      type: string;
      /** In words, with where each runs. */
      probes: string[];
    }[];
  }[];
  digest: string;
}

export interface Failover {
  plan: FailoverPlan;
  /** Undefined when nothing was to be done, or nobody approved. */
  recovered?: Recovered[];
  /** Milliseconds from the approval to the end of the last probe. */
  took?: number;
  /** It went on with a run that had been interrupted. */
  resumed: boolean;
}

export type ApproveFailover = (plan: FailoverPlan) => Promise<boolean>;

export const planProperties = ({ properties }: CatalogResource): RecoveryPlanProperties =>
  properties as unknown as RecoveryPlanProperties;

/**
 * Rehearses a plan in the network that it names for tests. One that was interrupted is gone on with. Undefined when
 * the manifests have mistakes, which were told.
 *
 * @throws Failure `network-open`, `test-standing`, `digest-differs` (blocked), and what `obstacles` finds
 */
export const failoverTest = (
  context: Context,
  name: string,
  paths: string[],
  options: FailoverOptions,
  hooks: { approve?: ApproveFailover; say(line: string): void },
): Promise<Failover | undefined> =>
  withDeclared(context, paths, options, declaredAs('recovery_plan', name), async (recovering, declared) => {
    const { prober, clock } = recovering;
    const { machines } = recovering.cloud;
    const signal = context.io.interrupt;
    const properties = planProperties(declared);
    await checkPostLaunch(context, declared, options);
    const repository = await recovering.repository(properties.repository);
    const before = await newestRun(repository, declared.title);
    const resumed = before !== undefined && stateOf(before) === 'running';
    if (before && stateOf(before) === 'standing') throw stillStanding(declared.title, before);

    const network = await machines.network(properties.test.subnet, properties.test.security_group, signal);
    refuseOpen(network);
    const chosen = resumed ? undefined : await choose(recovering, declared, options.point);
    const shown = resumed
      ? planOfRun(before.start, network.vpc)
      : planOf(declared.title, properties, chosen!, network);
    checkDigest(shown, options.digest);
    if (options.noop) return { plan: shown, resumed };
    if (hooks.approve && options.digest === undefined && !(await hooks.approve(shown)))
      return { plan: shown, resumed };

    return recovering.alone(async () => {
      const began = clock.now();
      const run = resumed
        ? await unchanged(repository, before)
        : await begin({
            context,
            recovering,
            repository,
            declared,
            chosen: chosen!,
            account: network.account,
            began,
            after: before?.start.number ?? 0,
          });
      const recovered = await rehearse({
        repository,
        run,
        cloud: recovering.cloud,
        prober,
        clock,
        step: async () => {},
        say: hooks.say,
        signal,
      });
      return { plan: shown, recovered, took: clock.now() - began, resumed };
    });
  });

/** What the machines are to converge themselves by has to be sound before any is launched. */
async function checkPostLaunch(
  context: Context,
  declared: CatalogResource,
  options: CommonOptions,
): Promise<void> {
  const { post_launch: path } = planProperties(declared);
  if (path === undefined) return;
  const at = resolve(context.io.host.cwd, dirname(declared.at.file), path);
  if (await loadCatalog(context, [at], options)) return;
  throw new Failure(
    given('post-launch', `the post-launch manifests ${path} of ${declared.title} have mistakes`, {
      at: declared.at,
      hint: 'they are told above; nothing was launched',
    }),
  );
}

/** The run that was looked at, as it is by now. @throws Failure `failover-begun` when somebody else ended it */
export async function unchanged(repository: Repository, seen: Run): Promise<Run> {
  const now = await newestRun(repository, seen.start.plan);
  if (now?.start.number === seen.start.number && stateOf(now) === stateOf(seen)) return now;
  throw begunBy(seen.start.plan);
}

interface Chosen {
  vm: string;
  target: CatalogResource;
  point: Point;
}

/** A point for each machine of the plan; everything against any of them is said at once. */
async function choose(recovering: Recovering, declared: CatalogResource, which: string): Promise<Chosen[]> {
  const { groups, repository: home } = planProperties(declared);
  const url = canonicalRepositoryUrl(repositoryRef(home).url);
  const repository = await recovering.repository(home);
  const chosen: Chosen[] = [];
  for (const vm of groups.flatMap(({ targets }) => targets)) {
    const target = declaredAs('recovery_target', vm)(recovering.catalog);
    const other = repositoryRef(targetProperties(target).repository).url;
    if (canonicalRepositoryUrl(other) !== url)
      throw new Failure(
        given(
          'other-repository',
          `the plan ${declared.title} is kept in ${url}, its target ${vm} in ${other}`,
          {
            hint: 'give both the same repository',
          },
        ),
      );
    const { points, lost } = await (await pointsOf(repository, target.title)).history(() => {});
    const again = (id: string) => `converge failover ${declared.title} --test PATHS --point ${id}`;
    const point = selectPoint(points, which, target.title, { points: lost, again });
    chosen.push({ vm: target.title, target, point });
  }
  const against = chosen.flatMap(({ point }) => obstacles(point));
  if (against.length > 0) throw new Failure(against);
  return chosen;
}

const waits = (wait: string | undefined): number => (wait === undefined ? 0 : (parseDuration(wait) ?? 0));

function planOf(
  plan: string,
  { groups, test, probes, post_launch }: RecoveryPlanProperties,
  chosen: Chosen[],
  { vpc }: { vpc: string },
): FailoverPlan {
  const role = roleOf(test);
  const of = (vm: string) => chosen.find(one => one.vm.toLowerCase() === vm.toLowerCase())!;
  return withDigest({
    plan,
    network: { subnet: test.subnet, group: test.security_group, vpc },
    teardown: { after: limitOf(test), ...(role !== undefined && { role }) },
    ...(post_launch !== undefined && { post_launch }),
    groups: groups.map(({ targets, wait }) => ({
      wait: waits(wait),
      machines: targets.map(of).map(({ vm, point, target }) => ({
        vm,
        point: point.id,
        time: point.time,
        disks: point.disks.length,
        type: targetProperties(target).instance_type,
        probes: probesOf(probes, vm, familyOf(point)).map(inWords),
      })),
    })),
  });
}

/** Points that say nothing of their machine are refused before anything of them is run. */
const familyOf = ({ machine }: Point) => (machine ? guestFamily(machine) : 'other');

const inWords = (probe: Probe): string => `${describeProbe(probe)} (from ${placeOf(probe)})`;

const planOfRun = (
  { plan, subnet, group, groups, probes, limit, teardown, post_launch }: RunStart,
  vpc: string,
): FailoverPlan =>
  withDigest({
    plan,
    network: { subnet, group, vpc },
    teardown: { after: limit, ...teardown },
    ...(post_launch !== undefined && { post_launch }),
    groups: groups.map(({ wait, machines }) => ({
      wait,
      machines: machines.map(({ vm, point, time, disks, instance_type }) => ({
        vm,
        point,
        time,
        disks: disks.length,
        type: instance_type,
        probes: (probes[vm] ?? []).map(inWords),
      })),
    })),
  });

const withDigest = (plan: Omit<FailoverPlan, 'digest'>): FailoverPlan => ({
  ...plan,
  digest: createHash('sha256').update(JSON.stringify(plan)).digest('hex'),
});

function checkDigest({ digest }: FailoverPlan, wanted: string | undefined): void {
  if (wanted === undefined || digest.startsWith(wanted)) return;
  throw new Failure(
    blocked('digest-differs', `the failover has the digest ${digest.slice(0, 16)}, not ${wanted}`, {
      hint: 'look at it again with --noop and approve what it says now',
    }),
  );
}

/** Pins the very points that were chosen, sees to their snapshots, and writes down that the run begins. */
const begin = ({
  context,
  recovering,
  repository,
  declared,
  chosen,
  account,
  began,
  after,
}: {
  context: Context;
  recovering: Recovering;
  repository: Repository;
  declared: CatalogResource;
  chosen: Chosen[];
  account: string;
  began: number;
  /** Number of the newest run that was looked at. */
  after: number;
}): Promise<Run> => {
  const { groups, test, probes, post_launch: postLaunch } = planProperties(declared);
  return beginRun({
    repository,
    plan: declared.title,
    after,
    points: chosen.map(({ point }) => point),
    began,
    step: async () => {},
    async make() {
      const built = new Map<string, RunMachine>();
      for (const { vm, target, point } of chosen) {
        const { instance_type, key_pair } = targetProperties(target);
        const { disks } = await buildReplica({
          repository,
          point,
          store: recovering.cloud.snapshots,
          clock: context.io.host.clock,
          // What is retired is the replica's own business, not a rehearsal's.
          keep: Number.POSITIVE_INFINITY,
          step: async () => {},
          signal: context.io.interrupt,
        });
        const snapshots = new Map(disks.map(({ index, snapshot }) => [index, snapshot]));
        const machine = { vm, instance_type, ...(key_pair !== undefined && { key_pair }) };
        built.set(vm.toLowerCase(), machineOf(point, machine, snapshots));
      }
      const role = roleOf(test);
      return {
        account,
        subnet: test.subnet,
        group: test.security_group,
        limit: limitOf(test),
        ...(role !== undefined && { teardown: { role } }),
        groups: groups.map(({ targets, wait }) => ({
          wait: waits(wait),
          machines: targets.map(vm => built.get(vm.toLowerCase())!),
        })),
        ...(postLaunch !== undefined && { post_launch: postLaunch }),
        probes: Object.fromEntries(
          chosen.map(({ vm, point }) => [vm, probesOf(probes, vm, familyOf(point))]),
        ),
      };
    },
  });
};

/** Hours that a test may stand where the plan doesn't say. */
const usualHours = 4;
const limitOf = ({ hours = usualHours }: PlanProperties['test']): number => hours * 3_600_000;
const roleOf = ({ teardown }: PlanProperties['test']): string | undefined =>
  teardown === 'none' ? undefined : teardown;

const stillStanding = (plan: string, { start }: Run): Failure =>
  new Failure(
    blocked('test-standing', `test ${start.number} of ${plan} is still there`, {
      hint: `remove it first: \`converge failover cleanup ${plan} PATHS\`, or try again what failed: \`converge failover retry ${plan} PATHS\``,
    }),
  );
