import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { memoryStore } from '../support/memory-store.ts';
import { aLease, openTest } from '../support/repository.ts';

const vm = (repository: string) => `{ repository: "file:///${repository}", schedule: every day }`;
const manifest = (more: string) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:VC')}" }
resources:
  protected_vm:
    dc02: ${vm('repo')}
${more}`;

/** A repository in which the newest of two points of dc02 is gone, and with it the head that named it. */
async function withoutNewest() {
  const dir = await scratch();
  const run = (args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { VC: 'x' } });
  await writeFile(join(dir, 'm.yaml'), manifest(''));
  for (let n = 0; n < 2; n++) expect((await run(['replicate', 'dc02', 'm.yaml'])).code).toBe(0);
  const vms = join(dir, 'lab/host/repo/vms');
  const folder = join(vms, (await readdir(vms))[0]!);
  const newest = (await readdir(join(folder, 'points'))).toSorted().at(-1)!;
  await rm(join(folder, 'points', newest));
  await rm(join(folder, 'head'));
  return { dir, run };
}

test('A10: what means the newest point says that it is lost, whichever command it is', async () => {
  const { dir, run } = await withoutNewest();
  const status = await run(['status', 'm.yaml']);
  expect(status.stderr).toContain('the newest point shown of dc02 may not be its newest: generation 2');
  expect(status.stdout).toContain('something that its repository holds of it could not be read');
  const told = JSON.parse((await run(['status', 'm.yaml', '--format', 'json'])).stdout);
  expect(told.vms[0].reason).toBe('damaged');

  await writeFile(
    join(dir, 'image.yaml'),
    'converge: 1\nresources:\n  raw_image: { /dc02.raw: { vm: dc02, repository: "file:///repo" } }\n',
  );
  const image = await run(['apply', 'image.yaml', '--yes']);
  expect([image.code, image.stderr]).toEqual([4, expect.stringContaining('error[not-the-newest]')]);
  await expect(readFile(join(dir, 'lab/host/dc02.raw'))).rejects.toThrow('ENOENT');

  const pin = await run(['pin', 'dc02', 'latest', 'm.yaml']);
  expect(pin.stderr).toMatch(/knowingly: converge pin dc02 [0-9a-f]{32} m\.yaml --lab lab\n/);
  const [, command = ''] = /knowingly: converge (.*) --lab lab\n/.exec(pin.stderr) ?? [];
  expect((await run(command.split(' '))).code, 'the way out is one').toBe(0);
});

test('a VM of which every trace is gone is told of by whoever saw it before', async () => {
  const { dir, run } = await withoutNewest();
  const repository = join(dir, 'lab/host/repo');
  await rm(join(repository, 'vms'), { recursive: true });
  const [key = ''] = await readdir(join(repository, 'roster'));
  await rm(join(repository, 'roster', key));
  const points = await run(['points', '--repository', 'file:///repo']);
  expect(points.stderr).toMatch(/no point of the VM .* can be given, and there was generation 2/);
  const verified = await run(['verify', '--repository', 'file:///repo']);
  expect(verified.stderr).toMatch(/nothing is left of the VM/);
});

test("a file of somebody else in the roster is nobody's VM, and damages none", async () => {
  const { dir, run } = await withoutNewest();
  await writeFile(join(dir, 'lab/host/repo/roster/README.txt'), 'do not touch');
  for (const args of [['points'], ['status', 'm.yaml']])
    expect((await run([...args, '--repository', 'file:///repo'])).stderr).not.toContain('README');
  const verified = await run(['verify', '--repository', 'file:///repo']);
  expect(verified.stderr).toMatch(/roster\/README\.txt" is not an object of this repository/);
});

test('a VM whose first copy runs has lost nothing', async () => {
  const vm = (await openTest(memoryStore('memory://first', () => 0))).vm('alpha-uuid');
  await vm.lease.write(aLease(1), undefined);
  expect((await vm.history()).lost).toEqual([]);
});

test('A17: a repository that is not there keeps no other one from being pruned, and is told at the end', async () => {
  const dir = await scratch();
  const run = (args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { VC: 'x' } });
  await writeFile(join(dir, 'm.yaml'), manifest(`    sql01: ${vm('nowhere')}\n`));
  expect((await run(['replicate', 'dc02', 'm.yaml'])).code).toBe(0);
  const pruned = await run(['prune', 'm.yaml']);
  expect(pruned.code).toBe(4);
  expect(pruned.stdout).toContain('dc02: 1 point stays');
  expect(pruned.stderr).toContain('error[repository-not-found]');
  const asJson = await run(['prune', 'm.yaml', '--format', 'json']);
  expect(JSON.parse(asJson.stdout).repositories).toHaveLength(1);
  expect(asJson.code).toBe(4);
});
