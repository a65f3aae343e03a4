import {
  CreateSnapshotCommand,
  DeregisterImageCommand,
  EnableEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import { connectRecovery } from '../../src/aws/recovery/connection.ts';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { bulkTime } from '../../src/io/retry.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { estimateCold } from '../../src/recovery/replica/estimate.ts';
import { stateOf } from '../../src/recovery/run/run.ts';
import { pin, pinned } from '../../src/replication/retention/pins.ts';
import { memoryStore } from '../support/memory-store.ts';
import { commitImage, openTest, VM } from '../support/repository.ts';
import { begun, firmware, killedBefore } from './begun.ts';
import { cloud, replicated, someBytes } from './fixture.ts';

const failureOf = async (work: Promise<unknown>): Promise<Failure> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
};

test('throttled for longer than a few attempts, a failover waits its turn; what fails otherwise is given up', async () => {
  const world = await begun();
  const fault = (rule: object) => world.lab.command({ do: 'fault', on: 'ec2', rule: { ...rule } });
  for (const operation of ['RegisterImage', 'RunInstances', 'DescribeInstances'])
    await fault({ kind: 'throttled', operation, times: 40 });
  await rehearse(await world.at());
  expect(await world.all()).toHaveLength(1);
  await fault({ kind: 'internal-error', operation: 'TerminateInstances', times: 5 });
  const gaveUp = await failureOf(cleanUp(await world.at()));
  expect(gaveUp.diagnostics).toMatchObject([{ code: 'left-behind' }, { code: 'aws-unreachable' }]);
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 1, images: 1 });
});

test('throttled for more than ten minutes: EC2 and the call are named', async () => {
  const { lab } = await cloud();
  const { region, s3: credentials } = lab.settings;
  const began = Date.now();
  let now = began;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const { random } = nodeHost();
  const connection = await connectRecovery({ region, credentials, endpoint: lab.api.url, clock, random });
  onTestFinished(() => connection.close());
  await lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'throttled', times: 10_000 } });
  const { ec2 } = connection;
  const asked = connection.onEc2('DescribeVpcs', 'the network', (client, options) =>
    client.send(new ec2.DescribeVpcsCommand({}), options),
  );
  const { diagnostics } = await failureOf(asked);
  expect(diagnostics).toMatchObject([
    { code: 'aws-throttled', message: expect.stringContaining('ec2:DescribeVpcs on the network') },
  ]);
  expect(now - began).toBeGreaterThanOrEqual(bulkTime);
});

const expired = { kind: 'refused', code: 'RequestExpired', message: 'Request has expired.', times: 10_000 };

test('credentials expire between two groups: the record says where it stopped, and good ones go on', async () => {
  const world = await begun({}, ['web01', 'db01']);
  const expire = async (name: string) => {
    if (name === 'run-db01') await world.lab.command({ do: 'fault', on: 'ec2', rule: expired });
  };
  const { diagnostics } = await failureOf(rehearse(await world.at(expire)));
  expect(diagnostics).toMatchObject([
    {
      code: 'aws-credentials-expired',
      message: expect.stringContaining('the session token has expired'),
      hint: 'Sign in again, then repeat the command.',
    },
  ]);
  const { run } = await world.at();
  expect(stateOf(run)).toBe('running');
  expect(run.steps.map(({ what }) => what)).toEqual(['proven', 'scheduled', 'launched', 'probed', 'refused']);
  expect(run.steps.at(-1)).toMatchObject({ vm: 'db01', why: expect.stringContaining('expired') });
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'clear' } });
  expect((await rehearse(await world.at())).map(({ vm, kept }) => [vm, kept])).toEqual([
    ['web01', true],
    ['db01', undefined],
  ]);
  expect(await world.all()).toHaveLength(2);
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 2, images: 2, foreign: [] });
});

test('expired for EC2 and the repository alike: what failed first is told, and the next run ends right', async () => {
  const world = await begun();
  const options = await world.at(async name => {
    if (name === 'run-web01') await world.lab.command({ do: 'fault', on: 'ec2', rule: expired });
  });
  const { repository } = options;
  const add = async (...of: Parameters<typeof repository.records.add>) => {
    if ((of[3] as { what?: string }).what === 'refused') throw new Error('S3 is out of reach too');
    return repository.records.add(...of);
  };
  const cut = { ...repository, records: { ...repository.records, add } };
  const failure = await failureOf(rehearse({ ...options, repository: cut }));
  expect(failure.diagnostics).toMatchObject([{ code: 'aws-credentials-expired' }]);
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'clear' } });
  await rehearse(await world.at());
  expect(await world.all()).toHaveLength(1);
});

test('several machines of one group are refused: each cause is told, and one that all share once', async () => {
  const world = await begun({}, ['web01', 'db01']);
  const together = async () => {
    const options = await world.at();
    const [one, other] = options.run.start.groups as [
      (typeof options.run.start.groups)[number],
      (typeof options.run.start.groups)[number],
    ];
    one.machines.push(...other.machines);
    options.run.start.groups.pop();
    return options;
  };
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'capacity', times: 2 } });
  const full = await failureOf(rehearse(await together()));
  expect(full.diagnostics.map(({ message }) => /room for (\w+)/.exec(message)?.[1]).sort()).toEqual([
    'db01',
    'web01',
  ]);
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { ...expired, operation: 'RunInstances' } });
  const out = await failureOf(rehearse(await together()));
  expect(out.diagnostics).toMatchObject([{ code: 'aws-credentials-expired' }]);
});

test('the image is gone before it was run: it is registered again, and one instance runs', async () => {
  const world = await begun();
  await expect(rehearse(await world.at(killedBefore('run-web01')))).rejects.toThrow('killed');
  const { images } = await standing(world.repository, (await world.at()).run, world.recovery);
  await world.ec2.send(new DeregisterImageCommand({ ImageId: images[0] }));
  await rehearse(await world.at());
  expect(await world.all()).toMatchObject([{ ImageId: expect.not.stringMatching(images[0]!) }]);
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 1, images: 1 });
});

test('a snapshot that a test was begun with is gone: told with the way out, which works', async () => {
  const world = await begun();
  for (const { snapshot } of world.disks) await world.store.remove(snapshot);
  const { diagnostics } = await failureOf(rehearse(await world.at()));
  expect(diagnostics).toMatchObject([
    {
      code: 'replica-snapshot-gone',
      message: expect.stringMatching(/^converge web01 \w+ needs a snapshot that is gone: .*snap-/),
      hint: expect.stringContaining('cleanup'),
    },
  ]);
  expect(await world.all()).toEqual([]);
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 0, images: 0, schedules: 1 });
  expect((await world.build()).disks).toMatchObject([{ built: 'full' }]);
});

test('a snapshot of a volume with the tags of a replica is not the replica: neither taken nor removed', async () => {
  const world = await begun();
  await rehearse(await world.at());
  const { volumes } = await standing(world.repository, (await world.at()).run, world.recovery);
  const [ours] = await world.store.list({ ids: world.disks.map(({ snapshot }) => snapshot) });
  const Tags = Object.entries({ ...ours!.tags, 'converge:attempt': '7' }).map(([Key, Value]) => ({
    Key,
    Value,
  }));
  const theirs = await world.ec2.send(
    new CreateSnapshotCommand({
      VolumeId: volumes[0],
      TagSpecifications: [{ ResourceType: 'snapshot', Tags }],
    }),
  );
  await cleanUp(await world.at());
  await world.store.remove(ours!.id);
  const { disks } = await world.build();
  expect(disks).toMatchObject([{ built: 'full' }]);
  await commitImage(world.vm, someBytes('next', 700_000), { point: { machine: firmware } });
  expect((await world.build({ keep: 1 })).retired).toEqual([disks[0]!.snapshot]);
  expect(await world.store.list({ ids: [theirs.SnapshotId!] })).toHaveLength(1);
});

test('encryption by default is switched on between the plan and the build: a new lineage, at once', async () => {
  const world = await begun();
  const seen = await world.store.encryption();
  expect(seen).toEqual({ on: false });
  await commitImage(world.vm, someBytes('next', 700_000), { point: { machine: firmware } });
  await world.ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
  const { disks } = await world.build({ encryption: seen });
  expect(disks).toMatchObject([{ built: 'full', reason: 'other-encryption' }]);
  expect(await world.store.list({ ids: [disks[0]!.snapshot] })).toMatchObject([
    { state: 'completed', encrypted: true },
  ]);
});

test('encryption by default is switched on while a first snapshot is written: it is begun anew', async () => {
  const world = await begun();
  for (const { snapshot } of world.disks) await world.store.remove(snapshot);
  await expect(world.build({ step: killedBefore('put-disk-0') })).rejects.toThrow('killed');
  await world.ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
  const { disks } = await world.build();
  expect(await world.store.list({ ids: [disks[0]!.snapshot] })).toMatchObject([
    { state: 'completed', encrypted: true },
  ]);
});

test('a pin that is set right before a snapshot would be removed keeps it', async () => {
  const world = await begun();
  await commitImage(world.vm, someBytes('next', 700_000), { point: { machine: firmware } });
  const late = async (name: string) => {
    if (name === 'retire') await pin(world.repository, 'web/9', [{ vm: VM.uuid, point: world.point.id }], 0);
  };
  expect((await world.build({ keep: 1, step: late })).retired).toEqual([]);
  expect(await world.store.list({ ids: world.disks.map(({ snapshot }) => snapshot) })).toHaveLength(1);
});

test('a point whose pack is missing is refused before anything is begun with it', async () => {
  const aws = await cloud();
  const repository = await openTest(memoryStore());
  const vm = repository.vm(VM.uuid);
  await commitImage(vm, someBytes('root', 700_000), { point: { machine: firmware } });
  const point = (await vm.newest())!;
  expect(await estimateCold(repository, point, aws.store)).toMatchObject({ blocks: 2 });
  const packs: string[] = [];
  for await (const { key } of repository.store.list('')) if (key.includes('/packs/')) packs.push(key);
  expect(packs).toHaveLength(1);
  await repository.store.remove(packs[0]!);
  const { diagnostics } = await failureOf(estimateCold(repository, point, aws.store));
  expect(diagnostics).toMatchObject([
    {
      code: 'missing-object',
      message: expect.stringContaining(`of ${point.vm.name} of`),
      hint: expect.stringContaining('--point'),
    },
  ]);
  expect(diagnostics[0]!.message).toContain(packs[0]!);
  expect(await aws.store.list({ tags: {} })).toEqual([]);
  expect(await pinned(repository)).toEqual([]);
});

test('a point that is warm needs none of its packs', async () => {
  const aws = await cloud();
  const { repository, vm, build } = await replicated(aws);
  await commitImage(vm, someBytes('root', 700_000), { point: { machine: firmware } });
  const { point } = await build();
  for await (const { key } of repository.store.list(''))
    if (key.includes('/packs/')) await repository.store.remove(key);
  expect(await estimateCold(repository, point, aws.store)).toBeUndefined();
});

test('disks of no bytes and of more than 64 TiB are refused with the plan, all of them', async () => {
  const world = await begun();
  const [disk] = world.point.disks as [(typeof world.point.disks)[number]];
  const sized = (bytes: number, index: number) => ({ ...disk, index, label: `Hard disk ${index}`, bytes });
  const most = 2 ** 46;
  const wrong = { ...world.point, disks: [sized(0, 0), sized(most, 1), sized(most + 1, 2)] };
  const { diagnostics } = await failureOf(estimateCold(world.repository, wrong, world.store));
  expect(diagnostics.map(({ code, message }) => [code, message])).toEqual([
    ['replica-size', `disk 0 (Hard disk 0) of ${VM.name} has no bytes: EBS can't hold it`],
    [
      'replica-size',
      `disk 2 (Hard disk 2) of ${VM.name} has 65537 GiB, and a volume has 65536 at most: EBS can't hold it`,
    ],
  ]);
});
