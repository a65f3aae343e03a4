import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { beginRun } from '../../recovery/failover/begin.ts';
import { refuseOpen, wasSaid } from '../../recovery/failover/isolation.ts';
import { machineOf } from '../../recovery/failover/prepare.ts';
import { probesOf } from '../../recovery/failover/probes-of.ts';
import { type Recovered, rehearse } from '../../recovery/failover/rehearse.ts';
import type { PlannedRecord } from '../../recovery/model/dns.ts';
import type { NetworkFacts } from '../../recovery/model/machines.ts';
import { buildReplica } from '../../recovery/replica/build.ts';
import type { Encryption } from '../../recovery/replica/choose.ts';
import { begunBy, newestRun } from '../../recovery/run/keep.ts';
import {
  type Fencing,
  kindOf,
  type Run,
  type RunMachine,
  type RunStart,
  stateOf,
  subnetsOf,
  tookOf,
} from '../../recovery/run/run.ts';
import { addressOf, thoseAt } from '../../recovery/run/where.ts';
import { pointOfAll } from '../../recovery/target/point-choice.ts';
import type { Repository } from '../../replication/model/repository.ts';
import type { Context } from '../app-context.ts';
import { type Approval, isApproved } from '../approval.ts';
import { choose } from './choose.ts';
import {
  type Chosen,
  type FailoverPlan,
  familyOf,
  limitOf,
  networkOf,
  planOf,
  planOfRun,
  planProperties,
  refuseTooMany,
  roleOf,
  subnetsFor,
  waits,
} from './failover-plan.ts';
import type { BundleOrigin, Recovering } from './open/with-declared.ts';
import { type PlanOptions, withPlan } from './open/with-plan.ts';
import { postLaunchOf } from './post-launch-of.ts';
import { testNetwork, testProber } from './test-network.ts';

export interface FailoverOptions extends PlanOptions {
  /** `latest`, a time, or an id; of every machine, or as `VM=POINT` of one. */
  point?: string[];
  noop?: boolean;
  /**
   * Targets that are launched though readiness knows that they don't run, and the plan when it is rehearsed
   * though something that may lead out of the network can't be asked for.
   */
  allow?: string[];
  /** Only if the plan has this digest. */
  digest?: string;
}

export interface Failover {
  /** The bundle that the plan is from; undefined: manifests. */
  from?: BundleOrigin;
  plan: FailoverPlan;
  /** Undefined when nothing was to be done, or nobody approved. */
  recovered?: Recovered[];
  /** Milliseconds from the beginning in the record to the end of the last probe. */
  took?: number;
  /** It went on with a run that had been interrupted. */
  resumed: boolean;
  /** How the next command names the same plan: the manifests, or the repository. */
  again: string;
}

export type ShownFailover = Pick<Failover, 'plan' | 'from' | 'again'>;

/** Milliseconds for which an answer about the account counts as one of now. */
const freshFor = 30_000;

/**
 * Rehearses a plan in the network that it names for tests. One that was interrupted is gone on with.
 * Undefined when the manifests have mistakes, which were told.
 *
 * @param hooks `show`: told what is about to be done, before anything is; `approval`: asked after that
 * @throws Failure `network-open`, `test-standing`, `digest-differs` (blocked), and what `obstacles` finds
 */
export const failoverTest = (
  context: Context,
  name: string,
  paths: string[],
  options: FailoverOptions,
  hooks: { show(about: ShownFailover): void; approval: Approval; say(line: string): void },
): Promise<Failover | undefined> =>
  withPlan(context, name, paths, options, pointOfAll(options.point ?? []), async (recovering, declared) => {
    const { prober, clock } = recovering;
    const { machines } = recovering.cloud;
    const signal = context.io.interrupt;
    const properties = planProperties(declared);
    const repository = await recovering.repository(properties.repository);
    const before = await newestRun(repository, declared.title);
    const resumed = before !== undefined && stateOf(before) === 'running';
    if (before) refuseBeside(before, 'test', recovering.again);

    const looked = clock.now();
    // What is gone on with launches into the network that it began in, whatever the plan says by now.
    const { subnets, group } = resumed
      ? { subnets: subnetsOf(before.start), group: before.start.group }
      : await testNetwork(properties.test, recovering.cloud, signal);
    const network = await machines.network(subnets, group, signal);
    const mayBeUnseen = options.allow?.includes(declared.address) ?? false;
    refuseOpen(network, mayBeUnseen || (resumed && wasSaid(before, network.unseen)));
    const encryption = await recovering.cloud.snapshots.encryption(signal);
    const chosen = resumed
      ? undefined
      : await choose(recovering, declared, options.point ?? [], {
          encryption,
          network,
          ...(options.allow && { allow: options.allow.filter(address => address !== declared.address) }),
          signal,
        });
    const asked = (chosen ?? []).flatMap(({ vm, point }) => probesOf(properties.probes, vm, familyOf(point)));
    const inside = await testProber(properties.test, asked, recovering.cloud, signal);
    if (!resumed) refuseTooMany(declared.title, properties.test, (chosen ?? []).length + (inside ? 1 : 0));
    const shown = resumed
      ? planOfRun(before.start, network.vpc)
      : planOf(declared.title, properties, chosen!, network, postLaunchOf(recovering, declared), inside);
    checkDigest(shown, options.digest);
    const { again, from } = recovering;
    const about = { plan: shown, again, ...(from && { from }) };
    hooks.show(about);
    if (options.noop) return { ...about, resumed };
    const isKnown = options.digest !== undefined;
    if (!isKnown && !(await isApproved(hooks.approval, undefined, () => notApproved(declared.title))))
      return { ...about, resumed };

    return recovering.alone(async () => {
      const began = clock.now();
      // What was asked for just now isn't asked for again, but a person may take an hour to say yes.
      const isFresh = () => clock.now() - looked < freshFor;
      const run = resumed
        ? await unchanged(repository, before)
        : await begin({
            context,
            recovering,
            repository,
            declared,
            chosen: chosen!,
            network,
            digest: shown.digest,
            ...(inside && { prober: inside }),
            began,
            after: before?.start.number ?? 0,
            ...(isFresh() && { encryption }),
          });
      const recovered = await rehearse({
        repository,
        run,
        cloud: recovering.cloud,
        prober,
        clock,
        ...(isFresh() && { proven: network }),
        mayBeUnseen,
        ...(!resumed && { begunHere: true }),
        step: async () => {},
        say: hooks.say,
        signal,
      });
      return { ...about, recovered, took: tookOf(run), resumed };
    });
  });

/**
 * The run that was looked at, as it is by now. @throws Failure `failover-begun` when somebody else ended it
 */
export async function unchanged(repository: Repository, seen: Run): Promise<Run> {
  const now = await newestRun(repository, seen.start.plan);
  if (now?.start.number === seen.start.number && stateOf(now) === stateOf(seen)) return now;
  throw begunBy(seen.start.plan);
}

const notApproved = (plan: string): Failure =>
  new Failure(
    blocked('not-approved', `nobody approved the test of ${plan}`, {
      hint: 'look at it with --noop, and give the digest that it shows as --digest; or --yes',
    }),
  );

export function checkDigest({ digest }: FailoverPlan, wanted: string | undefined): void {
  if (wanted === undefined || digest.startsWith(wanted)) return;
  throw new Failure(
    blocked('digest-differs', `the failover has the digest ${digest.slice(0, 16)}, not ${wanted}`, {
      hint: 'look at it again with --noop and approve what it says now',
    }),
  );
}

/** Pins the very points that were chosen, sees to their snapshots, and writes down that the run begins. */
export const begin = ({
  context,
  recovering,
  repository,
  declared,
  chosen,
  network,
  kind,
  fencing,
  dns,
  digest,
  prober,
  began,
  after,
  encryption,
}: {
  context: Context;
  recovering: Recovering;
  repository: Repository;
  declared: CatalogResource;
  chosen: Chosen[];
  network: NetworkFacts;
  /** It takes over, each machine where its landing says. */
  kind?: 'real';
  /** Home was put to rest before, by these steps. */
  fencing?: Fencing[];
  /** Records of DNS that it switches. */
  dns?: readonly PlannedRecord[];
  /** Of the plan that was approved. */
  digest: string;
  prober?: RunStart['prober'];
  began: number;
  /** Number of the newest run that was looked at. */
  after: number;
  encryption?: Encryption;
}): Promise<Run> => {
  const { groups, test, probes } = planProperties(declared);
  const postLaunch = postLaunchOf(recovering, declared);
  return beginRun({
    repository,
    plan: declared.title,
    after,
    points: chosen.map(({ point }) => point),
    began,
    step: async () => {},
    async make() {
      const built = new Map<string, RunMachine>();
      for (const { vm, target, point, fit, landing } of chosen) {
        const { disks } =
          fit.imported?.by === 'raw'
            ? { disks: [] }
            : await buildReplica({
                repository,
                point,
                store: recovering.cloud.snapshots,
                clock: context.io.host.clock,
                // What is retired is the replica's own business, not a rehearsal's.
                keep: 'all',
                ...(encryption && { encryption }),
                step: async () => {},
                signal: context.io.interrupt,
              });
        const snapshots = new Map(disks.map(({ index, snapshot }) => [index, snapshot]));
        const own = postLaunch(vm);
        built.set(vm.toLowerCase(), {
          ...machineOf(point, target, fit, snapshots, subnetsFor(landing, network.subnets)),
          ...(landing && { landing }),
          ...(own && { post_launch: own }),
        });
      }
      const role = roleOf(test);
      return {
        digest,
        account: network.account,
        ...(kind
          ? {
              kind,
              ...(fencing && { planned: true as const, fencing }),
              ...(dns && dns.length > 0 && { dns: [...dns] }),
              subnet: network.subnets[0]!.id,
              group: network.group,
            }
          : {
              ...networkOf(network),
              ...(prober && { prober }),
              limit: limitOf(test),
              ...(role !== undefined && { teardown: { role } }),
            }),
        groups: groups.map(({ targets, wait }) => ({
          wait: waits(wait),
          machines: targets.map(vm => built.get(vm.toLowerCase())!),
        })),
        probes: Object.fromEntries(
          chosen.map(({ vm, point }) => [vm, probesOf(probes, vm, familyOf(point))]),
        ),
      };
    },
  });
};

function committedWords(run: Run): string {
  const there = thoseAt(run, 'there', 'unfinished');
  const home = thoseAt(run, 'homeward', 'home', 'ending');
  return [
    ...(there.length > 0 ? [`${there.join(', ')} ${there.length > 1 ? 'live' : 'lives'} in AWS`] : []),
    ...(home.length > 0 ? [`something of ${home.join(', ')} is left in EC2`] : []),
  ].join(', and ');
}

/** What is home can be ended; what lives in AWS isn't run twice: the others need a plan of their own. */
function committedHint(run: Run): string {
  const { plan } = run.start;
  const there = thoseAt(run, 'there', 'unfinished');
  const home = thoseAt(run, 'home', 'ending');
  return [
    ...home.map(
      vm => `\`converge failover undo ${plan} PATHS --only ${addressOf(vm)}\` removes what is left of ${vm}`,
    ),
    ...(there.length > 0
      ? [
          `machines of the plan without ${there.join(', ')} are run by another recovery_plan that names them alone`,
        ]
      : []),
    `\`converge failover status ${plan} PATHS\` tells what there is`,
  ].join('; ');
}

/**
 * A plan has one run at a time, whichever kind it is of.
 *
 * @throws Failure `test-standing`, `failover-standing`, `failover-committed`, blocked
 */
export function refuseBeside(before: Run, wanted: 'test' | 'failover', again: string): void {
  const { start } = before;
  const { plan, number } = start;
  const state = stateOf(before);
  const kind = kindOf(start);
  if (state === 'cleaned' || (state === 'running' && kind === wanted)) return;
  const by = (command: string) => `\`converge failover ${command} ${plan} ${again}\``;
  if (kind === 'test')
    throw new Failure(
      blocked('test-standing', `test ${number} of ${plan} is still there`, {
        hint: `remove it first: ${by('cleanup')}, or try again what failed: ${by('retry')}`,
      }),
    );
  if (state === 'committed')
    throw new Failure(
      blocked(
        'failover-committed',
        `failover ${number} of ${plan} was committed: ${committedWords(before)}`,
        {
          hint: committedHint(before),
        },
      ),
    );
  const goOn = state === 'running' ? `go on with it without --test` : `try again what failed: ${by('retry')}`;
  throw new Failure(
    blocked(
      'failover-standing',
      `failover ${number} of ${plan} ${state === 'undoing' ? 'is being undone' : 'has taken over'}`,
      {
        hint:
          state === 'undoing'
            ? `end that first: ${by('undo')}`
            : `${goOn}, keep it: ${by('commit')}, or end it: ${by('undo')}`,
      },
    ),
  );
}
