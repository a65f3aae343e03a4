import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { sha256 } from '../recovery/fixture.ts';
import { url, world } from './taken-over.ts';

const qemuImg = spawnSync('qemu-img', ['--version']).error === undefined;
if (!qemuImg) console.warn('SKIPPED: a new VM at home: no qemu-img in PATH (.ci/peers.d/nbd.sh)');

test('planned, without any loss; then home into the disks in vSphere, off and on: the next point is what ran in EC2, byte for byte', {
  timeout: 180_000,
}, async () => {
  const { dir, run, ok, refused, live, status } = await world();
  const last = Buffer.concat([bootBlock(), Buffer.alloc(512 * 1000, 8)]);
  await writeFile(join(dir, 'last.raw'), last);
  await ok('lab', 'set-disk', 'web01', '0', 'last.raw');
  expect(await ok('failover', 'web', 'm', '--planned', '--noop')).toContain('nothing is lost (RPO 0)');
  expect((await run('failover', 'web', 'm', '--planned', '--yes', '--point', 'latest')).stderr).toContain(
    'a planned failover is of the last points',
  );
  const taken = await ok('failover', 'web', 'm', '--planned', '--yes');
  expect(taken).toContain('nothing was lost: home was shut down');
  expect((await run('failback', 'web01', 'm')).stderr).toContain('a machine is brought home to one place');
  const [instance] = await live();
  const volume = instance!.BlockDeviceMappings![0]!.Ebs!.VolumeId!;
  const asked = ['--first-start', '--bytes', String(last.length), '--format', 'json'];
  expect(JSON.parse(await ok('lab', 'volume', volume, ...asked))).toMatchObject({ sha256: sha256(last) });
  await writeFile(join(dir, 'guest'), randomBytes(100_000));
  await ok('lab', 'write-volume', volume, '600000', 'guest');

  const seen = await ok('failback', 'web01', 'm', '--to', 'home', '--noop');
  expect(seen).toMatch(
    /^failback of web01, which is i-\w+ of failover 1 of web: into .*home\n {2}disk 0: .*, what differs/,
  );
  expect(seen).toMatch(
    /to be read in EC2, and .* to be written; as fast as just now in .*\nnothing was stopped\n$/,
  );
  expect((await live()).map(({ State }) => State!.Name)).toEqual(['running']);
  expect(await refused('failback', 'web01', 'm', '--to', 'home')).toContain(
    'nobody approved that web01 is stopped',
  );

  await ok('lab', 'power-on', 'web01');
  expect(await refused('failback', 'web01', 'm', '--to-vsphere', '--yes')).toContain(
    "can't be written at home: it runs",
  );
  await ok('lab', 'power-off', 'web01');
  const done = await ok('failback', 'web01', 'm', '--to-vsphere', '--yes');
  expect(done).toMatch(/whole disks are written, since vSphere's file service .*: declare `nbdkit`/);
  expect(done).toMatch(
    /web01 is home: .* written, read back and compared; its replication goes on\nswitch it on/,
  );
  expect((await live()).map(({ State }) => State!.Name)).toEqual(['stopped']);
  expect(await status()).toMatchObject({ code: 0, vm: { state: 'kept' } });
  expect(await refused('failover', 'retry', 'web', 'm')).toContain(
    'web01 of failover 1 of web was brought home',
  );
  expect((await run('failover', 'commit', 'web', 'm')).stderr).toContain('are home: none is to be kept');

  await ok('lab', 'power-on', 'web01');
  expect(await ok('replicate', 'web01', 'm')).toMatch(/disk 0 /);
  await ok('restore', 'web01', '--repository', url, '--to', 'restored');
  await ok('lab', 'volume', volume, '--out', 'ec2.raw');
  const home = await readFile(join(dir, 'restored/disk-0.raw'));
  const there = (await readFile(join(dir, 'ec2.raw'))).subarray(0, home.length);
  expect(sha256(home)).toBe(sha256(there));
  expect(home.subarray(600_000, 700_000)).toEqual(await readFile(join(dir, 'guest')));

  await ok('failover', 'undo', 'web', 'm', '--yes');
  expect(await live()).toEqual([]);
  expect((await run('failback', 'web01', 'm', '--to', 'home', '--yes')).stderr).toContain(
    'no failover holds web01',
  );
});

test.skipIf(!qemuImg)(
  'home is gone: it says so, and the machine comes home as a new VM that is replicated as ever',
  {
    timeout: 180_000,
  },
  async () => {
    const { dir, run, ok, refused, live } = await world();
    await ok('failover', 'web', 'm', '--source-down-confirmed', '--yes');
    const volume = (await live())[0]!.BlockDeviceMappings![0]!.Ebs!.VolumeId!;
    await writeFile(join(dir, 'guest'), randomBytes(100_000));
    await ok('lab', 'write-volume', volume, '100000', 'guest');
    await ok('lab', 'remove-vm', 'web01');
    const gone = await refused('failback', 'web01', 'm', '--to-vsphere', '--yes');
    expect(gone).toContain('web01 is not in vSphere any more');
    expect(gone).toContain('--as-new web01');
    const both = ['failback', 'web01', 'm', '--to', 'x', '--as-new', 'web01'];
    expect((await run(...both)).stderr).toContain('a machine is brought home to one place');
    const stray = await run('failback', 'web01', 'm', '--to', 'x', '--pool', 'p', '--scratch', 's');
    expect(stray.stderr).toMatch(/--pool is of a new VM[\s\S]*--scratch is of a new VM/);
    const lost = await run(
      'failback',
      'web01',
      'm',
      '--as-new',
      'web01',
      '--datastore',
      'datastore2',
      '--network',
      'x',
    );
    expect(lost.stderr).toMatch(/no datastore datastore2[\s\S]*no network x/);
    const seen = await ok('failback', 'web01', 'm', '--as-new', 'web01', '--noop');
    expect(seen).toMatch(
      /: as a new VM web01\n.*the new machine has nothing yet\n {2}it goes into datastore datastore1, /,
    );
    expect(seen).toMatch(
      /at most .* to be sent; as fast as just now it is read in .*\nnothing was stopped\n$/,
    );
    expect(await ok('failback', 'web01', 'm', '--as-new', 'web01', '--yes')).toMatch(
      /web01 is home as the VM web01: .* sent, read back and compared\nswitch it on/,
    );
    expect(await refused('failback', 'web01', 'm', '--as-new', 'web02', '--yes')).toContain(
      'web01 was brought home as web01 already',
    );
    await ok('lab', 'power-on', 'web01');
    await ok('replicate', 'web01', 'm');
    await ok('lab', 'volume', volume, '--out', 'ec2.raw');
    await ok('failover', 'undo', 'web', 'm', '--yes');
    expect(await live()).toEqual([]);
    const uuid = /^web01 {2}(\S+)/m.exec(await ok('lab', 'show'))![1]!;
    await ok('restore', uuid, '--repository', url, '--to', 'restored');
    const home = await readFile(join(dir, 'restored/disk-0.raw'));
    expect(sha256(home)).toBe(sha256((await readFile(join(dir, 'ec2.raw'))).subarray(0, home.length)));
  },
);
