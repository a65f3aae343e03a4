import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateSubnetCommand, DescribeInstanceAttributeCommand } from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import type { Clock } from '../../src/io/ports.ts';
import { cleanUp } from '../../src/recovery/failover/cleanup.ts';
import type { RehearseOptions } from '../../src/recovery/failover/options.ts';
import { rehearse } from '../../src/recovery/failover/rehearse.ts';
import { standing } from '../../src/recovery/failover/standing.ts';
import { INSIDE } from '../../src/recovery/model/probes.ts';
import { scratch } from '../support/cli.ts';
import { begun, killedBefore } from './begun.ts';

const run = promisify(execFile);
const type = 't3.micro';
const probes = [
  { kind: 'status' as const, within: 60_000 },
  { kind: 'tcp' as const, port: 22, within: 0 },
  { kind: 'http' as const, port: 80, path: '/', status: 200, contains: 'ok', within: 0 },
];

async function withProber(vms = ['web01']) {
  const world = await begun({ probes: Object.fromEntries(vms.map(vm => [vm, probes])) }, vms);
  const image = (await world.recovery.shells.newestLinux())!;
  const probers = async () =>
    (await world.all()).filter(({ Tags }) => Tags?.some(({ Value }) => Value?.startsWith('prober (')));
  const at = async (step?: (name: string) => Promise<void>): Promise<RehearseOptions> => {
    const options = await world.at(step);
    options.run.start.prober = { image, type };
    const machines = options.run.start.groups.flatMap(group => group.machines);
    options.run.start.groups = [{ wait: 0, machines }];
    return options;
  };
  return { ...world, at, probers, image };
}
type World = Awaited<ReturnType<typeof withProber>>;

/** Time passes when somebody waits, and then the prober's system does what it is there for. */
function clockThat(act: () => Promise<void>): Clock {
  let now = Date.now();
  return {
    now: () => now,
    async sleep(ms) {
      now += ms;
      await act();
    },
  };
}

/** Runs what a prober was given, with a server of this machine in the place of every address. */
async function bootProbers(world: World): Promise<void> {
  for (const { InstanceId, State } of await world.probers()) {
    if (State!.Name !== 'running') continue;
    const asked = new DescribeInstanceAttributeCommand({ InstanceId, Attribute: 'userData' });
    const { UserData } = await world.ec2.send(asked);
    const script = Buffer.from(UserData!.Value!, 'base64').toString();
    const list = /b64decode\("([^"]*)"\)/.exec(script)![1]!;
    const port = await web();
    const here = JSON.parse(Buffer.from(list, 'base64').toString()).map((one: object) => ({
      ...one,
      address: '127.0.0.1',
      port,
    }));
    const dir = await scratch();
    const path = join(dir, 'user-data');
    await writeFile(path, script.replace(list, Buffer.from(JSON.stringify(here)).toString('base64')));
    await run('python3', [path, join(dir, 'console')]);
    const text = await readFile(join(dir, 'console'), 'utf8');
    await world.lab.command({ do: 'console', instance: InstanceId!, text });
  }
}

async function web(): Promise<number> {
  const server = createServer((_, response) => response.end('ok'));
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('one prober probes a whole group from within, and is ended; nothing is left after a clean-up', async () => {
  const world = await withProber(['web01', 'db01']);
  const clock = clockThat(() => bootProbers(world));
  const recovered = await rehearse({ ...(await world.at()), clock });
  for (const { results } of recovered)
    expect(results).toMatchObject([
      { from: 'EC2', outcome: 'passed' },
      { probe: 'TCP port 22', from: INSIDE, outcome: 'passed' },
      { probe: 'HTTP GET / at port 80 says 200 with "ok"', from: INSIDE, outcome: 'passed' },
    ]);
  const [prober, ...others] = await world.probers();
  expect(others).toEqual([]);
  expect(prober).toMatchObject({ InstanceType: type, ImageId: world.image });
  expect(prober!.IamInstanceProfile).toBeUndefined();
  const options = await world.at();
  expect(options.run.steps).toContainEqual(expect.objectContaining({ what: 'prober', probes: 4 }));
  expect(await cleanUp({ ...options, clock })).toMatchObject({ foreign: [] });
  const left = await standing(world.repository, (await world.at()).run, world.recovery);
  expect(left).toMatchObject({ instances: [], volumes: [], foreign: [] });
}, 300_000);

test('a prober that never answers is no pass, and its last words are told', async () => {
  const world = await withProber();
  const clock = clockThat(async () => {
    for (const { InstanceId } of await world.probers())
      await world.lab.command({
        do: 'console',
        instance: InstanceId!,
        text: `converge:probe ${'f'.repeat(32)} ${'0'.repeat(16)} {"probe":0,"outcome":"passed","saw":""}\n`,
      });
  });
  const [recovered] = await rehearse({ ...(await world.at()), clock });
  expect(recovered!.results.slice(1)).toMatchObject(
    Array(2).fill({
      from: INSIDE,
      outcome: 'not run',
      saw: expect.stringContaining('the prober reported nothing; its last lines: '),
    }),
  );
  const { run: after } = await world.at();
  expect(after.steps.at(-1)).toMatchObject({ what: 'finished', ok: false });
});

test('a prober that there is no room for in one subnet is launched in the next, and found there', async () => {
  const world = await withProber();
  const { Subnet } = await world.ec2.send(
    new CreateSubnetCommand({
      VpcId: world.network.vpc,
      CidrBlock: '10.9.2.0/24',
      AvailabilityZone: 'eu-west-1b',
    }),
  );
  const other = Subnet!.SubnetId!;
  const at = async (step?: (name: string) => Promise<void>) => {
    const options = await world.at(step);
    options.run.start.else_subnets = [other];
    return options;
  };
  await world.lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'capacity', type, times: 1 } as never });
  const clock = clockThat(() => bootProbers(world));
  await expect(rehearse({ ...(await at(killedBefore('probed-web01'))), clock })).rejects.toThrow('killed');
  const [recovered] = await rehearse({ ...(await at()), clock });
  expect(recovered!.results.map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'passed']);
  // There is room in the first by now, and still no second one.
  expect(await world.probers()).toMatchObject([{ SubnetId: other }]);
  expect(await cleanUp({ ...(await at()), clock })).toMatchObject({ foreign: [] });
  expect(await standing(world.repository, (await at()).run, world.recovery)).toMatchObject({ instances: [] });
}, 300_000);

test('a prober that there is no room for is no pass, and ends no test', async () => {
  const world = await withProber();
  await world.lab.command({
    do: 'fault',
    on: 'ec2',
    rule: { kind: 'capacity', type, times: 10 } as never,
  });
  const clock = clockThat(async () => {});
  const [recovered] = await rehearse({ ...(await world.at()), clock });
  expect(recovered!.results.slice(1)).toMatchObject(
    Array(2).fill({
      outcome: 'not run',
      saw: expect.stringMatching(/no prober could be launched.*capacity/),
    }),
  );
  expect(await world.probers()).toEqual([]);
});

test.for(['prober', 'run-prober', 'probed-web01'])(
  'killed before %s, the next run joins the same prober, and a clean-up counts it',
  { timeout: 60_000 },
  async step => {
    const world = await withProber();
    const clock = clockThat(() => bootProbers(world));
    await expect(rehearse({ ...(await world.at(killedBefore(step))), clock })).rejects.toThrow('killed');
    const [recovered] = await rehearse({ ...(await world.at()), clock });
    expect(recovered!.results.map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'passed']);
    expect(await world.probers()).toHaveLength(1);
    await cleanUp({ ...(await world.at()), clock });
    const [prober] = await world.probers();
    expect(prober!.State!.Name).toBe('terminated');
  },
);

test('killed when the prober runs, a clean-up ends it and its volume too', async () => {
  const world = await withProber();
  const clock = clockThat(async () => {
    if ((await world.probers()).length > 0) throw new Error('killed');
  });
  await expect(rehearse({ ...(await world.at()), clock })).rejects.toThrow('killed');
  const before = await standing(world.repository, (await world.at()).run, world.recovery);
  expect(before).toMatchObject({ foreign: [] });
  expect(before.instances).toHaveLength(2);
  const passing = clockThat(async () => {});
  expect(await cleanUp({ ...(await world.at()), clock: passing })).toMatchObject({
    instances: 2,
    foreign: [],
  });
  const left = await standing(world.repository, (await world.at()).run, world.recovery);
  expect(left).toMatchObject({ instances: [], volumes: [], foreign: [] });
});
