import { Failure, failedWith, given } from '../../diagnostics/diagnostic.ts';
import type { Catalog, CatalogResource } from '../../engine/model/catalog.ts';
import { select } from '../../engine/select/select.ts';
import type { Facts, Readiness } from '../../recovery/readiness/facts.ts';
import { judge } from '../../recovery/readiness/verdict.ts';
import { pipelined } from '../../replication/model/pipelined.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Repository, VmRepository } from '../../replication/model/repository.ts';
import { newestPoint } from '../../replication/model/select-point.ts';
import type { Context } from '../app-context.ts';
import type { SelectOptions } from '../options.ts';
import { askCloud } from './ask-cloud.ts';
import { type AskOnce, askedOnce } from './asked-once.ts';
import { planProperties } from './failover-plan.ts';
import { type DisksLooked, lookAtDisks } from './look-at-disks.ts';
import { withBundled } from './open/bundled.ts';
import {
  declaredAs,
  pointsOf,
  type Recovering,
  repositoryOf,
  targetProperties,
  withEach,
} from './open/with-declared.ts';
import { type PlanOptions, refuseBoth } from './open/with-plan.ts';

/** Targets that are looked at together: each waits for the store and for EC2 most of its time. */
const WIDTH = 8;

/** What was found of one target. */
export interface Looked extends Readiness {
  vm: string;
  /** Id and time, milliseconds since the epoch, of the point that it is about. */
  point?: { id: string; time: number };
  disks: Omit<DisksLooked, 'facts'>;
}

export type ReadinessOptions = PlanOptions &
  SelectOptions & {
    /** Only the targets of this recovery_plan. */
    plan?: string;
  };

/**
 * Judges whether each selected recovery_target would run in EC2, from the bytes of its newest point, its
 * record of the machine, and what EC2 answers. Nothing is made or changed there, and home isn't asked.
 * Undefined when what declares them has mistakes, which were told.
 *
 * @throws Failure `not-declared`, `nothing-selected`, `paths-or-repository`, `plan-not-named`
 */
export async function readiness(
  context: Context,
  paths: string[],
  options: ReadinessOptions,
): Promise<Looked[] | undefined> {
  const { repository, plan } = options;
  const { interrupt } = context.io;
  const once = askedOnce(interrupt);
  refuseBoth(paths, options);
  if (repository === undefined)
    return withEach(
      context,
      paths,
      options,
      catalog => selected(catalog, options),
      (recovering, declared) => lookAtTarget(recovering, declared, once, interrupt),
      WIDTH,
    );
  if (plan === undefined)
    throw new Failure(
      given('plan-not-named', 'a repository keeps what manifests say by recovery_plan: which one is meant?', {
        hint: 'add --plan PLAN',
      }),
    );
  const find = declaredAs('recovery_plan', plan);
  return withBundled(context, plan, { ...options, repository }, 'latest', find, async recovering => {
    const all = selected(recovering.catalog, options);
    const done: Looked[] = [];
    const look = (declared: CatalogResource) => lookAtTarget(recovering, declared, once, interrupt);
    for await (const one of pipelined(all, WIDTH, look)) done.push(one);
    return done;
  });
}

function selected(catalog: Catalog, { only = [], plan }: ReadinessOptions): CatalogResource[] {
  const named = plan === undefined ? undefined : targetsOf(catalog, plan);
  const all = catalog.resources.filter(
    ({ type, meta, title }) =>
      type === 'recovery_target' &&
      meta.ensure !== 'absent' &&
      (named === undefined || named.has(title.toLowerCase())),
  );
  if (all.length === 0)
    throw new Failure(
      given('not-declared', 'the manifests declare no recovery_target', {
        hint: 'name the paths that declare them',
      }),
    );
  const taken = select(all, { only });
  return all.filter(({ address }) => taken.has(address));
}

const targetsOf = (catalog: Catalog, plan: string): Set<string> =>
  new Set(
    planProperties(declaredAs('recovery_plan', plan)(catalog)).groups.flatMap(({ targets }) =>
      targets.map(name => name.toLowerCase()),
    ),
  );

async function lookAtTarget(
  recovering: Recovering,
  declared: CatalogResource,
  once: AskOnce,
  signal: AbortSignal,
): Promise<Looked> {
  const { license } = targetProperties(declared);
  const about = {
    address: declared.address,
    now: recovering.clock.now(),
    ...(license !== undefined && { license }),
  };
  const nothing = { count: 0, bytes: 0, asBefore: 0, read: 0 };
  const found = await newestOf(recovering, declared, signal);
  if ('noPoint' in found)
    return { vm: declared.title, ...judge({ ...about, ...found, disks: {}, cloud: [] }), disks: nothing };
  const { repository, vm, point, doubt } = found;
  const [{ facts, ...disks }, cloud] = await Promise.all([
    lookAtDisks(recovering, repository, point, signal, vm),
    askCloud(once(recovering.cloud), declared, repository, point, signal),
  ]);
  const judged = judge({ ...about, point, ...(doubt !== undefined && { doubt }), disks: facts, cloud });
  return { vm: declared.title, point: { id: point.id, time: point.time }, ...judged, disks };
}

type Found =
  | { repository: Repository; vm: VmRepository; point: Point; doubt?: string }
  | Required<Pick<Facts, 'noPoint'>>;

/** What keeps a point from being found is an answer about this target; the others are looked at. */
async function newestOf(
  recovering: Recovering,
  declared: CatalogResource,
  signal: AbortSignal,
): Promise<Found> {
  try {
    const repository = await recovering.repository(repositoryOf(declared));
    const vm = await pointsOf(repository, declared.title, recovering.find);
    let doubt: string | undefined;
    const point = await newestPoint(vm, declared.title).catch((error: Failure) => {
      if (!failedWith(error, 'not-the-newest')) throw error;
      doubt = error.message;
      return vm.newest(() => {});
    });
    signal.throwIfAborted();
    if (point) return { repository, vm, point, ...(doubt !== undefined && { doubt }) };
    return {
      noPoint: { why: doubt ?? 'its repository holds no complete point of it', wayOut: makeOne(declared) },
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    const { message, hint = makeOne(declared) } = error.diagnostics[0]!;
    return { noPoint: { why: message, wayOut: hint } };
  }
}

const makeOne = ({ title }: CatalogResource): string => `make one: \`converge replicate ${title} PATHS\``;
