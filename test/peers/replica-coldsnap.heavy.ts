import { randomFillSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartSnapshotCommand } from '@aws-sdk/client-ebs';
import { expect, it, onTestFinished } from 'vitest';
import { connectRecovery } from '../../src/aws/recovery/connection.ts';
import { nodeHost } from '../../src/io/node.ts';
import { cli } from '../support/cli.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { describeWith, folder, run } from './s3-programs.ts';

const K512 = 524_288;

describeWith('replicas that converge wrote against coldsnap', 'coldsnap', ['--help'], () => {
  it('reads back the bytes of each point, by a full replica and by its child, and nothing of one that is pending', async () => {
    const dir = folder();
    const image = join(dir, 'disk.raw');
    // Not whole blocks, so that zeros have to follow.
    const disk = Buffer.alloc(9 * K512 + 512 * 3);
    randomFillSync(disk, 2 * K512, 3 * K512);
    disk.fill(1, disk.length - 512);
    writeFileSync(image, disk);
    const machines = [{ name: 'web01', disks: [image] }];
    const world = await recoveryWorld({ dir, run: cli, machines });
    onTestFinished(() => world.close());
    const { region, s3: credentials } = world.lab.settings;
    const coldsnap = (...args: string[]) =>
      run('coldsnap', ['--endpoint', world.api.url, '--region', region, ...args], {
        AWS_ACCESS_KEY_ID: credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: 'true',
      });
    const replica = async () => {
      const said = await world.ok('replicate', 'web01', '--replica', 'm');
      return { id: /snap-[0-9a-f]+/.exec(said)![0], said };
    };
    const download = async (id: string) => {
      const file = join(dir, `${id}.raw`);
      await coldsnap('download', '--no-progress', id, file);
      return readFileSync(file);
    };
    const same = async (id: string) => {
      const got = await download(id);
      expect(got.subarray(0, disk.length).equals(disk)).toBe(true);
      expect(got.subarray(disk.length).every(byte => byte === 0)).toBe(true);
    };

    await world.ok('apply', 'm');
    const first = await replica();
    expect(first.said).toContain('full (first), 4 blocks');
    await same(first.id);

    // One block changes, one becomes zero.
    randomFillSync(disk, 7 * K512, 100);
    disk.fill(0, 3 * K512, 4 * K512);
    writeFileSync(image, disk);
    await world.ok('lab', 'set-disk', 'web01', '0', image);
    await world.ok('replicate', 'web01', 'm');
    const second = await replica();
    expect(second.said).toContain('incremental, 2 blocks');
    await same(second.id);

    const { clock, random } = nodeHost();
    const connection = await connectRecovery({
      region,
      credentials,
      endpoint: world.api.url,
      clock,
      random,
    });
    onTestFinished(() => connection.close());
    const { SnapshotId } = (await connection.onEbs('StartSnapshot', 'a pending one', (client, options) =>
      client.send(new StartSnapshotCommand({ VolumeSize: 1, ParentSnapshotId: second.id }), options),
    ))!;
    await expect(
      coldsnap('download', '--no-progress', SnapshotId!, join(dir, 'pending.raw')),
    ).rejects.toThrow(/pending/);
    await expect(readFile(join(dir, 'pending.raw'))).rejects.toThrow('ENOENT');
  }, 300_000);
});
