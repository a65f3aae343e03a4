import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { cli, scratch } from '../support/cli.ts';
import { aLease, commitImage, openTest } from '../support/repository.ts';

/** Three points of one VM, each with a block of its own in a pack of its own. */
async function threePoints() {
  const dir = await scratch();
  const store = fileStore(join(dir, 'repo'), nodeHost());
  const vm = (await openTest(store)).vm('alpha-uuid');
  await vm.lease.write({ ...aLease(1), generation: 3 }, undefined);
  const ids: string[] = [];
  const heads: Buffer[] = [];
  const folder = async () => join(dir, 'repo', 'vms', (await readdir(join(dir, 'repo', 'vms')))[0]!);
  for (let n = 1; n <= 3; n++) {
    const done = await commitImage(vm, Buffer.alloc(65536, n), {
      point: { vm: { uuid: 'alpha-uuid', name: 'alpha' }, epoch: 1, time: 1_700_000_000_000 + n * 60_000 },
    });
    if (done === 'lost-race') throw new Error('lost');
    ids.push(done.point.id);
    heads.push(await readFile(join(await folder(), 'head')));
  }
  const files = async (part: string) => {
    const from = join(await folder(), part);
    const names = await readdir(from, { recursive: true, withFileTypes: true });
    return names
      .filter(one => one.isFile())
      .map(one => join(one.parentPath, one.name))
      .sort();
  };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await cli(dir, [...args, '--repository', `file://${join(dir, 'repo')}`]);
    return { code, stdout, said: stderr.replace(/\s+/g, ' ') };
  };
  return { dir, ids, heads, head: join(await folder(), 'head'), files, run };
}

const flip = async (path: string) => {
  const bytes = await readFile(path);
  bytes[50]! ^= 1;
  await writeFile(path, bytes);
};

test('the object of an older point is lost: the point is counted, and nobody is said to make it again', async () => {
  for (const harm of [flip, rm]) {
    const { ids, files, run } = await threePoints();
    await harm((await files('points'))[1]!);
    const { code, stdout, said } = await run('verify');
    expect(code).toBe(4);
    expect(stdout).toContain(`BROKEN  ${ids[1]}  alpha  its time is not known`);
    expect(stdout).toContain('2 of 3 recovery points whole');
    expect(said).toContain('No cycle makes it again');
    const repaired = await run('repair');
    expect(repaired.said).toContain(`these recovery points can't be restored: ${ids[1]}`);
    expect(repaired.said).not.toContain('stored again');
  }
});

test('what is known from before stays an error at every level that does not look at it', async () => {
  const { ids, files, run } = await threePoints();
  for (const pack of await files('packs')) await flip(pack);
  const full = await run('verify');
  expect(full.code).toBe(4);
  expect(full.said).toContain('the next cycle stores again');
  expect(full.said).not.toContain('all other points can');
  for (const level of ['chain', 'presence']) {
    const { code, stdout, said } = await run('verify', '--level', level);
    expect(code, level).toBe(4);
    expect(stdout).toContain('3 problems');
    expect(said).toContain("was found damaged before, and this run didn't read it");
    for (const id of ids) expect(stdout).toContain(`BROKEN ${' '}${id}`);
  }
});

test('an older head that was put back: the way out is named, and works', async () => {
  const { heads, head, run } = await threePoints();
  await writeFile(head, heads[0]!);
  const { code, said } = await run('verify');
  expect(code).toBe(4);
  expect(said).toContain('every point can still be restored; `converge repair VM PATHS --rebuild-head`');
  expect((await run('repair', '--rebuild-head')).code).toBe(0);
  expect((await run('verify')).code).toBe(0);
});

test('what the store does not hand out is not called broken, nor healed by anybody', async () => {
  const { ids, files, run } = await threePoints();
  for (const pack of await files('packs')) {
    await rm(pack);
    await execa('mkfifo', [pack]);
  }
  const { code, stdout, said } = await run('verify');
  expect(code).toBe(4);
  for (const id of ids) expect(stdout).toContain(`NOT CHECKED  ${id}`);
  expect(stdout).toContain('0 of 3 recovery points whole, 3 not checked');
  for (const id of ids) expect(said).toContain(`Until it is handed out, these can't be restored: ${id}`);
  expect(said).not.toMatch(/the next cycle|run `converge verify`/);
});

test('a repository whose configuration is damaged sends nobody to a command that needs it', async () => {
  const { dir, run } = await threePoints();
  const path = join(dir, 'repo', 'converge.json');
  const whole = await readFile(path, 'utf8');
  for (const bad of ['', '{}', whole.replace(/[0-9a-f]{64}/, '0'.repeat(64))]) {
    await writeFile(path, bad);
    for (const words of [['verify'], ['points'], ['repair'], ['restore', 'alpha', '--to', 'out']]) {
      const { code, said } = await run(...words);
      expect([words[0], code]).toEqual([words[0], 4]);
      expect(said).toContain('bring converge.json back');
      expect(said).not.toContain('converge verify');
    }
  }
});

test.each([
  ['damage', ''],
  ['damage', 'junk'],
  ['locks', ''],
  ['locks', 'junk'],
])('a file `%s` that holds "%s" is written anew by repair, and all is whole then', async (name, text) => {
  const { head, run } = await threePoints();
  await writeFile(join(head, '..', name), text);
  expect((await run('repair')).stdout).toBe(`alpha: ${name} written anew\n`);
  expect(await run('verify')).toMatchObject({ code: 0 });
  // Whoever looks first says so, and once is enough.
  await writeFile(join(head, '..', name), text);
  const before = await run('verify', '--level', 'chain');
  expect([before.code, before.said]).toEqual([4, expect.stringContaining(`/${name}`)]);
  await run('repair');
  expect(await run('verify')).toMatchObject({ code: 0 });
});
