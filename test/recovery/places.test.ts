import {
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateSubnetCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { failedOf, tryAgain } from '../../src/recovery/failover/attempts.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { ATTEMPT_TAG, machineTags, waysOf } from '../../src/recovery/run/names.ts';
import { type RunMachine, type RunStart, subnetsOf } from '../../src/recovery/run/run.ts';
import { keptAddress, wrongAddresses } from '../../src/recovery/target/address.ts';
import { begun, killedBefore } from './begun.ts';
import { unhurried } from './fixture.ts';
import { apart } from './network.ts';

/** Another subnet of the test's VPC, in another zone. */
const another = (ec2: EC2Client, vpc: string, cidr = '10.9.2.0/24') =>
  ec2
    .send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: cidr, AvailabilityZone: 'eu-west-1b' }))
    .then(({ Subnet }) => Subnet!.SubnetId!);

/** A run that may launch into two subnets. */
const inTwo = (more: Partial<RunStart> = {}) =>
  begun(async ({ ec2, vpc }) => ({ else_subnets: [await another(ec2, vpc)], ...more }));

const full = {
  kind: 'refused',
  operation: 'RunInstances',
  code: 'InsufficientFreeAddressesInSubnet',
  message: 'There are not enough free addresses.',
} as const;

/** Gives the one machine of a run an address, as a run that began with it has it. */
async function addressed(ip: string, elseTypes?: string[]) {
  const world = await inTwo();
  const at = async (step?: (name: string) => Promise<void>) => {
    const options = await world.at(step);
    for (const machine of options.run.start.groups.flatMap(({ machines }) => machines))
      Object.assign(machine, {
        address: { ip, subnet: world.network.subnet },
        ...(elseTypes && { else_types: elseTypes }),
      });
    return options;
  };
  return { ...world, at };
}

/** Somebody else's instance at an address of the test's subnet. */
async function neighbour(
  world: Awaited<ReturnType<typeof begun>>,
  address: string,
  tags: Record<string, string> = { Name: 'printer' },
) {
  await rehearse(await world.at(killedBefore('run-web01'))).catch(() => {});
  const { images } = await standing(world.repository, (await world.at()).run, world.recovery);
  const guards = await world.recovery.groups.list({ vpc: world.network.vpc });
  const made = await world.machines.run({
    image: images[0]!,
    type: 'm6i.large',
    subnet: world.network.subnet,
    // In another group: a stranger in that of the test is refused before.
    groups: [guards.find(({ name }) => name === 'default')!.id],
    address,
    token: 'theirs',
    tags,
  });
  return 'instance' in made ? made.instance : '';
}

test('a full subnet: no other type is tried there, and the next subnet is taken, once', async () => {
  const world = await addressed('10.9.1.20', ['m6a.large']);
  await world.lab.command({ do: 'fault', on: 'ec2', rule: full });
  const said: string[] = [];
  await expect(
    rehearse({ ...(await world.at(killedBefore('launched-web01'))), say: line => said.push(line) }),
  ).rejects.toThrow('killed');
  expect(said).toEqual([`web01: no room for anything in ${world.network.subnet}`]);
  const [recovered] = await rehearse(await world.at());
  const [instance, ...others] = await world.all();
  expect(others).toEqual([]);
  const { run } = await world.at();
  expect(instance).toMatchObject({
    InstanceId: recovered!.instance,
    InstanceType: 'm6i.large',
    SubnetId: subnetsOf(run.start)[1],
    Placement: { AvailabilityZone: 'eu-west-1b' },
  });
  expect(await standing(world.repository, run, world.recovery)).toMatchObject({
    instances: [recovered!.instance],
    foreign: [],
  });
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 1, foreign: [] });
});

test('no room anywhere: every type in every subnet is told, and what is there is removed', async () => {
  const world = await addressed('10.9.1.20', ['m6a.large']);
  const rule = { kind: 'capacity', times: 4 } as const;
  await world.lab.command({ do: 'fault', on: 'ec2', rule });
  const failure = await rehearse(await world.at()).catch((error: Error) => error.message);
  const [first, second] = subnetsOf((await world.at()).run.start) as [string, string];
  for (const place of [first, second])
    for (const type of ['m6i.large', 'm6a.large'])
      expect(failure).toContain(`${type} in ${place}: InsufficientInstanceCapacity`);
  expect(await world.all()).toEqual([]);
  const { run } = await world.at();
  expect(run.steps.at(-1)).toMatchObject({ what: 'refused', vm: 'web01' });
  expect(await failedOf(await world.at(), false)).toMatchObject([{ vm: 'web01', anew: false }]);
  expect(await cleanUp(await world.at())).toMatchObject({ instances: 0, images: 1, foreign: [] });
});

test('too few vCPUs allowed of one class of types: another type is tried', async () => {
  const world = await addressed('10.9.1.20', ['c6i.large']);
  const rule = { kind: 'refused', operation: 'RunInstances', code: 'VcpuLimitExceeded' } as const;
  await world.lab.command({ do: 'fault', on: 'ec2', rule });
  await rehearse(await world.at());
  expect(await world.all()).toMatchObject([{ InstanceType: 'c6i.large' }]);
});

test('it keeps its own address', async () => {
  const world = await addressed('10.9.1.77');
  await rehearse(await world.at());
  expect(await world.all()).toMatchObject([
    { PrivateIpAddress: '10.9.1.77', SubnetId: world.network.subnet },
  ]);
});

test('its address is somebody else’s: who has it is told, nothing is launched, and freed it goes on', async () => {
  const world = await addressed('10.9.1.77');
  const theirs = await neighbour(world, '10.9.1.77');
  await expect(rehearse(await world.at())).rejects.toThrow(
    `web01 can't have 10.9.1.77 in ${world.network.subnet}: instance ${theirs} (printer) has it`,
  );
  expect((await world.all()).map(({ InstanceId }) => InstanceId)).toEqual([theirs]);
  await world.machines.terminate([theirs]);
  const recovered = await rehearse(await world.at());
  const live = (await world.all()).filter(({ State }) => State!.Name === 'running');
  expect(live).toMatchObject([{ InstanceId: recovered[0]!.instance, PrivateIpAddress: '10.9.1.77' }]);
});

test('what has the address is another machine of the same run: told, not waited for', async () => {
  const world = await addressed('10.9.1.77');
  const { run } = await world.at();
  const tags = { ...machineTags(world.repository.id, run.start, 'of-db01'), [ATTEMPT_TAG]: '1' };
  await neighbour(world, '10.9.1.77', { ...tags, Name: 'db01 (test of web)' });
  await expect(rehearse(await world.at())).rejects.toThrow('(db01 (test of web)) has it');
});

test('what has the address is an instance of it that was given up: waited for until it is gone', async () => {
  const world = await addressed('10.9.1.77');
  const { run } = await world.at();
  const [machine] = run.start.groups[0]!.machines;
  const tags = { ...machineTags(world.repository.id, run.start, machine!.uuid), [ATTEMPT_TAG]: '1' };
  const ending = await neighbour(world, '10.9.1.77', tags);
  let isAsking = false;
  const options = await world.at(async name => {
    if (name === 'run-web01') isAsking = true;
  });
  const sleep = async () => {
    if (!isAsking) return;
    await world.machines.terminate([ending]);
    // The lab's states go on when they are seen.
    await world.all();
  };
  const [recovered] = await rehearse({ ...options, clock: { ...unhurried, sleep } });
  expect(recovered!.instance).not.toBe(ending);
  expect((await world.all()).find(({ InstanceId }) => InstanceId === recovered!.instance)).toMatchObject({
    PrivateIpAddress: '10.9.1.77',
  });
});

test('tried again anew, it waits until the instance that was given up lets its address go', async () => {
  const world = await addressed('10.9.1.77');
  const [first] = await rehearse(await world.at());
  await world.machines.terminate([first!.instance]);
  const options = await world.at();
  await tryAgain(options, await failedOf(options, true), options);
  const [second] = await rehearse(options);
  expect(second!.instance).not.toBe(first!.instance);
  const live = (await world.all()).filter(({ State }) => State!.Name === 'running');
  expect(live).toMatchObject([{ InstanceId: second!.instance, PrivateIpAddress: '10.9.1.77' }]);
});

test('every subnet is proven: one that leads elsewhere, or is of another VPC, or is not there', async () => {
  const world = await inTwo();
  const { network, machines, ec2 } = world;
  const second = subnetsOf((await world.at()).run.start)[1]!;
  expect(await machines.network([network.subnet, second], network.group)).toMatchObject({
    subnets: [
      { id: network.subnet, zone: 'eu-west-1a', range: '10.9.1.0/24' },
      { id: second, zone: 'eu-west-1b', range: '10.9.2.0/24' },
    ],
    routes: [],
  });
  const other = await apart(ec2);
  await expect(machines.network([network.subnet, other.subnet], network.group)).rejects.toMatchObject({
    diagnostics: [
      {
        code: 'network-mixed',
        message: `${network.subnet} is of ${network.vpc}, but ${other.subnet} is of ${other.vpc}`,
      },
    ],
  });
  await expect(machines.network([network.subnet], other.group)).rejects.toThrow(`${other.group} is of`);
  await expect(
    machines.network([network.subnet, 'subnet-0badbadbadbadbad0'], 'sg-0badbadbadbadbad0'),
  ).rejects.toThrow('there is no subnet-0badbadbadbadbad0, no sg-0badbadbadbadbad0');
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const { InternetGatewayId } = InternetGateway!;
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: network.vpc }));
  await expect(rehearse(await world.at())).rejects.toThrow(`${network.subnet}, ${second} with`);
  expect(await world.all()).toEqual([]);
});

test('the subnet that has a machine’s address comes first, and each way has a token of its own', () => {
  const start = {
    plan: 'web',
    number: 1,
    subnet: 'subnet-a',
    else_subnets: ['subnet-b', 'subnet-a'],
  } as RunStart;
  const machine = { vm: 'web01', instance_type: 'one', else_types: ['two'] } as RunMachine;
  const ways = waysOf('r', start, { ...machine, address: { ip: '10.0.2.7', subnet: 'subnet-b' } }, 0);
  expect(ways.map(({ type, subnet, address }) => [type, subnet, address])).toEqual([
    ['one', 'subnet-b', '10.0.2.7'],
    ['two', 'subnet-b', '10.0.2.7'],
    ['one', 'subnet-a', undefined],
    ['two', 'subnet-a', undefined],
  ]);
  const all = [0, 1].flatMap(attempt => waysOf('r', start, machine, attempt).map(({ token }) => token));
  expect(new Set(all).size).toBe(8);
});

test('an address that lies in no subnet is not kept; one that is EC2’s own, or wanted twice, is told', () => {
  const subnets = [{ id: 'subnet-a', zone: 'a', range: '10.0.1.0/24' }];
  expect(keptAddress(subnets, undefined)).toBeUndefined();
  expect(keptAddress(subnets, '10.0.1.0')).toEqual({ ip: '10.0.1.0', subnet: 'subnet-a' });
  expect(keptAddress(subnets, '10.0.1.255')).toEqual({ ip: '10.0.1.255', subnet: 'subnet-a' });
  for (const ip of ['10.0.0.255', '10.0.2.0']) expect(keptAddress(subnets, ip)).toEqual({ ip });
  const at = { file: 'dr.yaml', line: 7, column: 3 } as never;
  const told = (...ips: string[]) =>
    wrongAddresses(
      ips.map((private_address, n) => ({ vm: `vm${n}`, private_address, at })),
      subnets,
    ).map(one => [one.code, one.at === at]);
  expect(told('10.0.1.4', '10.0.1.254', '10.0.2.3', '10.0.2.3')).toEqual([]);
  expect(told('10.0.1.3', '10.0.1.255')).toEqual([
    ['address-reserved', true],
    ['address-reserved', true],
  ]);
  expect(told('10.0.1.4', '10.0.1.4')).toEqual([['address-taken', true]]);
});
