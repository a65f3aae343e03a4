import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { url, world } from '../cli/taken-over.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { sha256 } from '../recovery/fixture.ts';
import { nbdkitPresent, vddkStandIn } from './nbdkit.ts';

const BLOCK = 524_288;

/** A number of bytes that was said: `2.5 MiB`. */
const said = (text: string, behind: RegExp): number => {
  const [, number, unit] = new RegExp(`${behind.source}(?:at most )?([\\d.]+) (B|KiB|MiB)`).exec(text)!;
  return Number(number) * { B: 1, KiB: 2 ** 10, MiB: 2 ** 20 }[unit as 'B' | 'KiB' | 'MiB'];
};

describe.skipIf(!nbdkitPresent)('home through nbdkit', () => {
  test('what differs is written, also of a home that ran on; killed in the middle and with its tracking reset, the same goes on', {
    timeout: 300_000,
  }, async () => {
    const { dir, ok, run, live, status } = await world();
    const program = await vddkStandIn(dir);
    const manifest = join(dir, 'm/dr.yaml');
    const written = (await readFile(manifest, 'utf8')).replace(
      'username: svc',
      `nbdkit: { program: ${program} }, $&`,
    );
    await writeFile(manifest, written);
    const writes = async () => (await readFile(join(dir, 'writes'), 'utf8')).trim().split('\n');
    const last = Buffer.concat([bootBlock(), randomBytes(20 * BLOCK)]);
    await writeFile(join(dir, 'last.raw'), last);
    await ok('lab', 'set-disk', 'web01', '0', 'last.raw');
    await ok('failover', 'web', 'm', '--planned', '--yes');
    const [instance] = await live();
    const volume = instance!.BlockDeviceMappings![0]!.Ebs!.VolumeId!;
    await writeFile(join(dir, 'guest'), randomBytes(100_000));
    await ok('lab', 'write-volume', volume, '600000', 'guest');
    // Home runs on: somebody starts it although it was taken over.
    const ranOn = Buffer.from(last);
    randomBytes(70_000).copy(ranOn, 10 * BLOCK + 1000);
    await writeFile(join(dir, 'ran-on.raw'), ranOn);
    await ok('lab', 'power-on', 'web01');
    await ok('lab', 'set-disk', 'web01', '0', 'ran-on.raw');
    expect((await run('failback', 'web01', 'm', '--to-vsphere', '--yes')).stderr).toContain('it runs');
    await ok('lab', 'power-off', 'web01');

    const seen = await ok('failback', 'web01', 'm', '--to-vsphere', '--noop');
    expect(seen).toMatch(/into its disks in vSphere, what differs\n {2}disk 0: .*, what differs from home/);
    expect(said(seen, /and /)).toBe(2 * BLOCK);
    await writeFile(join(dir, 'kill'), '');
    const killed = await run('failback', 'web01', 'm', '--to-vsphere', '--yes');
    expect(killed.code).toBe(4);
    expect(killed.stderr).toMatch(/nbdkit-failed.*which serves Hard disk 1 of VM web01, was killed/s);
    expect(await status()).toMatchObject({ vm: { state: 'paused' } });
    expect((await writes()).filter(line => line === 'flush')).toEqual([]);

    await ok('lab', 'reset-cbt', 'web01');
    await writeFile(join(dir, 'writes'), '');
    const done = await ok('failback', 'web01', 'm', '--to-vsphere', '--yes');
    expect(done).toMatch(/the whole disk: its change tracking was reset since the point was made/);
    expect(done).toMatch(/at most .* to be written/);
    expect(done).toMatch(/web01 is home: .* written, read back and compared; its replication goes on/);
    const lines = await writes();
    expect(lines.pop()).toBe('flush');
    const blocks = new Set(lines.map(line => Number(line.split(' ')[1]) / BLOCK));
    for (const block of blocks) expect([1, 10]).toContain(block);

    await ok('lab', 'power-on', 'web01');
    await ok('replicate', 'web01', 'm');
    await ok('restore', 'web01', '--repository', url, '--to', 'restored');
    await ok('lab', 'volume', volume, '--out', 'ec2.raw');
    const home = await readFile(join(dir, 'restored/disk-0.raw'));
    expect(sha256(home)).toBe(sha256((await readFile(join(dir, 'ec2.raw'))).subarray(0, home.length)));
    expect(home.subarray(600_000, 700_000)).toEqual(await readFile(join(dir, 'guest')));
  });
});
