import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { dc02Present, dc02States, toState } from '../support/dc02.ts';

if (!dc02Present)
  console.warn(
    'SKIPPED: the real NTFS disk (../shared/data/disks/dc02) is not here; four states and four restores were not tried',
  );

const repository = ['--repository', 's3://gdh-vm-replication/dr'];
const manifest = `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { gdh-vm-replication: { versioning: true, public_access: blocked } }
  protected_vm:
    dc02: { repository: s3://gdh-vm-replication/dr, schedule: every 15 minutes }
`;

test.runIf(dc02Present)(
  'a real NTFS disk in four states: four points, each restored to its SHA-256 at the end',
  async () => {
    const dir = await scratch();
    const lab = ['--lab', join(dir, 'lab')];
    const states = await dc02States();
    await mkdir(join(dir, 'm'));
    await writeFile(join(dir, 'm/dr.yaml'), manifest);
    const image = join(dir, 'disk.raw');
    const run = async (...args: string[]) => {
      const result = await cli(dir, [...args, ...lab]);
      expect(result.code, `${args.join(' ')}\n${result.stderr}`).toBe(0);
      return result;
    };

    for (let state = 0; state < 4; state++) {
      const changed = (await toState(image, state)).reduce((sum, { length }) => sum + length, 0);
      if (state === 0) {
        await run('lab', 'add-vm', 'dc02', '--disk', image);
        await run('apply', 'm');
      } else {
        await run('lab', 'set-disk', 'dc02', '0', image);
        const { stdout } = await run('replicate', 'dc02', 'm', '--format', 'json');
        const { numbers } = JSON.parse(stdout) as { numbers: Record<string, number> };
        expect(numbers.bytes_stored).toBeLessThanOrEqual(1.1 * changed);
        expect(numbers.bytes_uploaded).toBeLessThanOrEqual(1.1 * changed + 256 * 1024);
      }
    }

    const points = JSON.parse((await run('points', 'dc02', ...repository, '--format', 'json')).stdout) as {
      id: string;
    }[];
    expect(points).toHaveLength(4);
    for (const [state, point] of points.entries()) {
      await run('restore', 'dc02', ...repository, '--point', point.id, '--to', join(dir, `r${state}`));
      expect(await sha256(join(dir, `r${state}/disk-0.raw`))).toBe(states[state]!.sha256);
    }
    await run('verify', ...repository);

    const ntfsfix = ['/usr/bin/ntfsfix', '/sbin/ntfsfix', '/bin/ntfsfix'].find(existsSync);
    if (!ntfsfix)
      return console.warn(
        'SKIPPED: ntfsfix (ntfs-3g) is absent; nobody foreign judged the restored partition',
      );
    await partition(join(dir, 'r3/disk-0.raw'), join(dir, 'p.raw'));
    expect(execFileSync(ntfsfix, ['-n', join(dir, 'p.raw')], { encoding: 'utf8' })).toMatch(
      /processed successfully/,
    );
  },
  120_000,
);

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Copies the first MBR partition (entry at 446; first sector at +8, sectors at +12, little-endian) to a file.
 */
async function partition(disk: string, to: string): Promise<void> {
  const bytes = await readFile(disk);
  const [first, count] = [bytes.readUInt32LE(454), bytes.readUInt32LE(458)];
  await writeFile(to, bytes.subarray(first * 512, (first + count) * 512));
}
