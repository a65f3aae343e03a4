import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { canonicalJson } from '../../engine/model/canonical.ts';
import { pipelined } from '../../replication/model/pipelined.ts';
import type { OnDamage, Point, Repository, VmRepository } from '../../replication/model/repository.ts';
import { pointsMeant } from '../../replication/model/select-point.ts';
import type { PlanProperties } from '../model/plan.ts';
import { type Bundle, decodeBundle } from './bundle.ts';

/** A bundle, and which point it is of. */
export interface FoundBundle {
  bundle: Bundle;
  point: Point;
  /** What whoever relies on it should know: of other machines' bundles, or that newer points have none. */
  remarks: string[];
}

/** VMs looked at at a time. */
const READS = 8;

interface OfVm {
  /** By its newest point. */
  name: string;
  found?: { bundle: Bundle; point: Point };
  remark?: string;
}

/**
 * The newest bundle in a repository that holds a plan of this name, in any case. Only points that `which`
 * means are looked at: all for `latest`.
 *
 * @param onDamage called with what can't be read and is passed over
 * @throws Failure `plan-not-bundled`, which names the plans that there are
 */
export async function findBundle(
  repository: Repository,
  plan: string,
  which: string,
  onDamage: OnDamage,
): Promise<FoundBundle> {
  const all: OfVm[] = [];
  const vms = await repository.vms(onDamage);
  const look = async ({ uuid, name }: { uuid: string; name: string }): Promise<OfVm> => ({
    name,
    ...(await bundleOf(repository.vm(uuid), name, which, onDamage)),
  });
  for await (const one of pipelined(vms, READS, look)) all.push(one);
  const having = all.flatMap(({ name, found, remark }) =>
    found && planIn(found.bundle, plan) ? [{ name, ...found, remark }] : [],
  );
  const [newest, ...older] = having.sort((a, b) => b.point.time - a.point.time);
  if (!newest) throw notBundled(repository.store.url, plan, all);
  const { bundle, point } = newest;
  const said = aboutPlan(bundle, plan);
  const others = older.filter(one => aboutPlan(one.bundle, plan) !== said).map(({ name }) => name);
  const machines = machinesOf(bundle, plan);
  const silent = all.filter(
    one => !having.some(({ name }) => name === one.name) && machines.includes(one.name.toLowerCase()),
  );
  return {
    bundle,
    point,
    remarks: [
      ...(newest.remark === undefined ? [] : [newest.remark]),
      ...(others.length === 0
        ? []
        : [`the bundles of ${others.join(', ')} say something else of the plan; the newest is used`]),
      ...silent.map(({ name, remark, found }) =>
        found ? `the newest bundle of ${name} doesn't hold the plan` : (remark ?? `${name} has no bundle`),
      ),
    ],
  };
}

/** The newest point with a bundle that can be read. */
async function bundleOf(
  vm: VmRepository,
  name: string,
  which: string,
  onDamage: OnDamage,
): Promise<Omit<OfVm, 'name'>> {
  // Thousands of points may be below it, and each is an object to read.
  const latest = which === 'latest' ? await vm.newest(onDamage) : undefined;
  const quick = latest && (await readable(vm, latest, name, () => {}));
  if (quick) return { found: { bundle: quick, point: latest } };
  const points = pointsMeant(await vm.points(onDamage), which).reverse();
  for (const point of points) {
    const bundle = await readable(vm, point, name, onDamage);
    if (!bundle) continue;
    const newest = points[0]!;
    return {
      found: { bundle, point },
      ...(newest !== point && {
        remark: `${noBundle(name, newest)}; the one before it that has one is of ${timeOf(point)}`,
      }),
    };
  }
  return points[0] ? { remark: noBundle(name, points[0]) } : {};
}

async function readable(
  vm: VmRepository,
  { bundle, time }: Point,
  name: string,
  onDamage: OnDamage,
): Promise<Bundle | undefined> {
  if (!bundle) return undefined;
  try {
    return decodeBundle(await vm.bundle(bundle), `the point of ${name} of ${new Date(time).toISOString()}`);
  } catch (error) {
    if (!failedWith(error, 'bundle-unusable', 'damaged-object', 'missing-object', 'newer-format'))
      throw error;
    onDamage(error);
    return undefined;
  }
}

const noBundle = (name: string, point: Point): string =>
  `the point of ${name} of ${timeOf(point)} has no bundle: ${whyNone(point)}`;

/** Why a point has no bundle to use. */
const whyNone = ({ bundle }: Point): string => {
  if (bundle) return "what it names can't be read";
  return bundle === null
    ? 'the manifests that it was made with declare no recovery of it'
    : 'the run that made it knew of none, or is of an older version';
};

const timeOf = ({ time }: Point): string => new Date(time).toISOString();

const planIn = ({ resources }: Bundle, plan: string) =>
  resources.find(({ type, title }) => type === 'recovery_plan' && title.toLowerCase() === plan.toLowerCase());

function machinesOf(bundle: Bundle, plan: string): string[] {
  const { groups } = (planIn(bundle, plan)?.properties ?? {}) as unknown as Partial<PlanProperties>;
  // What it holds isn't looked at yet.
  if (!Array.isArray(groups)) return [];
  return groups
    .flatMap(group => (Array.isArray(group?.targets) ? group.targets.map(String) : []))
    .map(title => title.toLowerCase());
}

/** All that it says about the plan, without its place. */
function aboutPlan(bundle: Bundle, plan: string): string {
  const machines = machinesOf(bundle, plan);
  const declared = planIn(bundle, plan);
  const parts = bundle.resources.filter(
    one => one === declared || (one.type === 'recovery_target' && machines.includes(one.title.toLowerCase())),
  );
  // Another plan of the same bundle may go by other targets.
  const used = bundle.targets.filter(({ name }) => parts.some(({ target = name }) => target === name));
  return canonicalJson([
    parts.map(({ at: _, places: __, ...says }) => says),
    used.map(({ at: _, ...says }) => says),
    (bundle.post_launch ?? [])
      .filter(one => one.plan === declared?.title)
      .map(({ entry, digest }) => [entry, digest]),
  ]);
}

function notBundled(url: string, plan: string, all: readonly OfVm[]): Failure {
  const plans = all.flatMap(({ found }) =>
    (found?.bundle.resources ?? []).filter(({ type }) => type === 'recovery_plan').map(({ title }) => title),
  );
  const names = [...new Set(plans)].sort();
  const remarks = all.flatMap(({ remark, found }) => (found || remark === undefined ? [] : [remark]));
  const there = names.length > 0 ? `; there are ${names.join(', ')}` : '';
  const why = names.length === 0 && remarks[0] !== undefined ? `: ${remarks.join('; ')}` : '';
  return new Failure(
    world('plan-not-bundled', `no bundle in ${url} holds a plan called ${plan}${there}${why}`, {
      hint:
        suggest(plan, names) ??
        'a bundle is stored with each point that is made by manifests that declare the plan; name those as PATHS',
    }),
  );
}
