import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { buildReplica, type Replica, replicaOf } from '../../recovery/replica/build.ts';
import { type SnapshotCheck, verifySnapshot } from '../../recovery/replica/verify.ts';
import { makeShell } from '../../recovery/shell/own.ts';
import { bootDiskKey } from '../../replication/model/machine.ts';
import type { Point } from '../../replication/model/point.ts';
import type { Repository } from '../../replication/model/repository.ts';
import { selectPoint } from '../../replication/model/select-point.ts';
import { shellOf } from '../../resources/aws/recovery-target-schema.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { lookAtDisks } from './look-at-disks.ts';
import {
  declaredAs,
  pointsOf,
  type Recovering,
  repositoryOf,
  targetProperties,
  withDeclared,
} from './open/with-declared.ts';

/** Points whose snapshots are kept where the manifest doesn't say. */
const usualKeep = 2;

/**
 * Brings the replica of a recovery target to the newest point in its repository. The VM's home isn't asked.
 * Undefined when the manifests have mistakes, which were told.
 */
export const makeReplica = (
  context: Context,
  vm: string,
  paths: string[],
  options: CommonOptions,
): Promise<MadeReplica | undefined> =>
  withDeclared(context, paths, options, declaredAs('recovery_target', vm), (recovering, declared) =>
    recovering.alone(async () => {
      const repository = await recovering.repository(repositoryOf(declared));
      const { points, lost } = await (await pointsOf(repository, declared.title)).history(() => {});
      const newest = selectPoint(points, 'latest', declared.title, { points: lost });
      return bringReplica(context, recovering, repository, declared, newest);
    }),
  );

/**
 * Brings the snapshots of a target to a point, and its shell, where that is the VM's own, to what the point
 * says.
 */
export async function bringReplica(
  context: Context,
  recovering: Recovering,
  repository: Repository,
  declared: CatalogResource,
  point: Point,
): Promise<MadeReplica> {
  const properties = targetProperties(declared);
  const { cloud } = recovering;
  const { clock } = context.io.host;
  const signal = context.io.interrupt;
  const replica = await buildReplica({
    repository,
    point,
    store: cloud.snapshots,
    clock,
    keep: properties.replica?.keep ?? usualKeep,
    step: async () => {},
    signal,
  });
  // A failover reads no block: it goes by what was found while there was time.
  await lookAtDisks(recovering, repository, point, signal);
  const { vm, machine } = point;
  const { license } = properties;
  const root = machine && point.disks.find(({ key }) => key === bootDiskKey(machine));
  const disk = replica.disks.find(({ index }) => index === root?.index);
  if (!machine || !disk || license === undefined || shellOf(properties) !== 'own') return replica;
  const shell = await makeShell({
    of: { repository: repository.id, vm: vm.uuid, machine, license },
    name: vm.name,
    snapshot: disk.snapshot,
    cloud,
    clock,
    step: async () => {},
    signal,
  });
  return { ...replica, shell };
}

/** `shell`: the image that Windows takes its licence from, where it is the VM's own. */
export type MadeReplica = Replica & { shell?: { image: string; made: boolean } };

export interface VerifiedReplica {
  vm: string;
  disks: { index: number; snapshot: string; point: string; check: SnapshotCheck }[];
  diagnostics: Diagnostic[];
}

/**
 * Reads blocks of the newest complete snapshots of a replica back and compares them with the points that they
 * are of.
 *
 * @param sample blocks of each disk
 */
export const verifyReplica = (
  context: Context,
  vm: string,
  paths: string[],
  options: CommonOptions & { sample: number },
): Promise<VerifiedReplica | undefined> =>
  withDeclared(context, paths, options, declaredAs('recovery_target', vm), async (recovering, declared) => {
    const { random } = context.io.host;
    const signal = context.io.interrupt;
    const repository = await recovering.repository(repositoryOf(declared));
    const source = await pointsOf(repository, declared.title);
    const store = recovering.cloud.snapshots;
    const points = await source.points(() => {});
    const known = (await replicaOf(store, repository.id, source.uuid, signal))
      .filter(({ state, point }) => state === 'completed' && points.some(({ id }) => id === point))
      .sort((a, b) => b.generation - a.generation);
    const newest = known.filter(({ generation }) => generation === known[0]?.generation);
    const disks: VerifiedReplica['disks'] = [];
    const diagnostics: Diagnostic[] = [];
    if (newest.length === 0) diagnostics.push(noReplica(declared.title));
    for (const { id: snapshot, point: of, identity } of newest) {
      const point = points.find(({ id }) => id === of)!;
      const disk = point.disks.find(one => one.identity === identity);
      if (!disk) continue;
      const reader = await source.reader(point, disk);
      const check = await verifySnapshot(reader, snapshot, { store, random, sample: options.sample, signal });
      disks.push({ index: disk.index, snapshot, point: of, check });
      if (check.problems.length > 0) diagnostics.push(wrong(declared.title, disk.index, snapshot, check));
    }
    return { vm: declared.title, disks: disks.sort((a, b) => a.index - b.index), diagnostics };
  });

const noReplica = (vm: string): Diagnostic =>
  world('no-replica', `${vm} has no complete replica`, {
    hint: `make it: \`converge replicate ${vm} --replica PATHS\``,
  });

const wrong = (vm: string, disk: number, snapshot: string, { problems }: SnapshotCheck): Diagnostic => {
  const shown = problems.slice(0, 5).map(({ block, what }) => `block ${block} ${what}`);
  return world(
    'replica-differs',
    `snapshot ${snapshot} of disk ${disk} of ${vm} isn't what its point holds: ${shown.join(', ')}${problems.length > 5 ? ` and ${problems.length - 5} more` : ''}`,
    {
      hint: `delete ${snapshot} in EC2, then make the replica again; the recovery point itself is not affected`,
    },
  );
};
