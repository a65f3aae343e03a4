import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { bucketApi } from '../../src/aws/buckets.ts';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import type { Policy } from '../../src/lab/instance/policy.ts';
import { type Role, roleOf } from '../../src/lab/instance/role.ts';
import { startS3 } from '../../src/lab/s3/server.ts';
import { type LockPolicy, lockFrom } from '../../src/replication/model/object-lock.ts';
import { extendLocks, planLocks } from '../../src/replication/prune/extend-locks.ts';
import { createRepository, openRepository } from '../../src/replication/repository/open-repository.ts';
import { datesOf } from '../../src/replication/retention/dates.ts';
import { decide } from '../../src/replication/retention/decide.ts';
import { type May, policyOf } from '../../src/resources/aws/pilot/policies.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { credentials, InstantClock, nameOf, realRandom, region, temporaryDir } from '../lab/s3/fixture.ts';
import { contextOf, pruneOnce } from '../support/prune.ts';
import { commitImage, VM } from '../support/repository.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { SteppedClock } from '../support/stepped-clock.ts';
import { diagnosticOf } from './fixture.ts';

const DAY = 24 * 3_600_000;
const BLOCK = 64 * 1024;
const Bucket = 'locked';
const lock: LockPolicy = { mode: 'governance', for: 20 * DAY };

/** A bucket with Object Lock; each role has the rights of its file in `policies/`. */
async function site() {
  const clock = new InstantClock();
  let role: Role | undefined;
  const options = { clock, credentials, region, random: realRandom };
  const lab = await startS3({ ...options, dir: await temporaryDir(), role: async () => role! });
  onTestFinished(() => lab.close());
  const client = (as: object) => {
    const made = new S3Client({
      ...{ endpoint: lab.url, region, forcePathStyle: true, maxAttempts: 1, credentials: as as never },
    });
    // Each request is signed with the time that the lab has by then.
    made.middlewareStack.add(
      next => async args => {
        made.config.systemClockOffset = clock.now() - Date.now();
        return next(args);
      },
      { step: 'initialize' },
    );
    onTestFinished(() => made.destroy());
    return made;
  };
  const connect = async (as: typeof credentials) => {
    const made = await connectS3({ region, endpoint: lab.url, credentials: as, clock, random: realRandom });
    onTestFinished(() => made.close());
    return made;
  };
  const be = (may: May) => {
    const policy = policyOf({ may, repository: `s3://${Bucket}/dr` }, { account: '1', region });
    role = roleOf(credentials, { instanceId: may, accountId: '1', policy: policy as Policy } as never);
    return role.credentials;
  };
  const store = async (may: May) => s3Store(await connect(be(may)), s3Url(Bucket, 'dr'));
  const root = client(credentials);
  await root.send(
    new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: region } }),
  );
  const api = bucketApi(await connect(credentials));
  return { clock, store, root, api, thief: (may: May) => client(be(may)) };
}

test('whoever has stolen the rights of a writer shortens no lock and removes nothing', async () => {
  const { clock, store, root, api, thief } = await site();
  const lockNow = () => lockFrom(lock, clock.now());
  const writer = async () => ({ key: undefined, random: new SeededRandom('roles'), lock: lockNow });
  const refused = await diagnosticOf(createRepository(await store('writer'), await writer()));
  expect(refused.code).toBe('bucket-without-lock');
  expect(refused.hint).toContain('object_lock: true');
  await api.setVersioning(Bucket, true);
  await api.enableObjectLock(Bucket);

  const random = new SeededRandom('image');
  const image = random.bytes(6 * BLOCK);
  const repository = await createRepository(await store('writer'), await writer());
  const vm = repository.vm(VM.uuid);
  for (let n = 0; n < 3; n++) {
    random.bytes(BLOCK).copy(image);
    const blocks = n > 0 ? { blocks: [0] } : {};
    await commitImage(vm, image, { ...blocks, point: { time: clock.now() } });
    clock.time += DAY / 2;
  }
  const context = contextOf(repository);
  const listed = await root.send(new ListObjectVersionsCommand({ Bucket }));
  const versions = (name: string) => listed.Versions!.filter(({ Key }) => Key!.includes(name));
  const [pack] = versions('/packs/');
  const [config] = versions('converge.json');
  const at = { Bucket, Key: pack!.Key! };
  const until = (await root.send(new GetObjectRetentionCommand(at))).Retention!.RetainUntilDate!;

  const by = thief('writer');
  const retain = (days: number, BypassGovernanceRetention: boolean, Mode: 'GOVERNANCE' | 'COMPLIANCE') =>
    new PutObjectRetentionCommand({
      ...{ ...at, BypassGovernanceRetention },
      Retention: { Mode, RetainUntilDate: new Date(clock.now() + days * DAY) },
    });
  const version = { ...at, VersionId: pack!.VersionId! };
  for (const attempt of [
    new DeleteObjectCommand(at),
    new DeleteObjectCommand(version),
    new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true }),
    retain(1, false, 'GOVERNANCE'),
    retain(1, true, 'GOVERNANCE'),
    // So far ahead that nothing could be removed for years: a bill of its own.
    retain(4000, false, 'COMPLIANCE'),
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
    new PutBucketLifecycleConfigurationCommand({
      Bucket,
      LifecycleConfiguration: {
        Rules: [{ ID: 'x', Status: 'Enabled', Filter: {}, Expiration: { Days: 1 } }],
      },
    }),
    new PutObjectCommand({ Bucket, Key: context.names.removal(1, '0'.repeat(32)), Body: 'x' }),
    new PutObjectCommand({ Bucket, Key: context.names.locks, Body: 'x' }),
    new PutObjectCommand({ Bucket, Key: context.names.pruning, Body: 'x' }),
    // Over what is written once: the version that is locked would stay, and nobody would read it.
    ...['/packs/', '/pages/', '/index/'].map(
      name => new PutObjectCommand({ Bucket, Key: versions(name)[0]!.Key!, Body: 'x' }),
    ),
    new PutObjectCommand({ ...at, Body: 'x', IfMatch: pack!.ETag! }),
    // It holds the only copy of what the keys of an encrypted repository open.
    new PutObjectCommand({ Bucket, Key: 'dr/converge.json', Body: 'x' }),
    new PutObjectCommand({ Bucket, Key: 'dr/converge.json', Body: 'x', IfMatch: config!.ETag! }),
  ])
    expect(await nameOf(by.send(attempt as never)), attempt.constructor.name).toBe('AccessDenied');
  expect((await root.send(new GetObjectRetentionCommand(at))).Retention!.RetainUntilDate).toEqual(until);
  const again = new PutObjectCommand({ ...at, Body: 'x', IfNoneMatch: '*' });
  expect(await nameOf(by.send(again))).toBe('PreconditionFailed');

  // Points of a thief are the newest by their number, and stand for no time but that at which they came.
  const before = await vm.points();
  const policy = { all: 5 * DAY, daily: 30 * DAY };
  const kept = (points: typeof before) => {
    const dates = datesOf(points.map(({ generation, time }) => ({ generation, time, stored: clock.now() })));
    const aged = points.map(({ id, generation }, n) => ({ id, generation, ...dates[n]! }));
    return decide(aged, policy, clock.now())
      .filter(({ keep }) => keep)
      .map(({ point }) => point.id);
  };
  for (const time of [clock.now() + 3650 * DAY, clock.now() - 3650 * DAY])
    await commitImage(vm, image, { blocks: [], point: { time } });
  expect(kept(await vm.points())).toEqual(expect.arrayContaining(kept(before)));

  // The extender lengthens, and does nothing else; the pruner doesn't try what is locked.
  clock.time += 15 * DAY;
  const extending = contextOf(await openRepository(await store('extender'), { random }));
  const options = {
    ...{ lock, policy: { all: 60 * DAY }, now: clock.now(), held: false },
    ...{ pins: async () => new Map(), step: async () => {} },
  };
  const plan = await planLocks(extending, repository.vm(VM.uuid), options);
  expect(plan.short.length).toBeGreaterThan(5);
  expect(await extendLocks(extending, plan, options)).toBe(plan.short.length);
  const later = (await root.send(new GetObjectRetentionCommand(at))).Retention!.RetainUntilDate!;
  expect(later.getTime()).toBeGreaterThan(until.getTime() + 14 * DAY);
  const locksmith = thief('extender');
  for (const attempt of [
    new DeleteObjectCommand(version),
    new PutObjectCommand({ Bucket, Key: context.names.head, Body: 'x' }),
    retain(1, true, 'GOVERNANCE'),
  ])
    expect(await nameOf(locksmith.send(attempt as never)), attempt.constructor.name).toBe('AccessDenied');

  const pruner = await store('pruner');
  const sweeper = thief('pruner');
  const soon = new Date(clock.now() + DAY);
  for (const attempt of [
    new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true }),
    new PutObjectRetentionCommand({ ...at, Retention: { Mode: 'GOVERNANCE', RetainUntilDate: soon } }),
    new PutObjectCommand({ ...at, Body: 'x' }),
  ])
    expect(await nameOf(sweeper.send(attempt as never)), attempt.constructor.name).toBe('AccessDenied');
  const [left] = await pruner.erase([context.names.folder + pack!.Key!.split(context.names.folder)[1]!]);
  expect(left).toMatchObject({ why: 'it is locked', until: later.getTime() });
  clock.time = later.getTime() + DAY;
  expect(await pruner.erase([context.names.folder + pack!.Key!.split(context.names.folder)[1]!])).toEqual([]);
  expect(await pruner.head(pack!.Key!.slice('dr/'.length))).toBeUndefined();
});

test('what a pruner writes anew with its own rights is locked from the first moment on', async () => {
  const { clock, store, root, api } = await site();
  await api.setVersioning(Bucket, true);
  await api.enableObjectLock(Bucket);
  const random = new SeededRandom('compacted');
  const image = random.bytes(6 * BLOCK);
  const locking = { key: undefined, random, lock: () => lockFrom(lock, clock.now()) };
  const vm = (await createRepository(await store('writer'), locking)).vm(VM.uuid);
  for (let n = 0; n < 4; n++) {
    for (let block = 0; block < (n === 0 ? 0 : 5); block++) random.bytes(BLOCK).copy(image, block * BLOCK);
    const blocks = n > 0 ? { blocks: [0, 1, 2, 3, 4] } : {};
    await commitImage(vm, image, { ...blocks, point: { time: clock.now() } });
    clock.time += 2 * DAY;
  }
  const versions = async () => {
    const listed = await root.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'dr/' }));
    return listed.Versions!.map(({ Key }) => Key!).filter(key => /\/(packs|index)\//.test(key));
  };
  const pruner = await openRepository(await store('pruner'), locking);
  const before = new Set(await versions());
  // The first point is marked, and of its pack one block is needed.
  const { compacted } = await pruneOnce(pruner, {
    ...{ policy: { all: DAY }, grace: DAY, now: clock.now() },
    compacting: { repository: pruner, clock: new SteppedClock(clock.now()), bytes: 2 ** 30 },
  });
  expect(compacted).toMatchObject({ packs: 1, unread: [] });
  expect(compacted!.not).toBeUndefined();
  const fresh = (await versions()).filter(key => !before.has(key));
  expect(fresh.map(key => key.split('/')[3])).toEqual(['index', 'packs']);
  for (const Key of fresh) {
    const { Retention } = await root.send(new GetObjectRetentionCommand({ Bucket, Key }));
    expect(Retention!.RetainUntilDate!.getTime()).toBeGreaterThan(clock.now() + lock.for - DAY);
  }
});
