import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { countOf } from '../support/call-counter.ts';
import { cli, scratch } from '../support/cli.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { someBytes } from './fixture.ts';

const K512 = 512 * 1024;
/** Four blocks of EBS, none of them zero. */
const disk = (seed: string) => Buffer.concat([bootBlock(), someBytes(seed, 4 * K512 - bootBlock().length)]);

/** Machines with so many disks each, replicated: a fast failover finds all of it warm. */
async function warm(disks: number[]) {
  const dir = await scratch();
  const machines = disks.map((count, n) => ({
    name: `vm${n}`,
    disks: Array.from({ length: count }, (_, k) => join(dir, `vm${n}-${k}.raw`)),
  }));
  for (const { name, disks: paths } of machines)
    for (const [k, path] of paths.entries()) await writeFile(path, disk(`${name} ${k}`));
  const world = await recoveryWorld({ dir, run: cli, machines });
  onTestFinished(() => world.close());
  await world.ok('apply', 'm');
  for (const { name } of machines) await world.ok('replicate', name, '--replica', 'm');
  return world;
}

/** The calls of AWS of one warm failover. */
async function failover(disks: number[]) {
  const world = await warm(disks);
  world.api.clear();
  world.s3.clear();
  await world.ok('failover', 'all', '--test', 'm');
  return { calls: countOf(world.api.calls), total: world.api.calls.length, s3: world.s3.calls };
}

test('a fast failover to a warm point: few calls, and not a byte of the packs', {
  timeout: 240_000,
}, async () => {
  const one = await failover([1]);
  console.log(one.calls, one.total);
  const three = await failover([3]);
  console.log(three.calls, three.total);
  const four = await failover([1, 1]);
  console.log(four.calls, four.total);
  for (const { s3 } of [one, three, four]) {
    expect(s3.length).toBeGreaterThan(0);
    expect(s3.filter(({ path }) => path.includes('/packs/'))).toEqual([]);
  }
});
