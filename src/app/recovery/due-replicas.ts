import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { parseDuration } from '../../io/duration.ts';
import { type Covered, cover } from '../../recovery/cover/cover.ts';
import { ageOf, whyDue, whyElsewhere } from '../../recovery/replica/age.ts';
import { replicaOf } from '../../recovery/replica/build.ts';
import { failedOver, livesInAws, pausesIn } from '../../replication/model/pauses.ts';
import { selectPoint } from '../../replication/model/select-point.ts';
import type { Context } from '../app-context.ts';
import { instanceHere } from '../aws/instance.ts';
import type { CommonOptions } from '../options.ts';
import { heldOf } from './failover-status.ts';
import { pointsOf, type Recovering, repositoryOf, targetProperties, withEach } from './open/with-declared.ts';
import { bringReplica, type MadeReplica } from './replica.ts';

/** What came of one target. `skipped`: why nothing was to be done. */
export type DueReplica = { vm: string } & (
  | { made: MadeReplica }
  /** Of one that lives in AWS. */
  | { covered: Covered }
  | { skipped: string }
  | { diagnostics: Diagnostic[] }
);

/**
 * Brings every replica that is due to the newest point, one after the other; one that fails doesn't hold up
 * the others. Undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `not-declared` when no target declares a replica
 */
export async function makeDueReplicas(
  context: Context,
  paths: string[],
  options: CommonOptions,
): Promise<DueReplica[] | undefined> {
  const place = instanceHere(context, options.lab);
  let asked: Promise<string | undefined> | undefined;
  // The lab is the region. Whatever keeps this machine from saying where it is, it isn't known to be there.
  const here = () => {
    asked ??= place.identity().then(
      identity => identity.region,
      () => undefined,
    );
    return asked;
  };
  try {
    return await withEach(context, paths, options, declaring, async (recovering, declared) => {
      const vm = declared.title;
      try {
        const { region } = recovering.target.properties as { region: string };
        const writer = targetProperties(declared).replica?.writer;
        const isThere = options.lab !== undefined || writer === 'home';
        const elsewhere = whyElsewhere(writer, region, isThere ? region : await here());
        if (elsewhere !== undefined) return { vm, skipped: elsewhere };
        return await recovering.alone(() => whenDue(context, recovering, declared));
      } catch (error) {
        context.io.interrupt.throwIfAborted();
        if (!(error instanceof Failure)) throw error;
        return { vm, diagnostics: error.diagnostics };
      }
    });
  } finally {
    await place.close();
  }
}

function declaring({ resources }: Recovering['catalog']): CatalogResource[] {
  const all = resources.filter(one => {
    const { replica, snapshots } = targetProperties(one);
    return one.type === 'recovery_target' && (replica ?? snapshots) !== undefined;
  });
  if (all.length > 0) return all;
  throw new Failure(
    given('not-declared', 'no recovery_target declares a replica or snapshots', {
      hint: 'add `replica: { every: 1h }` to those that shall have one, or name a VM',
    }),
  );
}

/** Whole sets of snapshots that are kept when nothing is said. */
const usualSets = 7;

async function whenDue(
  context: Context,
  recovering: Recovering,
  declared: CatalogResource,
): Promise<DueReplica> {
  const { title: vm } = declared;
  const { cloud, clock } = recovering;
  const signal = context.io.interrupt;
  const { replica, snapshots } = targetProperties(declared);
  const repository = await recovering.repository(repositoryOf(declared));
  const source = await pointsOf(repository, vm, recovering.find);
  const there = failedOver(await pausesIn(repository), source.uuid);
  if (there?.home !== undefined) return { vm, skipped: 'it was brought home, and its failover is not ended' };
  if (there && livesInAws(there)) {
    if (!snapshots) return { vm, skipped: 'it lives in AWS, and its target declares no `snapshots`' };
    const { run, machine } = await heldOf(repository, vm);
    const covered = await cover({
      repository,
      run,
      machine,
      cloud,
      clock,
      step: async () => {},
      every: parseDuration(snapshots.every)!,
      keep: snapshots.keep ?? usualSets,
      signal,
    });
    return covered ? { vm, covered } : { vm, skipped: 'its snapshots in AWS are young enough' };
  }
  if (!replica) return { vm, skipped: 'its target declares no `replica`' };
  const { points, lost } = await source.history(() => {});
  const known = await replicaOf(cloud.snapshots, repository.id, source.uuid, signal);
  const age = ageOf(vm, known, points, clock.now());
  const every = replica.every === undefined ? undefined : parseDuration(replica.every);
  const why = whyDue(age, every);
  if (why === undefined)
    return { vm, skipped: age.behind === 0 ? 'it is of the newest point' : 'it is young enough' };
  const newest = selectPoint(points, 'latest', vm, { points: lost });
  return { vm, made: await bringReplica(context, recovering, repository, declared, newest) };
}
