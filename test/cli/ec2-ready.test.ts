import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

async function applied(manifest: string) {
  const dir = await scratch();
  await mkdir(join(dir, 'm/post-launch'), { recursive: true });
  await writeFile(join(dir, 'm/ready.yaml'), manifest);
  await writeFile(join(dir, 'm/post-launch/web.yaml'), 'converge: 1\nresources: { file: { /srv/a: {} } }\n');
  const run = (...args: string[]) => cli(dir, [...args, '--lab', join(dir, 'lab')]);
  const first = await run('apply', 'm/ready.yaml');
  expect([first.code, first.stderr]).toEqual([0, expect.any(String)]);
  const second = await run('plan', 'm/ready.yaml', '--detailed-exitcodes');
  expect([second.code, second.stdout]).toEqual([0, expect.stringContaining('Nothing to do')]);
  return { dir, run };
}

test('ec2_ready_linux: a unit at each start, enabled, that names the manifests of the disk', async () => {
  const { dir } = await applied(`converge: 1
resources:
  ec2_ready_linux:
    web01: { program: /opt/converge/node, script: /opt/converge/converge.cjs }
  file:
    /etc/converge-post-launch/web.yaml: { source: post-launch/web.yaml }
`);
  const host = join(dir, 'lab/host');
  const unit = await readFile(join(host, 'etc/systemd/system/converge-post-launch.service'), 'utf8');
  expect(unit).toContain(
    'ExecStart=/opt/converge/node /opt/converge/converge.cjs post-launch /etc/converge-post-launch --console /dev/ttyS0 --wait 15m\n',
  );
  expect(await readFile(join(host, 'etc/converge-post-launch/web.yaml'), 'utf8')).toContain('/srv/a');
});

test('ec2_ready_windows: a task at each start as SYSTEM, and a folder that administrators alone write', async () => {
  const { dir, run } = await applied(`converge: 1
requires: { os: windows }
resources:
  ec2_ready_windows:
    dc02: {}
  file:
    c:\\ProgramData\\converge-post-launch\\web.yaml: { source: post-launch/web.yaml }
`);
  expect((await run('observe', 'm/ready.yaml', '-o', 'seen.json')).code).toBe(0);
  const seen = await readFile(join(dir, 'seen.json'), 'utf8');
  expect(seen).toContain(
    String.raw`post-launch \"c:\\ProgramData\\converge-post-launch\" --console \\\\.\\COM1 --wait 15m`,
  );
});
