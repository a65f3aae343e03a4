import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { cli, scratch } from '../support/cli.ts';
import { commitImage, openTest } from '../support/repository.ts';

/** A repository of alpha and beta, two points each; `harm` flips a byte of one of beta's objects. */
async function twoVms() {
  const dir = await scratch();
  const repository = await openTest(fileStore(join(dir, 'repo'), nodeHost()));
  for (const name of ['alpha', 'beta'])
    for (let n = 1; n <= 2; n++)
      await commitImage(repository.vm(`${name}-uuid`), Buffer.alloc(65536, n), {
        point: { vm: { uuid: `${name}-uuid`, name }, time: 1_700_000_000_000 + n * 60_000 },
      });
  const folder = join('vms', repository.context.vault.vmKey('beta-uuid'));
  const harm = async (part: string) => {
    const name = (await readdir(join(dir, 'repo', folder, part)).catch(() => [''])).sort()[0]!;
    const path = join(dir, 'repo', folder, part, name);
    const bytes = await readFile(path);
    bytes[50]! ^= 1;
    await writeFile(path, bytes);
  };
  const run = (...args: string[]) => cli(dir, [...args, '--repository', `file://${join(dir, 'repo')}`]);
  return { dir, harm, run };
}

test('a damaged head is one warning; every whole point is listed and restored', async () => {
  const { dir, harm, run } = await twoVms();
  await harm('head');
  const listed = await run('points', '--format', 'json');
  expect(listed.code, listed.stderr).toBe(0);
  expect(JSON.parse(listed.stdout)).toHaveLength(4);
  expect(listed.stderr.match(/head is damaged/g)).toHaveLength(1);
  expect(listed.stderr).toMatch(/warning/);
  // What the head named may have been newer, so the point is asked for by its id.
  const points = JSON.parse(listed.stdout) as { id: string; vm: { name: string }; generation: number }[];
  for (const name of ['alpha', 'beta', 'beta-uuid']) {
    const { id } = points.find(p => name.startsWith(p.vm.name) && p.generation === 2)!;
    const restored = await run('restore', name, '--to', name, '--point', id);
    expect(restored.code, restored.stderr).toBe(0);
    expect(await readFile(join(dir, name, 'disk-0.raw'))).toEqual(Buffer.alloc(65536, 2));
  }
});

test('a damaged point is one warning; the others are listed and restored', async () => {
  const { dir, harm, run } = await twoVms();
  await harm('points');
  const listed = await run('points', 'beta', '--format', 'json');
  expect(listed.code, listed.stderr).toBe(0);
  expect(JSON.parse(listed.stdout)).toMatchObject([{ generation: 2 }]);
  expect(listed.stderr.match(/points\/000000000001-\w+ is damaged/g)).toHaveLength(1);
  expect((await run('restore', 'beta', '--to', 'out')).code).toBe(0);
  expect(await readFile(join(dir, 'out', 'disk-0.raw'))).toEqual(Buffer.alloc(65536, 2));
});

test.each([
  [
    'points and heads are gone',
    ['points', 'head'],
    [/VM beta-uuid is enrolled/, /VM alpha-uuid is enrolled/],
    'rolled-back',
  ],
  [
    'all of its VMs are gone',
    ['.'],
    [/VM beta-uuid is enrolled in it and has neither a point nor a lease/],
    'missing',
  ],
])(
  'a repository that lost everything is not shown as one that is empty: %s',
  async (_, parts, said, kind) => {
    const { dir, run } = await twoVms();
    for (const vm of await readdir(join(dir, 'repo', 'vms')))
      for (const part of parts)
        await rm(join(dir, 'repo', 'vms', vm, part), { recursive: true, force: true });
    const { stderr, stdout } = await run('points');
    expect(stdout).toContain('no recovery points');
    for (const one of said) expect(stderr).toMatch(one);
    const verified = await run('verify');
    expect(verified.code).toBe(4);
    expect(verified.stderr).toContain(`error[repository-${kind}]`);
    expect(verified.stderr).not.toContain('every point can still be restored');
  },
);

test('a roster that is gone hides no point', async () => {
  const { dir, run } = await twoVms();
  await rm(join(dir, 'repo', 'roster'), { recursive: true });
  expect(JSON.parse((await run('points', '--format', 'json')).stdout)).toHaveLength(4);
  const verified = await run('verify');
  expect(verified.code).toBe(4);
  expect(verified.stderr).toContain('error[repository-missing]');
  expect(verified.stderr).toContain('every point can still be restored');
});

test.each(
  ['head', 'points', 'packs', 'index', 'pages', 'roster'].flatMap(part =>
    ['mkfifo', 'mkdir'].map(make => [make, part] as const),
  ),
)('what is made by %s in the place of an object of %s is a fault of that object', async (make, part) => {
  const { dir, run } = await twoVms();
  const key = (await readdir(join(dir, 'repo'), { recursive: true, withFileTypes: true }))
    .filter(one => one.isFile())
    .map(one => join(one.parentPath, one.name))
    .sort()
    .find(path => path.includes(`/${part}`))!;
  await rm(key);
  await execa(make, [key]);
  const verified = await run('verify');
  expect(verified.code, verified.stderr).toBe(4);
  expect(verified.stderr).toContain(key.slice(join(dir, 'repo/').length));
  expect(verified.stdout).toMatch(/of [34] recovery points whole/);
  const listed = await run('points', '--format', 'json');
  expect([0, 4]).toContain(listed.code);
  expect(JSON.parse(listed.stdout).length, listed.stderr).toBeGreaterThanOrEqual(part === 'roster' ? 2 : 3);
});
