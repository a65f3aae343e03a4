import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { CatalogTarget } from '../../engine/model/catalog.ts';
import { resolveTarget } from '../../engine/model/targets.ts';
import type { Clock, Random } from '../../io/ports.ts';
import { parseKey } from '../../replication/format/keys.ts';
import type { Repositories, RepositoryRef } from '../../replication/model/clients.ts';
import type { Conditions } from '../../replication/model/conditions.ts';
import { lockFrom, lockPolicyOf } from '../../replication/model/object-lock.ts';
import type { CanonicalUrl, RepositoryUrl } from '../../replication/model/repository-url.ts';
import type { ObjectStore } from '../../replication/model/store.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import type { S3Url } from '../../values/s3-url.ts';
import { connectS3Of } from '../aws/aws-access.ts';
import type { Closing, Reach } from './reach.ts';

/** `s3://` and `file://` behind one interface; a repository that was opened is kept. */
export function makeRepositories(
  reach: Reach,
  { random, clock }: { random: Random; clock: Clock },
  closing: Closing,
): Repositories {
  const opened = new Map<string, OpenRepository>();
  const written = new Set<OpenRepository>();
  const withoutBucket = new Set<CanonicalUrl>();
  const { known } = reach;
  const opening = async (
    { url, target, key, lock }: RepositoryRef,
    mode: 'read' | 'create',
    there: OpenRepository | undefined,
  ) => {
    const { createRepository, openRepository, proveForWriting } = await import(
      '../../replication/repository/open-repository.ts'
    );
    if (there) {
      await proveForWriting(there);
      return there;
    }
    const store = await storeAt(url, target, reach, closing);
    const secret = key && parseKey(await reach.secret(key), key.$secret);
    const open = mode === 'create' ? createRepository : openRepository;
    const before = await known.at(url);
    const conditions = (id: string): Conditions => ({
      proven: before?.id === id && before.proven === true,
      passed: () => known.note({ url, ...(target && { target }), ...(key && { key }) }, { id, proven: true }),
    });
    const locking = lock && lockPolicyOf(lock);
    return open(store, {
      ...{ key: secret, random, conditions },
      ...(locking && { lock: () => lockFrom(locking, clock.now() + (store.clockAhead?.() ?? 0)) }),
    });
  };
  async function open(ref: RepositoryRef, mode: 'create'): Promise<OpenRepository>;
  async function open(ref: RepositoryRef, mode: 'read' | 'create'): Promise<OpenRepository | undefined>;
  async function open(ref: RepositoryRef, mode: 'read' | 'create') {
    const name = JSON.stringify([ref.url.canonical, ref.target, ref.key, ref.lock]);
    const before = opened.get(name);
    // Whoever writes has to know what the store says about conditions; for a reader it does not matter.
    if (before && (mode === 'read' || written.has(before))) return before;
    try {
      const repository = await opening(ref, mode, before);
      opened.set(name, repository);
      if (mode === 'create') written.add(repository);
      return repository;
    } catch (error) {
      if (mode === 'create' || !(error instanceof Failure) || !isNotThere(error)) throw error;
      if (error.has('bucket-not-found')) withoutBucket.add(ref.url.canonical);
      return undefined;
    }
  }
  return { open, known, isBucketMissing: ({ url }) => withoutBucket.has(url.canonical) };
}

const isNotThere = (failure: Failure) => failure.hasOnly('repository-not-found', 'bucket-not-found');

type Reached = Pick<Reach, 'aws' | 'targets' | 'machine' | 'folder' | 'counter'>;

/** The object store that a repository URL names. */
export async function storeAt(
  url: RepositoryUrl,
  target: string | undefined,
  reach: Reached,
  closing: Closing,
): Promise<ObjectStore> {
  if (url.kind === 's3') return bucketAt(url, target, reach, closing);
  const { fileStore } = await import('../../replication/stores/file.ts');
  const path = reach.machine.platform === 'win32' ? url.folder.windows : url.folder.posix;
  if (path === undefined)
    throw new Failure(
      given('repository-url', `${url.written} names no folder of this machine`, {
        hint: 'write file:///FOLDER with three slashes',
      }),
    );
  // The store works on real paths; in a lab its folder lies with all others below the lab's host.
  return fileStore(reach.folder(path), reach.machine);
}

/** The object store below a prefix of a bucket. */
export async function bucketAt(
  { place, written }: { place: S3Url; written: string },
  target: string | undefined,
  { aws, targets, counter }: Reached,
  closing: Closing,
): Promise<ObjectStore> {
  const { s3Store } = await import('../../aws/s3-store.ts');
  const declared = awsTarget(written, target, targets);
  // Under the name of the target that is called, whoever asks: a VM's own target is another one.
  const connection = await connectS3Of(aws, declared, counter(declared?.name ?? 'aws'));
  closing.push(() => connection.close());
  return s3Store(connection, place);
}

/**
 * The aws target that gives access to `url`. @throws Failure (given) when none of that name, or several, are
 * declared.
 */
export function awsTarget(
  url: string,
  name: string | undefined,
  targets: CatalogTarget[],
): CatalogTarget | undefined {
  const { target, mistake } = resolveTarget(targets, 'aws', name, { url });
  if (!mistake) return target;
  const { code, message, hint } = mistake;
  throw new Failure(given(code, `${message} (for ${url})`, hint === undefined ? {} : { hint }));
}
