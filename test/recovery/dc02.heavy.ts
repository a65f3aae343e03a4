import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { blockBytes } from '../lab/ec2/fixture.ts';
import { cli, scratch } from '../support/cli.ts';
import { dc02Present, dc02States, toState } from '../support/dc02.ts';
import { type RecoveryWorld, recoveryWorld } from '../support/recovery-world.ts';
import { sha256, someBytes } from './fixture.ts';

if (!dc02Present)
  console.warn(
    'SKIPPED: the real NTFS disk (../shared/data/disks/dc02) is not here; no recovery of it was rehearsed',
  );

/** As it is at home: the licence, and the boot mode, come from Amazon's image of the same year. */
const windows = { guest: 'windows2019srv_64Guest', firmware: 'bios', target: 'license: aws' } as const;
/** What a machine's volumes held before it first ran: each its disk, then zeros. */
async function expectVolumes(
  { lab, running }: RecoveryWorld,
  vm: string,
  disks: { sha256: string; bytes: number }[],
): Promise<void> {
  const { id, volumes } = (await running())[vm]!;
  expect(volumes).toHaveLength(disks.length);
  for (const [n, disk] of disks.entries()) {
    const asked = { do: 'volume', volume: volumes[n]!, firstStart: true, length: disk.bytes } as const;
    expect((await lab.command(asked)).data).toMatchObject({
      sha256: disk.sha256,
      hashed: disk.bytes,
      restIsZero: true,
      firstStart: { instance: id },
    });
  }
}

test.runIf(dc02Present)(
  'a real NTFS disk in three states, alone and beside a data disk: what each volume holds before the first start',
  { timeout: 600_000 },
  async () => {
    const dir = await scratch();
    const states = await dc02States();
    const image = join(dir, 'dc02.raw');
    const data = someBytes('data', 716_800);
    await writeFile(join(dir, 'data.raw'), data);
    await toState(image, 0);
    const machines = [
      { name: 'dc02', disks: [image], ...windows },
      { name: 'fs02', disks: [image, join(dir, 'data.raw')], ...windows },
    ];
    const world = await recoveryWorld({ dir, run: cli, machines });
    onTestFinished(() => world.close());
    const { ok } = world;
    await ok('apply', 'm');
    for (let state = 0; state < 3; state++) {
      const touched = new Set<number>();
      if (state > 0) {
        for (const { offset, length } of await toState(image, state))
          for (let n = Math.floor(offset / blockBytes); n * blockBytes < offset + length; n++) touched.add(n);
        data.writeUInt32LE(state, 600_000);
        await writeFile(join(dir, 'data.raw'), data);
        for (const { name, disks } of machines) {
          for (const [n, disk] of disks.entries()) await ok('lab', 'set-disk', name, String(n), disk);
          await ok('replicate', name, 'm');
        }
      }
      for (const { name, disks } of machines) {
        const said = await ok('replicate', name, '--replica', 'm');
        const built = [...said.matchAll(/disk \d: snap-[0-9a-f]+, (full|incremental).*, (\d+) block/g)];
        expect(built.map(([, how]) => how)).toEqual(disks.map(() => (state === 0 ? 'full' : 'incremental')));
        // Not one block more than those that were written at home.
        if (state > 0) expect(Number(built[0]![2])).toBeLessThanOrEqual(touched.size);
      }
      // Its disk has no boot code of its own.
      const allowed = machines.flatMap(({ name }) => ['--allow', `recovery_target:${name}`]);
      await ok('failover', 'everything', '--test', 'm', ...allowed);
      await expectVolumes(world, 'dc02', [states[state]!]);
      await expectVolumes(world, 'fs02', [states[state]!, { sha256: sha256(data), bytes: data.length }]);
      await ok('failover', 'cleanup', 'everything', 'm');
      expect(await world.running()).toEqual({});
    }

    // One bit of the replica, as if EBS had never known better.
    await ok('verify', 'm', '--vm', 'dc02', '--replica', '--sample', '1000');
    await world.close();
    const block = await flip(join(dir, 'lab/ec2'), 'dc02 disk 0');
    const found = await world.run('verify', 'm', '--vm', 'dc02', '--replica', '--sample', '1000');
    expect(found.code).toBe(4);
    expect(found.stdout + found.stderr).toMatch(new RegExp(`block ${block} .*differs`));
  },
);

interface Ec2State {
  snapshots: Record<string, { table: string; started: number }>;
  tags: Record<string, { Name?: string }>;
}

/**
 * Changes a bit of a block of the newest snapshot with that name, in the lab's folder; answers with the
 * block.
 */
async function flip(ec2: string, name: string): Promise<number> {
  const { snapshots, tags } = JSON.parse(await readFile(join(ec2, 'world.json'), 'utf8')) as Ec2State;
  const [, newest] = Object.entries(snapshots)
    .filter(([id]) => tags[id]?.Name === name)
    .sort(([, a], [, b]) => b.started - a.started)[0]!;
  // Records of index (4 bytes), digest (32) and stamp (8).
  const table = await readFile(join(ec2, 'tables', newest.table));
  const digest = table.toString('hex', 4, 36);
  const block = await readFile(join(ec2, 'blocks', digest.slice(0, 2), digest));
  block[1000]! ^= 1;
  const other = sha256(block);
  const folder = join(ec2, 'blocks', other.slice(0, 2));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, other), block);
  table.write(other, 4, 'hex');
  await writeFile(join(ec2, 'tables', newest.table), table);
  return table.readUInt32BE(0);
}
