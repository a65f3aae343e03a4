import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { parseDuration } from '../../io/duration.ts';
import type { Fit, TargetMachine } from '../../recovery/failover/prepare.ts';
import { probesOf } from '../../recovery/failover/probes-of.ts';
import { type ImportTakes, importTakes } from '../../recovery/import/estimate.ts';
import type { Imported } from '../../recovery/import/imported.ts';
import type { PlannedRecord, RecordValue } from '../../recovery/model/dns.ts';
import type { CloudSubnet, NetworkFacts } from '../../recovery/model/machines.ts';
import type { PlanProperties } from '../../recovery/model/plan.ts';
import { describeProbe, type Probe, placeIn } from '../../recovery/model/probes.ts';
import type { Finding, Readiness, Verdict } from '../../recovery/readiness/facts.ts';
import type { Cold } from '../../recovery/replica/estimate.ts';
import type { Landing, PostLaunch, RunStart } from '../../recovery/run/run.ts';
import { keptAddress } from '../../recovery/target/address.ts';
import { hourly } from '../../recovery/target/prices.ts';
import { guestFamily } from '../../replication/model/machine.ts';
import type { Point } from '../../replication/model/point.ts';
import type { RecoveryPlanProperties } from '../../resources/aws/recovery_plan.ts';
import { sha256 } from '../../values/digest.ts';

export interface PlannedMachine {
  vm: string;
  point: string;
  time: number;
  disks: number;
  type: string;
  /** Its declared address, and the subnet of the test that has it; without that it gets another. */
  address?: { ip: string; subnet?: string };
  /** Why that type, where it was chosen. No part of the digest: the type itself is. */
  why?: string;
  /** Of Windows: where its licence comes from. */
  shell?: { image: string; license: string };
  /** It runs what VM Import makes of its disks; left out: its disks as they are. */
  imported?: Imported;
  /** Why so, where it was chosen, and what it takes. No part of the digest. */
  import_why?: string;
  import_takes?: ImportTakes;
  /** What that image is called, where it was looked up just now. No part of the digest: the image is. */
  image_name?: string;
  /** On hardware that isn't shared. */
  tenancy?: 'dedicated' | 'host';
  /** US dollars while it runs, where they are known; no part of the digest. */
  hourly?: number;
  /** In words, with where each runs. */
  probes: string[];
  /** What it is to converge itself by. */
  post_launch?: PostLaunch;
  /** Where it is put when it takes over. */
  landing?: Landing;
  /**
   * Of a point that has no snapshots yet. No part of the digest: a replica that is made meanwhile is no other
   * plan.
   */
  cold?: Cold;
  /** What readiness had found before; no part of the digest. Undefined of a run that is gone on with. */
  ready?: KnownReadiness;
}

/** Whether a machine would run, as far as that was looked at before. */
export interface KnownReadiness {
  verdict: Verdict;
  /** Which way the facts leave. */
  method: Readiness['method'];
  /** Every disk of the very point was looked at. */
  looked: boolean;
  /** What isn't `ready`. */
  findings: Finding[];
}

/** What is about to be done, for whoever approves it. */
export interface FailoverPlan {
  plan: string;
  /** It takes over from machines at home. Left out: it is a test. */
  kind?: 'real';
  /** Of a test. */
  network?: { subnet: string; else_subnets?: string[]; group: string; vpc: string };
  /** Of a test: milliseconds after which it is ended, and by which role; without one nobody ends it. */
  teardown?: { after: number; role?: string };
  /** What probes them from within their network; undefined: they are probed from here. */
  prober?: { image: string; type: string };
  /** `was`: what it says just now; no part of the digest. Undefined of a run that is gone on with. */
  dns?: (PlannedRecord & { was?: RecordValue })[];
  groups: {
    wait: number;
    machines: PlannedMachine[];
  }[];
  digest: string;
}

/** A machine of a plan and the point that it is recovered from. */
export interface Chosen {
  vm: string;
  target: TargetMachine;
  point: Point;
  fit: Fit;
  /** Of one that takes over. */
  landing?: Landing;
  cold?: Cold;
  /** Why it is recovered so, where that was chosen. */
  wayWhy?: string;
  ready: KnownReadiness;
}

export const planProperties = ({ properties }: CatalogResource): RecoveryPlanProperties =>
  properties as unknown as RecoveryPlanProperties;

export const waits = (wait: string | undefined): number =>
  wait === undefined ? 0 : (parseDuration(wait) ?? 0);

export function planOf(
  plan: string,
  properties: RecoveryPlanProperties,
  chosen: Chosen[],
  network: Pick<NetworkFacts, 'vpc' | 'subnets' | 'group'>,
  postLaunch: (vm: string) => PostLaunch | undefined,
  prober?: FailoverPlan['prober'],
): FailoverPlan {
  const { test } = properties;
  const role = roleOf(test);
  return withDigest({
    plan,
    network: { ...networkOf(network), vpc: network.vpc },
    teardown: { after: limitOf(test), ...(role !== undefined && { role }) },
    ...(prober && { prober }),
    groups: groupsOf(properties, chosen, network.subnets, postLaunch, prober !== undefined),
  });
}

/** The same of a run that takes over. `subnets`: those of all its machines. */
export const planOfReal = (
  plan: string,
  dns: readonly (PlannedRecord & { was?: RecordValue })[],
  ...of: [RecoveryPlanProperties, Chosen[], readonly CloudSubnet[], (vm: string) => PostLaunch | undefined]
): FailoverPlan => withDigest({ plan, kind: 'real', ...dnsOf(dns), groups: groupsOf(...of) });

/** In one order, however they were kept. */
const dnsOf = (all: readonly (PlannedRecord & { was?: RecordValue })[] = []) =>
  all.length > 0 && {
    dns: all.map(({ zone, name, type, ttl, vm, address, literal, was }) => ({
      zone,
      name,
      type,
      ttl,
      ...(vm !== undefined && { vm }),
      ...(address !== undefined && { address }),
      ...(literal !== undefined && { literal }),
      ...(was && { was }),
    })),
  };

function groupsOf(
  { groups, probes }: RecoveryPlanProperties,
  chosen: Chosen[],
  subnets: readonly CloudSubnet[],
  postLaunch: (vm: string) => PostLaunch | undefined,
  inside = false,
): FailoverPlan['groups'] {
  const of = (vm: string) => chosen.find(one => one.vm.toLowerCase() === vm.toLowerCase())!;
  return groups.map(({ targets, wait }) => ({
    wait: waits(wait),
    machines: targets.map(of).map(({ vm, target, point, fit, landing, cold, wayWhy, ready }) => ({
      vm,
      ...carried(postLaunch(vm)),
      point: point.id,
      time: point.time,
      disks: point.disks.length,
      type: fit.type,
      ...addressOf(keptAddress(subnetsFor(landing, subnets), target.private_address)),
      ...landed(landing),
      ...(fit.why !== undefined && { why: fit.why }),
      ...(fit.shell && {
        shell: { image: fit.shell.image, license: fit.shell.license },
        image_name: fit.shell.what,
      }),
      ...(fit.imported && {
        imported: fit.imported,
        import_takes: importTakes(fit.imported, point.disks),
      }),
      ...(wayWhy !== undefined && { import_why: wayWhy }),
      ...tenancyOf(target),
      ...hourlyOf(fit.type, target),
      ...(cold && { cold }),
      ready,
      probes: probesOf(probes, vm, familyOf(point)).map(one => inWords(one, inside)),
    })),
  }));
}

/** Those that a machine may be launched into. */
export const subnetsFor = (
  landing: Landing | undefined,
  subnets: readonly CloudSubnet[],
): readonly CloudSubnet[] => (landing ? subnets.filter(({ id }) => landing.subnets.includes(id)) : subnets);

const landed = (landing: Landing | undefined) => landing && { landing };

/** Points that say nothing of their machine are refused before anything of them is run. */
export const familyOf = ({ machine }: Point) => (machine ? guestFamily(machine) : 'other');

const carried = (own: PostLaunch | undefined) => own && { post_launch: own };

const inWords = (probe: Probe, inside: boolean): string =>
  `${describeProbe(probe)} (from ${placeIn(probe, inside)})`;

export const planOfRun = (
  { plan, kind, subnet, else_subnets, group, groups, probes, limit = 0, teardown, prober, dns }: RunStart,
  vpc: string,
): FailoverPlan =>
  withDigest({
    plan,
    ...(kind
      ? { kind, ...dnsOf(dns) }
      : {
          network: { subnet, ...(else_subnets && { else_subnets }), group, vpc },
          teardown: { after: limit, ...teardown },
          ...(prober && { prober }),
        }),
    groups: groups.map(({ wait, machines }) => ({
      wait,
      machines: machines.map(
        ({
          vm,
          point,
          time,
          disks,
          instance_type,
          address,
          landing,
          shell,
          imported,
          tenancy,
          post_launch,
        }) => ({
          vm,
          ...carried(post_launch),
          point,
          time,
          disks: disks.length,
          type: instance_type,
          ...addressOf(address),
          ...landed(landing),
          ...(shell && { shell }),
          ...(imported && { imported }),
          ...tenancyOf({ ...(tenancy && { tenancy }) }),
          ...hourlyOf(instance_type, { ...(shell ?? imported), ...(tenancy && { tenancy }) }),
          probes: (probes[vm] ?? []).map(one => inWords(one, prober !== undefined)),
        }),
      ),
    })),
  });

/** What is said beside what will be done; a run that is gone on with doesn't know it. */
const told = new Set(['cold', 'ready', 'why', 'image_name', 'hourly', 'import_why', 'import_takes', 'was']);

const withDigest = (plan: Omit<FailoverPlan, 'digest'>): FailoverPlan => ({
  ...plan,
  digest: sha256(JSON.stringify(plan, (key, value) => (told.has(key) ? undefined : value))),
});

const tenancyOf = ({ tenancy }: Pick<TargetMachine, 'tenancy'>): Pick<PlannedMachine, 'tenancy'> =>
  tenancy === 'dedicated' || tenancy === 'host' ? { tenancy } : {};

const hourlyOf = (...of: Parameters<typeof hourly>) => {
  const price = hourly(...of);
  return price !== undefined && { hourly: price };
};

const addressOf = (address: PlannedMachine['address']) => address && { address };

/** The network of a test as a run keeps it. */
export function networkOf({ subnets, group }: Pick<NetworkFacts, 'group' | 'subnets'>) {
  const [subnet = '', ...more] = subnets.map(({ id }) => id);
  return { subnet, ...(more.length > 0 && { else_subnets: more }), group };
}

/** Most instances of a test where the plan doesn't say. */
const usualInstances = 20;

/**
 * A plan that names a hundred machines by mistake is told before anything is launched.
 *
 * @param all instances of the test at a time, its prober too
 * @throws Failure `too-many-instances`, blocked
 */
export function refuseTooMany(plan: string, { instances }: PlanProperties['test'], all: number): void {
  const most = instances ?? usualInstances;
  if (all <= most) return;
  throw new Failure(
    blocked('too-many-instances', `a test of ${plan} takes ${all} instances, and may have ${most}`, {
      hint: `write \`test: { instances: ${all} }\` if that is what it is to cost`,
    }),
  );
}

/** Hours that a test may stand where the plan doesn't say. */
const usualHours = 4;
export const limitOf = ({ hours = usualHours }: PlanProperties['test']): number => hours * 3_600_000;
export const roleOf = ({ teardown }: PlanProperties['test']): string | undefined =>
  teardown === 'none' ? undefined : teardown;
