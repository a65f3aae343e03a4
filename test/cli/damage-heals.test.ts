import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const manifest = `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc-converge, password: "\${secret('env:VC_PASSWORD')}" }
resources:
  protected_vm:
    dc02: { repository: "file:///repo", schedule: every day }
`;

test('what verify finds damaged is planned, healed by the next apply, and proven whole', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'converge.yaml'), manifest);
  const env = { VC_PASSWORD: 'x' };
  const run = (command: string, ...more: string[]) =>
    cli(dir, [command, 'converge.yaml', '--lab', 'lab', ...more], { env });
  expect((await run('apply')).code).toBe(0);
  const files = await readdir(join(dir, 'lab'), { recursive: true, withFileTypes: true });
  const pack = files.find(file => file.isFile() && /\bpacks\b/.test(file.parentPath))!;
  const path = join(pack.parentPath, pack.name);
  const bytes = await readFile(path);
  bytes[5000]! ^= 1;
  await writeFile(path, bytes);

  const found = await run('verify');
  expect(found.code).toBe(4);
  expect(found.stdout).toContain('0 of 1 recovery point whole');
  const planned = await run('plan', '--detailed-exitcodes');
  expect(planned.code).toBe(2);
  expect(planned.stdout).toContain('damage  pending -> healed');
  const listed = await run('points');
  expect(listed.stdout).toContain('BROKEN');
  const applied = await run('apply');
  expect(applied.code, applied.stderr).toBe(0);
  expect(applied.stderr + applied.stdout).toMatch(
    /1 block was stored again, and 1 earlier point can be restored/,
  );
  const proven = await run('verify');
  expect(proven.code, proven.stderr).toBe(0);
  expect(proven.stdout).toContain('2 of 2 recovery points whole');
  expect((await run('plan', '--detailed-exitcodes')).code).toBe(0);
});
