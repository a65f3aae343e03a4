import {
  DeregisterImageCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  DisableEbsEncryptionByDefaultCommand,
  EC2Client,
  EnableEbsEncryptionByDefaultCommand,
} from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import { recoveryOver } from '../../src/aws/recovery/cloud.ts';
import { evidenceOf } from '../../src/recovery/evidence/evidence.ts';
import { failedOf, tryAgain } from '../../src/recovery/failover/attempts.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { fitFor, machineOf, type TargetMachine } from '../../src/recovery/failover/prepare.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { ORDER_TAG } from '../../src/recovery/guest/order.ts';
import { type CloudImage, RUN_TAG } from '../../src/recovery/model/machines.ts';
import { SERIES } from '../../src/recovery/model/plan.ts';
import { estimateCold } from '../../src/recovery/replica/estimate.ts';
import { newestRun } from '../../src/recovery/run/keep.ts';
import { ATTEMPT_TAG, DISK_TAG, machineTags } from '../../src/recovery/run/names.ts';
import { launchedElsewhere, type PostLaunch, type RunStart } from '../../src/recovery/run/run.ts';
import { findShell, makeShell } from '../../src/recovery/shell/own.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { aDisk, aMachine, blockNumbers, commitImage, pointContent } from '../support/repository.ts';
import { hour, killedBefore, nobody, role } from './begun.ts';
import { cloud, replicated, sha256, someBytes, unhurried } from './fixture.ts';
import { apart } from './network.ts';

const windows = { ...aMachine, guest_id: 'windows2019srv_64Guest', firmware: 'bios' as const };
const licensed: TargetMachine = { vm: 'web01', instance_type: 'm6i.large', license: 'aws', shell: 'stock' };

/** A Windows machine with a replica. `data`: it has a second disk. */
async function world({
  data = false,
  machine = windows,
  target = licensed,
}: {
  data?: boolean;
  machine?: typeof aMachine;
  target?: TargetMachine;
} = {}) {
  const aws = await cloud();
  const { region, s3: credentials } = aws.lab.settings;
  const ec2 = new EC2Client({ region, credentials, endpoint: aws.lab.api.url, maxAttempts: 1 });
  onTestFinished(() => ec2.destroy());
  const recovery = recoveryOver(aws.connection);
  onTestFinished(() => recovery.close());
  const network = await apart(ec2);
  const { repository, vm, build } = await replicated(aws);
  const root = Buffer.concat([bootBlock(), someBytes('root', 100_000)]);
  const second = someBytes('data', 600_000);
  const images = data ? [root, second] : [root];
  const writer = await vm.writer(undefined, async () => {});
  for (const [index, image] of images.entries()) {
    const disk = aDisk(image.length, { index, key: 2000 + index, identity: `disk-${index}` });
    const into = await writer.disk(disk);
    for (const block of blockNumbers(image, disk.blockSize))
      await into.put(block, image.subarray(block * disk.blockSize, (block + 1) * disk.blockSize));
  }
  await writer.commit(pointContent({ machine }), async () => {});
  const made = await build();
  const { point } = made;
  const snapshots = new Map(made.disks.map(({ index, snapshot }) => [index, snapshot]));
  const fits = () => fitFor(point, target, repository.id, recovery);
  const begin = async (own?: PostLaunch) => {
    const start: RunStart = {
      version: 1,
      plan: 'web',
      number: 1,
      began: Date.now(),
      account: (await recovery.machines.network([network.subnet], network.group)).account,
      subnet: network.subnet,
      group: network.group,
      groups: [
        {
          machines: [
            {
              ...machineOf(point, target, await fits(), snapshots),
              ...(own && { post_launch: own }),
            },
          ],
          wait: 0,
        },
      ],
      limit: hour,
      teardown: { role },
      probes: { web01: [{ kind: 'status', within: 60_000 }] },
    };
    expect(await repository.records.add('web', SERIES.run, 1, start)).toBe(true);
    return start;
  };
  const at = async (step: (name: string) => Promise<void> = async () => {}) => ({
    repository,
    run: (await newestRun(repository, 'web'))!,
    cloud: recovery,
    prober: nobody,
    clock: unhurried,
    step,
  });
  const instances = async () =>
    (await ec2.send(new DescribeInstancesCommand({})))
      .Reservations!.flatMap(it => it.Instances!)
      .filter(it => it.LaunchTime!.getTime() > 0);
  const volumes = async () =>
    (await ec2.send(new DescribeVolumesCommand({}))).Volumes!.filter(({ Tags = [] }) =>
      Tags.some(({ Key }) => Key === RUN_TAG),
    );
  return {
    ...aws,
    ...{
      ec2,
      recovery,
      network,
      repository,
      vm,
      point,
      made,
      build,
      fits,
      begin,
      at,
      instances,
      volumes,
      images,
    },
  };
}

/**
 * One machine that runs from its own disks alone, each with the bytes of its point before anybody wrote to
 * it.
 */
async function expectRecovered(of: Awaited<ReturnType<typeof world>>, id: string) {
  const [instance, ...others] = await of.instances();
  expect(others).toEqual([]);
  expect(instance).toMatchObject({
    InstanceId: id,
    State: { Name: 'running' },
    PlatformDetails: 'Windows',
    UsageOperation: 'RunInstances:0002',
    SecurityGroups: [{ GroupId: of.network.group }],
  });
  expect(instance!.IamInstanceProfile).toBeUndefined();
  const mapped = instance!.BlockDeviceMappings!;
  expect(mapped.map(({ DeviceName }) => DeviceName)).toEqual(
    ['/dev/sda1', 'xvdf'].slice(0, of.images.length),
  );
  expect(mapped.every(({ Ebs }) => Ebs!.DeleteOnTermination)).toBe(true);
  for (const [n, image] of of.images.entries()) {
    const volume = mapped[n]!.Ebs!.VolumeId!;
    const asked = { do: 'volume', volume, firstStart: true, length: image.length } as const;
    expect((await of.lab.command(asked)).data).toMatchObject({
      sha256: sha256(image),
      restIsZero: true,
      // The system that was the first to write to it is its own.
      firstStart: { instance: id, root: mapped[0]!.Ebs!.VolumeId },
    });
  }
  // The shell's own disk is gone.
  expect((await of.volumes()).map(({ VolumeId }) => VolumeId).sort()).toEqual(
    mapped.map(({ Ebs }) => Ebs!.VolumeId!).sort(),
  );
}

/** Nothing that the run made is left: counted in EC2, not by the run's own eyes. */
async function expectNothingLeft(of: Awaited<ReturnType<typeof world>>) {
  expect((await of.instances()).filter(({ State }) => State!.Name !== 'terminated')).toEqual([]);
  expect(await of.volumes()).toEqual([]);
  const { SecurityGroups } = await of.ec2.send(new DescribeSecurityGroupsCommand({}));
  expect(SecurityGroups!.filter(({ GroupName }) => GroupName!.startsWith('converge-'))).toEqual([]);
}

test.for([
  ['root alone: EC2 exchanges it', false],
  ['with a data disk: stopped, exchanged, started', true],
] as const)('Windows from a stock shell, %s', async ([, data]) => {
  const of = await world({ data });
  await of.begin();
  const [recovered] = await rehearse(await of.at());
  expect(recovered!.results).toMatchObject([{ outcome: 'passed' }]);
  await expectRecovered(of, recovered!.instance);
  const { run } = await of.at();
  expect(run.steps.map(({ what }) => what)).toEqual([
    'proven',
    'scheduled',
    'launched',
    'swapped',
    'probed',
    'finished',
  ]);
  expect(await cleanUp(await of.at())).toMatchObject({ instances: 1, images: 0, foreign: [] });
  await expectNothingLeft(of);
});

const always = [
  'proven',
  'schedule',
  'quarantine',
  'run-web01',
  'launched-web01',
  'create-web01',
  'groups-web01',
  'swapped-web01',
];
const byTask = ['replace-root-web01', 'probed-web01'];
const byHand = [
  'stop-web01',
  'detach-web01',
  'attach-web01',
  'end-with-web01',
  'start-web01',
  'remove-web01',
];
test.for([
  ...[...always, ...byTask].map(step => [step, false] as const),
  ...[...always, ...byHand].map(step => [step, true] as const),
])(
  'killed before each %s (data disk: %s), the next run ends right',
  { timeout: 60_000 },
  async ([step, data]) => {
    const of = await world({ data });
    await of.begin();
    // Each time that the step comes, another life ends before it; the next gets past it once.
    let times = 0;
    const mortal = (passed: number) => async (name: string) => {
      if (name !== step) return;
      if (times++ >= passed) throw new Error('killed');
    };
    let lives = 0;
    for (let passed = 0; ; passed++) {
      times = 0;
      const done = await rehearse(await of.at(mortal(passed))).then(
        () => true,
        error => {
          expect((error as Error).message).toBe('killed');
          return false;
        },
      );
      if (done) break;
      lives++;
      expect(lives).toBeLessThan(6);
    }
    expect(lives).toBeGreaterThan(0);
    const [instance] = await of.instances();
    await expectRecovered(of, instance!.InstanceId!);
    expect(await cleanUp(await of.at())).toMatchObject({ instances: 1, groups: 1 });
    await expectNothingLeft(of);
  },
);

test.for(['replace-root-web01', 'stop-web01', 'attach-web01', 'groups-web01'])(
  'cleaned up from the middle of it (before %s), nothing is left',
  async step => {
    const of = await world({ data: step !== 'replace-root-web01' });
    await of.begin();
    await expect(rehearse(await of.at(killedBefore(step)))).rejects.toThrow('killed');
    for (const at of ['terminate', 'delete-volume', 'delete-group', 'cleaned'])
      await cleanUp(await of.at(killedBefore(at))).catch(error =>
        expect((error as Error).message).toBe('killed'),
      );
    await cleanUp(await of.at());
    await expectNothingLeft(of);
  },
);

test('until it has its own disks it is in a group that lets nothing in or out, without profile or user data', async () => {
  const of = await world({ data: true });
  await of.begin();
  const seen: unknown[] = [];
  const look = async (name: string) => {
    if (!/^(create|stop|detach|attach|end-with|start|remove|groups)-/.test(name)) return;
    const [instance] = await of.instances();
    const ids = instance!.SecurityGroups!.map(({ GroupId }) => GroupId!);
    const { SecurityGroups } = await of.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds: ids }));
    seen.push(name);
    for (const group of SecurityGroups!)
      expect([...group.IpPermissions!, ...group.IpPermissionsEgress!], name).toEqual([]);
    expect(instance!.IamInstanceProfile).toBeUndefined();
  };
  await rehearse(await of.at(look));
  expect(seen.length).toBeGreaterThan(7);
});

test.for(['failed', 'failed-detached'] as const)(
  'an exchange of the root that ends %s is done by hand',
  async state => {
    const of = await world();
    await of.begin();
    await of.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'replace-fails', state } });
    const said: string[] = [];
    const [recovered] = await rehearse({ ...(await of.at()), say: line => said.push(line) });
    const failed = `web01: the exchange of its root failed (${state}): its disk is put in by hand`;
    expect(said.filter(line => line === failed)).toHaveLength(1);
    const [asked, told, put] = [
      'web01: its root is exchanged',
      failed,
      'web01: its own disk is put in 0',
    ].map(line => said.indexOf(line));
    expect(asked).toBeGreaterThanOrEqual(0);
    expect(told).toBeGreaterThan(asked!);
    expect(put).toBeGreaterThan(told!);
    await expectRecovered(of, recovered!.instance);
    await cleanUp(await of.at());
    await expectNothingLeft(of);
  },
);

test('an answer that is lost makes no second volume', async () => {
  const of = await world({ data: true });
  await of.begin();
  const rule = { kind: 'lost-answer', operation: 'CreateVolume' } as const;
  await of.lab.command({ do: 'fault', on: 'ec2', rule });
  const [recovered] = await rehearse(await of.at());
  await expectRecovered(of, recovered!.instance);
});

/** What failed is tried again, as `converge failover retry` does. */
async function retry(options: Awaited<ReturnType<Awaited<ReturnType<typeof world>>['at']>>, anew: boolean) {
  const again = await failedOf(options, anew);
  await tryAgain(options, again, options);
  await rehearse(options);
  return again;
}

/** The one instance that still runs, or is on its way there. */
async function expectOneLive(of: Awaited<ReturnType<typeof world>>) {
  const live = (await of.instances()).filter(({ State }) => State!.Name !== 'terminated');
  expect(live).toHaveLength(1);
  expect(live[0]).toMatchObject({
    State: { Name: 'running' },
    SecurityGroups: [{ GroupId: of.network.group }],
  });
  return live[0]!;
}

test.for([
  ['replace-root-web01', false],
  ['stop-web01', true],
  ['attach-web01', true],
  ['start-web01', true],
  ['probed-web01', true],
] as const)(
  'killed before %s (data disk: %s) and tried again anew: another shell, and nothing of the first is left',
  async ([step, data]) => {
    const of = await world({ data });
    await of.begin();
    await expect(rehearse(await of.at(killedBefore(step)))).rejects.toThrow('killed');
    const [first] = await of.instances();
    // Whoever tries again may die at the end of what was there before.
    await expect(retry(await of.at(killedBefore('end-superseded')), true)).rejects.toThrow('killed');
    if (step === 'attach-web01')
      await expect(rehearse(await of.at(killedBefore('delete-superseded-volume')))).rejects.toThrow('killed');
    await rehearse(await of.at());
    const { InstanceId: id, BlockDeviceMappings: mapped } = await expectOneLive(of);
    expect(id).not.toBe(first!.InstanceId);
    const held = mapped!.map(({ Ebs }) => Ebs!.VolumeId!).sort();
    expect((await of.volumes()).map(({ VolumeId }) => VolumeId!).sort()).toEqual(held);
    const { run } = await of.at();
    expect(await standing(of.repository, run, of.recovery)).toMatchObject({
      instances: [id],
      volumes: expect.toSatisfy((ids: string[]) => ids.toSorted().join() === held.join()),
      loose: [],
      foreign: [],
    });
    await cleanUp(await of.at());
    await expectNothingLeft(of);
  },
);

test('a volume of an attempt that was given up, made late, is not put into the next one', async () => {
  const of = await world({ data: true });
  const start = await of.begin();
  await expect(rehearse(await of.at(killedBefore('create-web01')))).rejects.toThrow('killed');
  const [machine] = start.groups[0]!.machines;
  const tags = machineTags(of.repository.id, start, machine!.uuid);
  // Whoever began the first attempt lives on for a while.
  const late = async (name: string) => {
    if (name !== 'launched-web01') return;
    const wanted = { zone: 'eu-west-1a', encrypted: false, tags: { ...tags, [DISK_TAG]: '0' } };
    await of.recovery.volumes.create({ ...wanted, snapshot: machine!.disks[0]!.snapshot!, token: 'late' });
  };
  await retry(await of.at(late), true);
  const { BlockDeviceMappings: mapped } = await expectOneLive(of);
  const held = mapped!.map(({ Ebs }) => Ebs!.VolumeId!);
  const attempts = (await of.recovery.volumes.list(tags)).map(one => [
    held.includes(one.id),
    one.tags[ATTEMPT_TAG],
  ]);
  expect(attempts.sort()).toEqual([
    [false, undefined],
    [true, '1'],
    [true, '1'],
  ]);
  await cleanUp(await of.at());
  await expectNothingLeft(of);
});

test('stopped in the middle of its exchange of disks, one that is tried again goes on as the same instance', async () => {
  const of = await world({ data: true });
  await of.begin();
  await expect(rehearse(await of.at(killedBefore('attach-web01')))).rejects.toThrow('killed');
  const again = await retry(await of.at(), false);
  expect(again).toMatchObject([{ vm: 'web01', anew: false }]);
  const [instance] = await of.instances();
  await expectRecovered(of, instance!.InstanceId!);
  // What passed is left alone.
  expect(await failedOf(await of.at(), true)).toEqual([]);
});

test('a type of another attempt is tried anew under a token of its own, and counted', async () => {
  const of = await world({ target: { ...licensed, else_types: ['m6a.large'] } });
  await of.begin();
  await of.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'capacity', type: 'm6i.large' } });
  await expect(rehearse(await of.at(killedBefore('probed-web01')))).rejects.toThrow('killed');
  await of.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'capacity', type: 'm6i.large' } });
  await retry(await of.at(), true);
  const { InstanceId: id, InstanceType: type } = await expectOneLive(of);
  expect(type).toBe('m6a.large');
  const { run } = await of.at();
  expect(await standing(of.repository, run, of.recovery)).toMatchObject({ instances: [id], foreign: [] });
  await cleanUp(await of.at());
  await expectNothingLeft(of);
});

test('the entry that ends it is there before its shell is launched', async () => {
  const of = await world();
  await of.begin();
  const steps: string[] = [];
  await rehearse(
    await of.at(async name => {
      steps.push(name);
    }),
  );
  expect(steps.slice(0, 5)).toEqual(['proven', 'schedule', 'scheduled', 'quarantine', 'run-web01']);
});

test('no capacity of the first type: the next one is taken, once', async () => {
  const of = await world({ target: { ...licensed, else_types: ['m6a.large', 'm5.large'] } });
  await of.begin();
  for (const type of ['m6i.large', 'm6a.large'])
    await of.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'capacity', type } });
  await expect(rehearse(await of.at(killedBefore('launched-web01')))).rejects.toThrow('killed');
  const [recovered] = await rehearse(await of.at());
  await expectRecovered(of, recovered!.instance);
  expect((await of.instances())[0]!.InstanceType).toBe('m5.large');
  // Found by its token after the interruption, it is on record as what it is.
  expect(recovered).toMatchObject({ type: 'm5.large' });
  expect(launchedElsewhere((await of.at()).run, recovered!.instance)).toEqual({ type: 'm5.large' });
  expect(evidenceOf((await of.at()).run).machines).toMatchObject([{ type: 'm5.large' }]);
  expect(await standing(of.repository, (await of.at()).run, of.recovery)).toMatchObject({ foreign: [] });
});

test('no capacity of any: all that was tried is said, and nothing was launched', async () => {
  const of = await world({ target: { ...licensed, else_types: ['m6a.large'] } });
  await of.begin();
  await of.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'capacity', times: 2 } });
  await expect(rehearse(await of.at())).rejects.toThrow(
    /no room for web01: m6i.large in subnet-\w+: Insufficient.*; m6a.large in subnet-\w+: Insufficient/,
  );
  expect(await of.instances()).toEqual([]);
});

test('the image of the shell is gone by then: nothing is launched', async () => {
  const of = await ownWorld();
  const { image } = await makeShell(of.shell());
  await of.begin();
  await of.ec2.send(new DeregisterImageCommand({ ImageId: image }));
  await expect(rehearse(await of.at())).rejects.toThrow(
    `the image ${image} that web01 takes its licence from is gone`,
  );
  expect(await of.instances()).toEqual([]);
});

test.for<[string, Partial<CloudImage>, RegExp]>([
  [
    'is billed otherwise by then',
    { usageOperation: 'RunInstances:0800' },
    /bills the image ami-\w+ of web01 as/,
  ],
  [
    'starts otherwise by then',
    { bootMode: 'uefi' },
    /web01 starts with BIOS, and the image ami-\w+ with UEFI/,
  ],
  ['failed by then', { state: 'failed' }, /the image ami-\w+ that web01 takes its licence from is failed/],
])('the image of the shell %s: nothing is launched', async ([, seen, message]) => {
  const of = await world();
  await of.begin();
  const { shells } = of.recovery;
  const image: typeof shells.image = async (...asked) => {
    const found = await shells.image(...asked);
    return found && { ...found, ...seen };
  };
  const options = await of.at();
  const cloud = { ...of.recovery, shells: { ...shells, image } };
  await expect(rehearse({ ...options, cloud })).rejects.toThrow(message);
  expect(await of.instances()).toEqual([]);
});

/** Under a licence of one's own, from a shell of one's own. */
async function ownWorld(machine = windows) {
  const target: TargetMachine = { ...licensed, license: 'byol', shell: 'own', tenancy: 'dedicated' };
  const of = await world({ machine, target });
  const shell = (
    step: (name: string) => Promise<void> = async () => {},
    more: Partial<typeof windows> = {},
  ) => ({
    of: {
      repository: of.repository.id,
      vm: of.point.vm.uuid,
      machine: { ...machine, ...more },
      license: 'byol' as const,
    },
    name: 'web01',
    snapshot: of.made.disks[0]!.snapshot,
    cloud: of.recovery,
    clock: unhurried,
    step,
  });
  return { ...of, shell };
}

test('an own shell is imported once, and again for another edition; the old one is removed', async () => {
  const of = await ownWorld();
  await expect(of.fits()).rejects.toThrow(/no shell of its own/);
  for (const step of ['import-shell', 'tag-shell']) {
    const kill = async (name: string) => {
      if (name === step) throw new Error('killed');
    };
    await expect(makeShell(of.shell(kill))).rejects.toThrow('killed');
  }
  const first = await makeShell(of.shell());
  expect(await makeShell(of.shell())).toEqual({ image: first.image, made: false });
  expect((await of.fits()).shell).toMatchObject({ image: first.image, license: 'byol' });
  expect(await of.recovery.shells.image(first.image)).toMatchObject({
    platformDetails: 'Windows BYOL',
    usageOperation: 'RunInstances:0800',
    bootMode: 'legacy-bios',
  });
  const second = await makeShell(of.shell(undefined, { guest_id: 'windows2019srvNext_64Guest' }));
  expect(second).toEqual({ image: expect.not.stringMatching(first.image), made: true });
  expect(await of.recovery.shells.image(first.image)).toBeUndefined();
});

test('Windows from a shell of its own runs under its own licence, on hardware of its own', async () => {
  const of = await ownWorld();
  await makeShell(of.shell());
  await of.begin();
  const [recovered] = await rehearse(await of.at());
  const [instance] = await of.instances();
  expect(instance).toMatchObject({
    InstanceId: recovered!.instance,
    PlatformDetails: 'Windows BYOL',
    Placement: { Tenancy: 'dedicated' },
  });
  await cleanUp(await of.at());
  await expectNothingLeft(of);
});

test.for<[string, Partial<CloudImage>]>([
  ['license-mismatch', { usageOperation: 'RunInstances:0002' }],
  ['license-mismatch', { platformDetails: 'Windows' }],
  ['shell-boot-mode', { bootMode: 'uefi' }],
])('an import that became something else (%s %o) is no shell', async ([code, seen]) => {
  const of = await ownWorld();
  const { shells, machines, imports } = of.recovery;
  const image: typeof shells.image = async (...asked) => {
    const found = await shells.image(...asked);
    return found && { ...found, ...seen };
  };
  const cloud = { machines, imports, shells: { ...shells, image } };
  await expect(makeShell({ ...of.shell(), cloud })).rejects.toMatchObject({ diagnostics: [{ code }] });
  await expect(of.fits()).rejects.toThrow(/no shell of its own/);
  // Nor is one that has the tags of a shell.
  await makeShell(of.shell());
  const images: typeof machines.images = async (...asked) =>
    (await machines.images(...asked)).map(one => ({ ...one, ...seen }));
  expect(await findShell({ ...machines, images }, of.shell().of)).toBeUndefined();
});

test('after an import that failed another point is another attempt; the same one fails again', async () => {
  const of = await ownWorld();
  const tokens: string[] = [];
  const { shells, machines, imports } = of.recovery;
  const start: typeof imports.start = async (asked, ...rest) => {
    tokens.push(asked.token);
    return imports.start(asked, ...rest);
  };
  const cloud = { machines, shells, imports: { ...imports, start } };
  const fails = {
    do: 'fault',
    on: 'ec2',
    rule: { kind: 'import-fails', message: 'ClientError: no' },
  } as const;
  await of.lab.command(fails);
  await expect(makeShell({ ...of.shell(), cloud })).rejects.toThrow('ClientError: no');
  await expect(makeShell({ ...of.shell(), cloud })).rejects.toThrow('ClientError: no');
  await commitImage(of.vm, Buffer.concat([bootBlock(), someBytes('mended', 100_000)]), {
    point: { machine: windows },
  });
  const { disks } = await of.build();
  expect(await makeShell({ ...of.shell(), cloud, snapshot: disks[0]!.snapshot })).toMatchObject({
    made: true,
  });
  const [first, again, other] = tokens;
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('a root that the account encrypts is replaced by an encrypted one', async () => {
  const of = await world();
  await of.begin();
  const options = await of.at(async name => {
    // Of the shell alone: what is made later is as the request says.
    if (name === 'run-web01') await of.ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
    if (name === 'launched-web01') await of.ec2.send(new DisableEbsEncryptionByDefaultCommand({}));
  });
  const [recovered] = await rehearse(options);
  await expectRecovered(of, recovered!.instance);
  expect((await of.volumes()).map(({ Encrypted }) => Encrypted)).toEqual([true]);
});

test('an import that fails says all that EC2 said', async () => {
  const of = await ownWorld();
  const message = 'ClientError: Unable to find an OS. (EFI partition found, boot mode legacy-bios)';
  await of.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'import-fails', message } });
  await expect(makeShell(of.shell())).rejects.toThrow(message);
});

test.for<[string, Partial<typeof windows>, TargetMachine, RegExp]>([
  ['no licence', {}, { vm: 'web01', instance_type: 'm6i.large' }, /doesn't say under whose licence/],
  ['Linux with one', { guest_id: 'debian12_64Guest' }, licensed, /takes no licence of Windows/],
  [
    'no stock image of the system',
    { guest_id: 'windows9_64Guest' },
    licensed,
    /Amazon has no image of windows9_64Guest/,
  ],
  [
    'UEFI where all stock shells have BIOS',
    { guest_id: 'windows9Server64Guest', firmware: 'efi' as 'bios' },
    licensed,
    /starts with UEFI/,
  ],
  [
    'UEFI on a type without',
    { firmware: 'efi' as 'bios' },
    { ...licensed, instance_type: 't2.large' },
    /t2.large doesn't start with UEFI/,
  ],
])('refused before anything is launched: %s', async ([, more, target, message]) => {
  const of = await world({ machine: { ...windows, ...more }, target });
  await expect(of.fits()).rejects.toThrow(message);
});

test('a UEFI machine gets a stock shell with UEFI', async () => {
  const of = await world({ machine: { ...windows, firmware: 'efi' as 'bios' } });
  expect((await of.fits()).shell!.what).toMatch(/^TPM-Windows_Server-2019.*, for windows2019srv_64Guest$/);
});

test('billed otherwise than declared: it stays in quarantine, and none of its disks is made', async () => {
  const of = await world();
  await of.begin();
  const { machines } = of.recovery;
  const instances: typeof machines.instances = async (...asked) =>
    (await machines.instances(...asked)).map(one => ({ ...one, usageOperation: 'RunInstances:0800' }));
  const options = await of.at();
  const cloud = { ...of.recovery, machines: { ...machines, instances } };
  await expect(rehearse({ ...options, cloud })).rejects.toThrow(
    /EC2 bills the instance i-\w+ of web01 as Windows \(RunInstances:0800\), not as Windows \(RunInstances:0002\)/,
  );
  const [instance] = await of.instances();
  expect(instance!.SecurityGroups!.map(({ GroupName }) => GroupName)).toEqual([
    expect.stringMatching(/^converge-quarantine-/),
  ]);
  expect(await of.volumes()).toHaveLength(1);
  await cleanUp(await of.at());
  await expectNothingLeft(of);
});

test('what a point costs that is not warm is told without writing, and is what writing it takes', async () => {
  const of = await world({ data: true });
  const { snapshots } = of.recovery;
  expect(await estimateCold(of.repository, of.point, snapshots)).toBeUndefined();
  for (const { snapshot } of of.made.disks) await snapshots.remove(snapshot);
  const cold = await estimateCold(of.repository, of.point, snapshots);
  const { disks } = await of.build();
  const blocks = disks.reduce((sum, disk) => sum + disk.blocks, 0);
  expect(cold).toEqual({
    blocks,
    seconds: 1,
    writing: blocks * 6e-6,
    keeping: expect.closeTo(blocks * 2.6e-5, 5),
  });
});

test.for([true, false])(
  'a shell is told nothing of post-launch manifests, the machine is when it has its own disks (data disk: %s)',
  async data => {
    const of = await world({ data });
    await of.begin({ manifests: '../inside', digest: sha256(Buffer.from('m')), within: 0 });
    const orderNow = async () =>
      ((await of.instances())[0]?.Tags ?? []).find(({ Key }) => Key === ORDER_TAG)?.Value;
    const seen = new Map<string, string | undefined>();
    const look = async (name: string) => void seen.set(name, await orderNow());
    await expect(rehearse(await of.at(killedBefore('order-web01')))).rejects.toThrow('killed');
    expect(await orderNow()).toBeUndefined();
    await rehearse(await of.at(look));
    expect(seen.get('order-web01')).toBeUndefined();
    expect(seen.get('probed-web01')).toMatch(/^apply:/);
    expect((await of.instances())[0]!.MetadataOptions).toMatchObject({ InstanceMetadataTags: 'enabled' });
  },
);
