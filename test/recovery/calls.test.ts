import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { countOf } from '../support/call-counter.ts';
import { cli, scratch } from '../support/cli.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { someBytes } from './fixture.ts';

const K512 = 512 * 1024;
/** Four blocks of EBS, none of them zero. */
const disk = (seed: string) => Buffer.concat([bootBlock(), someBytes(seed, 3 * K512)]);

/** Stands still but for what a test adds: how long a command takes on a busy machine says nothing. */
function standing(): Clock & { add(ms: number): void } {
  const { clock } = nodeHost();
  let now = clock.now();
  return {
    now: () => now,
    sleep: clock.sleep,
    add(ms) {
      now += ms;
    },
  };
}

/** Machines with so many disks each, replicated: a fast failover finds all of it warm. */
async function warm(
  disks: number[],
  meanwhile?: (what: string, world: { clock: ReturnType<typeof standing>; lab: Lab }) => Promise<void>,
) {
  const dir = await scratch();
  const clock = standing();
  const machines = disks.map((count, n) => ({
    name: `vm${n}`,
    disks: Array.from({ length: count }, (_, k) => join(dir, `vm${n}-${k}.raw`)),
  }));
  const images = new Map(
    machines.flatMap(({ disks: paths }) => paths.map(path => [path, disk(path)] as const)),
  );
  for (const [path, image] of images) await writeFile(path, image);
  let lab: Lab | undefined;
  const world = await recoveryWorld({
    dir,
    run: (cwd, args) => cli(cwd, args, { clock }),
    machines,
    async refuse(what) {
      if (lab) await meanwhile?.(what, { clock, lab });
      return undefined;
    },
  });
  onTestFinished(() => world.close());
  await world.ok('apply', 'm');
  for (const { name } of machines) await world.ok('replicate', name, '--replica', 'm');
  world.api.clear();
  world.s3.clear();
  lab = world.lab;
  return { ...world, machines, images, clock };
}

/** The calls of AWS of one warm failover. */
async function failover(disks: number[]): Promise<number> {
  const world = await warm(disks);
  await world.ok('failover', 'everything', '--test', 'm');
  expect(Object.keys(await world.running())).toHaveLength(disks.length);
  // What is read of the repository is what the points say, none of their data.
  expect(world.s3.calls.length).toBeGreaterThan(0);
  expect(world.s3.calls.filter(({ path }) => path.includes('/packs/'))).toEqual([]);
  // What EC2 would do is asked once for all machines that are alike, which it answers with 412.
  const launches = world.api.calls.filter(({ what }) => what === 'ec2:RunInstances');
  expect(launches.filter(({ status }) => status === 412)).toHaveLength(1);
  expect(launches.filter(({ status }) => status !== 412)).toHaveLength(disks.length);
  const counted = countOf(world.api.calls);
  // Whose limits EBS direct uses up is asked by nobody who moves no block of it.
  expect(counted).not.toHaveProperty('sts:GetCallerIdentity');
  return world.api.calls.length;
}

test('a fast failover to a warm point: few calls, and not a byte of the packs', {
  timeout: 240_000,
}, async () => {
  const one = await failover([1]);
  // Once more, when the last probe is over and nobody waits for it: what proves the network.
  const proof = 16;
  // The dry run of a launch, and the image that it is asked of.
  const asked = 2;
  expect(one).toBeLessThanOrEqual(25 + proof + asked);
  expect(await failover([3])).toBeLessThanOrEqual(one + 2 * 6);
  // What is asked of the network and the account is asked once, however many machines there are.
  expect(await failover([1, 1])).toBeLessThanOrEqual(one + 10);
});

test('a cycle puts exactly the blocks of 512 KiB that changed, and has two more calls for each disk', {
  timeout: 120_000,
}, async () => {
  const world = await warm([2]);
  const [{ name, disks }] = world.machines as [{ name: string; disks: string[] }];
  const [first, second] = disks.map(path => world.images.get(path)!) as [Buffer, Buffer];
  // Three of the repository's blocks within one of EBS, one at its very end, and one that becomes zero.
  for (const at of [K512, K512 + 70_000, 2 * K512 - 1, first.length - 1]) first[at]! ^= 1;
  second.fill(0, 2 * K512, 3 * K512);
  for (const [n, path] of disks.entries()) {
    await writeFile(path, world.images.get(path)!);
    await world.ok('lab', 'set-disk', name, String(n), path);
  }
  await world.ok('replicate', name, 'm');
  world.api.clear();
  await world.ok('replicate', name, '--replica', 'm');
  const ebs = world.api.calls.filter(({ what }) => what.startsWith('ebs:'));
  expect(countOf(ebs)).toEqual({
    'ebs:StartSnapshot': 2,
    'ebs:PutSnapshotBlock': 3,
    'ebs:CompleteSnapshot': 2,
  });
  expect(
    ebs
      .flatMap(({ what, path }) => (what === 'ebs:PutSnapshotBlock' ? /blocks\/(\d+)/.exec(path)![1] : []))
      .sort(),
  ).toEqual(['1', '2', '3']);
});

test('a network that was proven a minute ago is proven again before anything is launched', {
  timeout: 120_000,
}, async () => {
  const world = await warm([1], async (what, { clock, lab }) => {
    // The first question after the proof: somebody thinks for a minute, and somebody else opens the network.
    if (what !== 'ec2:GetEbsEncryptionByDefault') return;
    clock.add(60_000);
    const { data } = await lab.command({ do: 'show' });
    const { subnets } = (data as { ec2: { subnets: Record<string, { cidr: string; vpc: string }> } }).ec2;
    const { vpc } = Object.values(subnets).find(({ cidr }) => cidr === '10.9.1.0/24')!;
    await lab.command({ do: 'resolver-rule', vpc, rule: 'rslvr-rr-home' });
  });
  const { code, stderr } = await world.run('failover', 'everything', '--test', 'm');
  expect(stderr).toContain('Resolver rule rslvr-rr-home');
  expect(code).toBe(8);
  expect(await world.running()).toEqual({});
});
