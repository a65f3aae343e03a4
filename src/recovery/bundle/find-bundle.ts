import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { pipelined } from '../../replication/model/pipelined.ts';
import type { Point } from '../../replication/model/point.ts';
import type { OnDamage, Repository, VmRepository } from '../../replication/model/repository.ts';
import { pointsMeant } from '../../replication/model/select-point.ts';
import { type PlanVersion, SERIES } from '../model/plan.ts';
import { type Bundle, checkBundle, decodeBundle } from './bundle.ts';
import { aboutPlan, machinesOf, planIn } from './says.ts';

/** A bundle, and what it was kept with. */
export interface FoundBundle {
  bundle: Bundle;
  /** When the plan was applied that it was kept with, milliseconds since the epoch. */
  applied?: number;
  /** Whose it is, where none was kept with the plan. */
  point?: Point;
  /** When the plan was removed: nothing is to be begun by it any more. */
  removed?: number;
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
 * What a repository keeps of the manifests with a plan of this name, in any case: the version that was
 * applied last, even where it is newer than the points that are meant. Where none was kept with the plan, the
 * newest bundle of a point that holds it; only points that `which` means are looked at, all for `latest`.
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
  const having = all
    .flatMap(({ name, found, remark }) =>
      found && planIn(found.bundle, plan) ? [{ name, ...found, remark }] : [],
    )
    .sort((a, b) => b.point.time - a.point.time);
  // Versions are kept under the title as it is written.
  const titles = new Set([plan, ...having.map(one => planIn(one.bundle, plan)!.title)]);
  const versions: Applied[] = [];
  for (const title of titles) versions.push(await newestApplied(repository, title, onDamage));
  const applied = versions.find(one => one.found) ?? versions.find(one => one.removed !== undefined);
  const { removed } = applied ?? {};
  const unread = versions.flatMap(({ remark }) => remark ?? []);
  if (applied?.found) {
    const { bundle, at } = applied.found;
    const said = aboutPlan(bundle, plan);
    const later = having.filter(one => one.point.time > at && aboutPlan(one.bundle, plan) !== said);
    return {
      bundle,
      applied: at,
      ...(removed !== undefined && { removed }),
      remarks: [
        ...unread,
        ...later.map(
          ({ name, point }) =>
            `the manifests that the point of ${name} of ${timeOf(point)} was made with say something else of the plan; they were not applied`,
        ),
      ],
    };
  }
  const [newest, ...older] = having;
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
    ...(removed !== undefined && { removed }),
    remarks: [
      ...unread,
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

/** What is kept with a plan itself. */
interface Applied {
  found?: { bundle: Bundle; at: number };
  /** When the plan was removed; `found` is then of the version before. */
  removed?: number;
  remark?: string;
}

/** The newest version of a plan, with what it holds of the manifests; of one that was removed the last. */
async function newestApplied(repository: Repository, title: string, onDamage: OnDamage): Promise<Applied> {
  const numbers = (await repository.records.numbers(title, SERIES.plan)).reverse();
  const result: Applied = {};
  for (const number of numbers) {
    const version = await versionOf(repository, title, number, onDamage);
    if (version && 'removed' in version) {
      // One that was made anew after that is another plan.
      if (result.removed !== undefined) return result;
      result.removed = version.at ?? 0;
      continue;
    }
    if (version?.bundle) {
      const bundle = usable(version.bundle, `version ${number} of the plan ${title}`, onDamage);
      if (bundle) return { ...result, found: { bundle, at: version.at ?? 0 } };
    }
    // An older version would be taken in silence.
    const why = version ? (version.bundle ? "can't be used" : 'holds only the plan itself') : "can't be read";
    return { ...result, remark: `version ${number} of the plan, which was applied last, ${why}` };
  }
  return result;
}

async function versionOf(
  { records }: Repository,
  title: string,
  number: number,
  onDamage: OnDamage,
): Promise<PlanVersion | undefined> {
  try {
    return (await records.read(title, SERIES.plan, number)) as PlanVersion | undefined;
  } catch (error) {
    if (!failedWith(error, 'damaged-object', 'newer-format')) throw error;
    onDamage(error);
    return undefined;
  }
}

function usable(stored: unknown, of: string, onDamage: OnDamage): Bundle | undefined {
  try {
    return checkBundle(stored, of);
  } catch (error) {
    if (!failedWith(error, 'bundle-unusable')) throw error;
    onDamage(error);
    return undefined;
  }
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
        'a bundle is stored when the plan is applied, and with each point that is made by manifests that declare it; name those',
    }),
  );
}
