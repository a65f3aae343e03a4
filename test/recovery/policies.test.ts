import {
  CreateTagsCommand,
  CreateVolumeCommand,
  DeleteSnapshotCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { mayDelete } from '../../src/app/repository/prune.ts';
import { recoveryOver } from '../../src/aws/recovery/cloud.ts';
import { connectRecovery } from '../../src/aws/recovery/connection.ts';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import { connectSecrets } from '../../src/aws/secrets.ts';
import { nodeHost } from '../../src/io/node.ts';
import { unknownIn } from '../../src/lab/instance/role.ts';
import { cover } from '../../src/recovery/cover/cover.ts';
import { bringHome } from '../../src/recovery/failback/failback.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { buildReplica } from '../../src/recovery/replica/build.ts';
import { openRepository, proveForWriting } from '../../src/replication/repository/open-repository.ts';
import { proveConditions } from '../../src/replication/repository/prove-creation.ts';
import { pin } from '../../src/replication/retention/pins.ts';
import { jobs, type May, policyOf } from '../../src/resources/aws/pilot/policies.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { aZone } from '../lab/ec2/zone.ts';
import { contextOf, pruneOnce } from '../support/prune.ts';
import { commitImage, openTest, readImage, VM } from '../support/repository.ts';
import { away, files } from './away.ts';
import { begun } from './begun.ts';
import { cloud, someBytes, unhurried } from './fixture.ts';

const home = {
  repository: 's3://gdh-vm-replication/dr',
  images: 's3://gdh-vmimport/dr',
  zones: ['Z0000000000001'],
};
const where = { account: '123456789012', region: 'eu-west-1' };

test.each(jobs)('%s: the lab can hold somebody to all of its policy, and no word of it is left open', may => {
  const policy = policyOf({ may, ...home }, where);
  expect(unknownIn(policy)).toBeUndefined();
  expect(JSON.stringify(policy)).not.toMatch(/BUCKET|PREFIX|IMAGES|ACCOUNT|REGION|ZONES/);
  // Whatever changes something says what of: by name, or by the tag that it has or gets.
  for (const { Action, Resource, Condition } of policy.Statement as {
    Action: string[];
    Resource: string[];
    Condition?: object;
  }[])
    if (Resource.includes('*') && may !== 'importer')
      expect([Action.filter(one => !/:(Describe|Get|List)/.test(one)), Condition]).toEqual([[], undefined]);
});

test('without a prefix, and without a bucket of images, a policy is about the whole bucket and no image', () => {
  const text = JSON.stringify(policyOf({ may: 'operator', repository: 's3://only' }, where));
  expect(text).toContain('"arn:aws:s3:::only/*"');
  expect(text).not.toContain('IMAGES');
  // Nor does it switch a record of any zone then, and of those that are named no other.
  expect(text).not.toContain('ChangeResourceRecordSets');
  const of = (zones: string[]) =>
    policyOf({ may: 'operator', repository: 's3://only', zones }, where).Statement.filter(one =>
      JSON.stringify(one).includes('ChangeResourceRecordSets'),
    );
  expect(of(['Z2222', 'Z1111'])).toMatchObject([
    { Resource: ['arn:aws:route53:::hostedzone/Z1111', 'arn:aws:route53:::hostedzone/Z2222'] },
  ]);
});

test('an operator switches records of the zones that its role names, and of no other', async () => {
  const { lab } = await cloud();
  const [named, other] = [await aZone(lab, 'example.com'), await aZone(lab, 'other.example')];
  expect(home.zones).toEqual([named]);
  const { recovery } = await as(lab, 'operator');
  const to = { ttl: 60, values: ['192.0.2.1'] };
  await recovery.dns.upsert(named, [{ zone: named, name: 'web.example.com', type: 'A', to }]);
  expect(await recovery.dns.records(named, 'web.example.com')).toEqual([{ type: 'A', value: to }]);
  await expect(
    recovery.dns.upsert(other, [{ zone: other, name: 'web.other.example', type: 'A', to }]),
  ).rejects.toThrow(denied);
});

/** The lab as somebody with this job sees it, and as its account does. */
async function as(lab: Awaited<ReturnType<typeof cloud>>['lab'], may: May) {
  await lab.command({ do: 'instance', change: { policy: policyOf({ may, ...home }, where) as never } });
  const { region } = lab.settings;
  const { random } = nodeHost();
  const credentials = lab.roleCredentials;
  const settings = { region, credentials, clock: unhurried, random };
  const s3 = await connectS3({ ...settings, endpoint: lab.s3.url });
  const connection = await connectRecovery({ ...settings, endpoint: lab.api.url });
  const recovery = recoveryOver(connection, undefined, { ...settings, endpoint: lab.s3.url });
  const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url, maxAttempts: 1 });
  onTestFinished(() => {
    s3.close();
    recovery.close();
    ec2.destroy();
  });
  const store = s3Store(s3, s3Url('gdh-vm-replication', 'dr'));
  return { s3, recovery, ec2, store, settings };
}
const denied = /did not allow|not authorized/;

test('a writer makes points and replicas and removes none of either; a reader reads; a pruner removes', async () => {
  const { lab } = await cloud();
  const { region, s3: credentials } = lab.settings;
  const root = new S3Client({ region, credentials, endpoint: lab.s3.url, forcePathStyle: true });
  const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
  onTestFinished(() => {
    root.destroy();
    ec2.destroy();
  });
  const LocationConstraint = region as 'eu-west-1';
  for (const Bucket of ['gdh-vm-replication', 'elsewhere'])
    await root.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } }));
  await root.send(new PutObjectCommand({ Bucket: 'gdh-vm-replication', Key: 'other/thing', Body: 'x' }));

  const writer = await as(lab, 'writer');
  const repository = await openTest(writer.store);
  const vm = repository.vm(VM.uuid);
  await commitImage(vm, someBytes('writer', 700_000));
  const build = (recovery: typeof writer.recovery) =>
    vm.newest().then(point =>
      buildReplica({
        repository,
        point: point!,
        store: recovery.snapshots,
        clock: unhurried,
        keep: 1,
        step: async () => {},
      }),
    );
  const { disks } = await build(writer.recovery);
  const snapshot = disks[0]!.snapshot;
  const keys: string[] = [];
  for await (const { key } of writer.store.list('')) keys.push(key);
  await expect(writer.store.remove(keys[0]!)).rejects.toThrow(denied);
  await expect(s3Store(writer.s3, s3Url('gdh-vm-replication', 'other')).get('thing')).rejects.toThrow(denied);
  await expect(
    s3Store(writer.s3, s3Url('elsewhere')).put('x', Buffer.from('x'), {
      when: { ifNoneMatch: '*' } as never,
    }),
  ).rejects.toThrow(denied);
  await expect(
    writer.recovery.snapshots.start({ gib: 1, token: 't', description: 'd', tags: { a: 'b' }, timeout: 60 }),
  ).rejects.toThrow(denied);

  // What a doctor tries with a writer's rights is within them.
  const configuration = (await writer.store.get('converge.json'))!;
  expect(await proveConditions(writer.store, configuration.bytes)).toBe(true);
  await expect(
    writer.store.put('converge.json', Buffer.from('x'), { when: { ifMatch: configuration.etag } }),
  ).rejects.toThrow(denied);

  // Nor does it say of a point that it was removed, or is to be: that would hide it, or let a pruner date it.
  const { names } = contextOf(repository);
  const created = { when: { ifNoneMatch: '*' } as const };
  for (const key of [names.removal(1, '0'.repeat(32)), names.pruning, 'elsewhere'])
    await expect(writer.store.put(key, Buffer.from('x'), created)).rejects.toThrow(denied);
  await expect(writer.store.erase([keys[0]!])).rejects.toThrow(denied);
  expect(await mayDelete(writer.store)).toBe(false);

  const reader = await as(lab, 'reader');
  expect((await reader.store.get(keys[0]!))?.bytes.length).toBeGreaterThan(0);
  for await (const { index, token } of reader.recovery.snapshots.blocks(snapshot))
    expect((await reader.recovery.snapshots.get(snapshot, index, token)).length).toBe(524_288);
  await expect(
    reader.store.put('x', Buffer.from('x'), { when: { ifNoneMatch: '*' } as never }),
  ).rejects.toThrow(denied);
  await expect(reader.store.remove(keys[0]!)).rejects.toThrow(denied);
  await expect(reader.recovery.snapshots.remove(snapshot)).rejects.toThrow(denied);

  // An operator writes what it does, and fences cycles off; of what points are made of it writes nothing.
  const operator = await as(lab, 'operator');
  const operated = await openRepository(operator.store, { random: nodeHost().random });
  await proveForWriting(operated);
  await pin(operated, 'web/1', [{ vm: VM.uuid, point: '0'.repeat(32) }], 1);
  await operated.vm(VM.uuid).fence();
  for (const key of [
    names.removal(1, '0'.repeat(32)),
    names.pruning,
    names.damage,
    names.point(9, '0'.repeat(32)),
  ])
    await expect(operator.store.put(key, Buffer.from('x'), created)).rejects.toThrow(denied);
  for (const key of ['converge.json', keys.find(one => one.includes('/packs/'))!]) {
    const when = { ifMatch: (await operator.store.head(key))!.etag };
    await expect(operator.store.put(key, Buffer.from('x'), { when })).rejects.toThrow(denied);
  }

  // One of somebody else's, which has no tag of ours.
  const made = await ec2.send(
    new CreateVolumeCommand({ AvailabilityZone: 'eu-west-1a', SnapshotId: snapshot }),
  );
  expect(made.VolumeId).toMatch(/^vol-/);
  const pruner = await as(lab, 'pruner');
  await expect(
    pruner.s3.client.send(new DeleteObjectCommand({ Bucket: 'gdh-vm-replication', Key: 'other/thing' })),
  ).rejects.toThrow(denied);
  expect(await mayDelete(pruner.store)).toBe(true);
  const pruning = await openRepository(pruner.store, { random: nodeHost().random });
  const run = await pruneOnce(pruning, { policy: { all: 1 } });
  expect(run.decisions.map(({ keep }) => keep)).toEqual([true]);
  expect(await pruner.store.get(names.pruning)).toBeDefined();
  await pruner.store.remove(keys.at(-1)!);
  await ec2.send(new CreateTagsCommand({ Resources: [snapshot], Tags: [{ Key: 'a', Value: 'b' }] }));
  expect(await pruner.recovery.snapshots.remove(snapshot)).toBe(true);
  await expect(pruner.recovery.machines.terminate(['i-0c0ffee0c0ffee000'])).rejects.toThrow(denied);
});

test('a pruner prunes a bucket that keeps versions, by its own policy; a writer and a reader are refused', async () => {
  const { lab } = await cloud();
  const { region, s3: credentials } = lab.settings;
  const root = new S3Client({ region, credentials, endpoint: lab.s3.url, forcePathStyle: true });
  onTestFinished(() => root.destroy());
  const Bucket = 'gdh-vm-replication';
  const CreateBucketConfiguration = { LocationConstraint: region as 'eu-west-1' };
  await root.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration }));
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await root.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  const random = nodeHost().random;
  const clock = (days: number) => lab.command({ do: 'clock', offset: days * 86_400_000 });
  const writer = await as(lab, 'writer');
  const written = await openTest(writer.store);
  for (let n = 0; n < 6; n++) {
    await clock(n);
    await commitImage(written.vm(VM.uuid), someBytes(`point ${n}`, 300_000));
  }
  const keys = async () => {
    const { Versions = [], DeleteMarkers = [] } = await root.send(new ListObjectVersionsCommand({ Bucket }));
    expect(DeleteMarkers).toEqual([]);
    return new Set(Versions.map(({ Key }) => Key!.replace('dr/', '')));
  };
  const { names } = contextOf(written);
  const there = async (folder: string) =>
    [...(await keys())].filter(key => key.startsWith(`${names.folder}${folder}/`)).length;
  const options = { policy: { all: 1 } };
  for (const may of ['writer', 'reader'] as const) {
    const { store } = await as(lab, may);
    await expect(pruneOnce(await openRepository(store, { random }), options)).rejects.toThrow(denied);
  }
  expect([await there('points'), await there('packs')]).toEqual([6, 6]);
  const { store } = await as(lab, 'pruner');
  const prune = async () => pruneOnce(await openRepository(store, { random }), options);
  expect((await prune()).marked).toHaveLength(3);
  await clock(15);
  const { removed, objects } = await prune();
  expect(removed).toHaveLength(3);
  expect(objects!.removed.objects).toBeGreaterThan(3);
  expect([await there('points'), await there('packs')]).toEqual([3, 3]);
  const left = await written.vm(VM.uuid).points();
  for (const [n, point] of left.entries())
    expect((await readImage(written.vm(VM.uuid), point)).equals(someBytes(`point ${n + 3}`, 300_000))).toBe(
      true,
    );
});

test('who may not ask for the image of a prober is told which call, and readiness doesn’t know then', async () => {
  const { lab } = await cloud();
  const reader = await as(lab, 'reader');
  await expect(reader.recovery.shells.newestLinux()).rejects.toThrow(/ssm:GetParameter.*al2023/);
});

test('a pruner leaves a snapshot alone that has no tag of a repository', async () => {
  const world = await begun();
  const pruner = await as(world.lab, 'pruner');
  const foreign = await world.recovery.snapshots.start({
    gib: 1,
    token: 'foreign',
    description: 'foreign',
    tags: { team: 'web' },
    timeout: 60,
  });
  await expect(pruner.ec2.send(new DeleteSnapshotCommand({ SnapshotId: foreign }))).rejects.toMatchObject({
    name: 'UnauthorizedOperation',
  });
});

test('what lives in EC2 is covered by a writer and brought home by an operator, and nothing else is read', async () => {
  const world = await away();
  const writer = await as(world.lab, 'writer');
  const { run } = await world.at();
  const [machine] = run.start.groups[0]!.machines;
  const covered = await cover({
    repository: world.repository,
    run,
    machine: machine!,
    cloud: writer.recovery,
    clock: unhurried,
    step: async () => {},
    every: 3_600_000,
    keep: 1,
  });
  expect(covered?.snapshots).toHaveLength(1);
  // Nor may it make a snapshot that no set is of, or remove one that it did not take for one.
  await expect(
    writer.recovery.snapshots.take(world.volume, { description: 'a', tags: { 'converge:run': 'a' } }),
  ).rejects.toThrow(denied);

  const operator = await as(world.lab, 'operator');
  const { bytes } = await bringHome(
    { ...(await world.options()), cloud: operator.recovery },
    { to: 'folder', directory: world.directory, files },
  );
  expect(bytes).toBeGreaterThan(0);
  const [live] = await world.live();
  const { VolumeId: theirs } = await world.ec2.send(
    new CreateVolumeCommand({ Size: 1, AvailabilityZone: live!.Placement!.AvailabilityZone }),
  );
  const tags = { 'converge:run': 'a' };
  await expect(operator.recovery.snapshots.take(theirs!, { description: 'a', tags })).rejects.toThrow(denied);
  // The tag of a run is given to what is made, and makes nothing of others converge's.
  await expect(
    operator.ec2.send(
      new CreateTagsCommand({ Resources: [theirs!], Tags: [{ Key: 'converge:run', Value: 'a' }] }),
    ),
  ).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
});

test('an operator rehearses and cleans up, and touches nothing without the tag of a run', async () => {
  const world = await begun();
  const operator = await as(world.lab, 'operator');
  const options = { ...(await world.at()), cloud: operator.recovery };
  // Its prober is of the image that the region itself says is the newest; nothing else of SSM is read.
  const linux = await operator.recovery.shells.newestLinux();
  expect(await operator.recovery.shells.image(linux!)).toMatchObject({ id: linux });
  const secrets = connectSecrets({ ...operator.settings, endpoint: world.lab.api.url });
  onTestFinished(() => secrets.close());
  await expect(secrets.parameter('/converge/key')).rejects.toThrow(/ssm:GetParameter/);
  const [recovered] = await rehearse(options);
  expect(recovered).toMatchObject({ results: [{ outcome: 'passed' }] });
  // What readiness asks beforehand a policy sees as it sees the recovery.
  const { dryRuns } = operator.recovery;
  const { subnet } = world.network;
  const { snapshot } = world.disks[0]!;
  for (const asked of [
    dryRuns.launch({ image: (await operator.recovery.shells.newestLinux())!, type: 'm6i.large', subnet }),
    dryRuns.registerImage({ snapshot, bootMode: 'uefi', tpm: true }),
    dryRuns.createVolume({ snapshot, subnet }),
    dryRuns.writeSnapshot(),
  ])
    expect(await asked).toMatchObject({ allowed: true });
  const own = await world.all();
  const ImageId = own[0]!.ImageId!;
  const foreign = await world.ec2.send(
    new RunInstancesCommand({
      ImageId,
      InstanceType: 'm6i.large',
      MinCount: 1,
      MaxCount: 1,
      SubnetId: world.network.subnet,
    }),
  );
  const theirs = foreign.Instances![0]!.InstanceId!;
  const refused = { name: 'UnauthorizedOperation' };
  for (const command of [
    new TerminateInstancesCommand({ InstanceIds: [theirs] }),
    new TerminateInstancesCommand({ InstanceIds: [own[0]!.InstanceId!, theirs] }),
    // Nor does it make somebody else's its own by a tag.
    new CreateTagsCommand({ Resources: [theirs], Tags: [{ Key: 'a', Value: 'b' }] }),
    new RunInstancesCommand({ ImageId, InstanceType: 'm6i.large', MinCount: 1, MaxCount: 1 }),
  ])
    await expect(operator.ec2.send(command as TerminateInstancesCommand)).rejects.toMatchObject(refused);
  await world.ec2.send(new TerminateInstancesCommand({ InstanceIds: [theirs] }));
  expect(await cleanUp({ ...(await world.at()), cloud: operator.recovery })).toMatchObject({ instances: 1 });
});
