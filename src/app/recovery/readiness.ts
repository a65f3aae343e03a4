import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Catalog, CatalogResource } from '../../engine/model/catalog.ts';
import { select } from '../../engine/select/select.ts';
import { Unreadable } from '../../recovery/readiness/bytes/disk-bytes.ts';
import type { Facts, Readiness } from '../../recovery/readiness/facts.ts';
import { type KnownDisk, lookAt } from '../../recovery/readiness/known-disk.ts';
import { judge } from '../../recovery/readiness/verdict.ts';
import { bootDiskKey, guestFamily } from '../../replication/model/machine.ts';
import type { Point, Repository, VmRepository } from '../../replication/model/repository.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, SelectOptions } from '../options.ts';
import { askCloud } from './ask-cloud.ts';
import { pointsOf, type Recovering, repositoryOf, targetProperties, withEach } from './with-declared.ts';

/** Targets that are looked at together: each waits for the store and for EC2 most of its time. */
const WIDTH = 8;

/** What was found of one target. */
export interface Looked extends Readiness {
  vm: string;
  /** Id and time, milliseconds since the epoch, of the point that it is about. */
  point?: { id: string; time: number };
  /** Disks of the point, how many of them were the same as before, and bytes that were read of them. */
  disks: { count: number; bytes: number; asBefore: number; read: number };
}

/**
 * Judges whether each selected recovery_target would run in EC2, from the bytes of its newest point, its
 * record of the machine, and what EC2 answers. Nothing is made or changed there, and home isn't asked.
 * Undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `not-declared`, `nothing-selected`
 */
export const readiness = (
  context: Context,
  paths: string[],
  options: CommonOptions & SelectOptions,
): Promise<Looked[] | undefined> =>
  withEach(
    context,
    paths,
    options,
    catalog => selected(catalog, options),
    (recovering, declared) => lookAtTarget(recovering, declared, context.io.interrupt),
    WIDTH,
  );

function selected({ resources }: Catalog, { only = [] }: SelectOptions): CatalogResource[] {
  const all = resources.filter(({ type, meta }) => type === 'recovery_target' && meta.ensure !== 'absent');
  if (all.length === 0)
    throw new Failure(
      given('not-declared', 'the manifests declare no recovery_target', {
        hint: 'name the paths that declare them',
      }),
    );
  const taken = select(all, { only });
  return all.filter(({ address }) => taken.has(address));
}

export async function lookAtTarget(
  recovering: Recovering,
  declared: CatalogResource,
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
    lookAtDisks(recovering, repository, vm, point, signal),
    askCloud(recovering, declared, repository, point, signal),
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
    const vm = await pointsOf(repository, declared.title);
    let doubt: string | undefined;
    const point = await vm.newest(({ message }) => {
      doubt ??= message;
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

async function lookAtDisks(
  recovering: Recovering,
  repository: Repository,
  vm: VmRepository,
  point: Point,
  signal: AbortSignal,
): Promise<Looked['disks'] & { facts: Facts['disks'] }> {
  const { machine } = point;
  const boot = machine && bootDiskKey(machine);
  const linux = machine !== undefined && guestFamily(machine) === 'linux';
  const memory = await recovering.memory('readiness');
  const key = `${repository.id}/${vm.uuid}`;
  const before = (memory.get(key) ?? {}) as Record<string, KnownDisk>;
  const after: Record<string, KnownDisk> = {};
  const facts: Record<number, Facts['disks'][number]> = {};
  let [asBefore, read] = [0, 0];
  for (const disk of point.disks)
    try {
      const reader = await vm.reader(point, disk);
      const of = { boot: disk.key === boot, linux };
      const looked = await lookAt(reader, disk, of, before[disk.identity], signal);
      after[disk.identity] = looked.known;
      facts[disk.index] = looked.known.facts;
      read += looked.read.bytes;
      if (looked.known === before[disk.identity]) asBefore++;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Failure) && !(error instanceof Unreadable)) throw error;
      facts[disk.index] = {
        unread: error instanceof Failure ? error.diagnostics[0]!.message : error.message,
      };
    }
  if (asBefore < point.disks.length) await memory.set(key, after);
  const bytes = point.disks.reduce((sum, one) => sum + one.bytes, 0);
  return { count: point.disks.length, bytes, asBefore, read, facts };
}
