import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { fileStore } from '../../src/replication/stores/file.ts';
import { cli, scratch } from '../support/cli.ts';
import { aLease, commitImage, openTest } from '../support/repository.ts';

const start = 1_700_000_000_000;

/** Three points of one VM, a minute apart, made by cycles of epochs 1 to 3. */
async function threePoints() {
  const dir = await scratch();
  const store = fileStore(join(dir, 'repo'), nodeHost());
  const vm = (await openTest(store)).vm('alpha-uuid');
  let etag: string | undefined;
  const ids: string[] = [];
  for (let n = 1; n <= 3; n++) {
    const lease = await vm.lease.write({ ...aLease(n), generation: n }, etag);
    if (lease === 'lost-race') throw new Error('lost');
    etag = lease.etag;
    const done = await commitImage(vm, Buffer.alloc(65536, n), {
      point: { vm: { uuid: 'alpha-uuid', name: 'alpha' }, epoch: n, time: start + n * 60_000 },
    });
    if (done === 'lost-race') throw new Error('lost');
    ids.push(done.point.id);
  }
  const folder = join(dir, 'repo', 'vms', (await readdir(join(dir, 'repo', 'vms')))[0]!);
  const point = async (n: number) =>
    join(folder, 'points', (await readdir(join(folder, 'points'))).sort()[n - 1]!);
  const run = (...args: string[]) => cli(dir, [...args, '--repository', `file://${join(dir, 'repo')}`]);
  return { dir, ids, folder, point, run };
}

type Points = Awaited<ReturnType<typeof threePoints>>;
const flip = async (path: string) => {
  const bytes = await readFile(path);
  bytes[50]! ^= 1;
  await writeFile(path, bytes);
};

describe('a point that was asked for and may be another one', () => {
  test.each<[string, (p: Points) => Promise<unknown>]>([
    [
      'head and newest point damaged',
      async p => [await flip(join(p.folder, 'head')), await flip(await p.point(3))],
    ],
    ['head and newest point gone', async p => [await rm(join(p.folder, 'head')), await rm(await p.point(3))]],
    [
      'head, newest point and lease gone',
      async p => [
        await rm(join(p.folder, 'head')),
        await rm(await p.point(3)),
        await rm(join(p.folder, 'lease')),
      ],
    ],
  ])('%s: nothing is written, 4, and the command for the newest whole one', async (_what, harm) => {
    const points = await threePoints();
    await harm(points);
    const { code, stderr, stdout } = await points.run('restore', 'alpha', '--to', 'out');
    expect(code, stderr).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toContain(`2023-11-14T22:15:20.000Z (${points.ids[1]})`);
    const command = /knowingly: converge (restore [^\n]*(\n +[^\n]+)*)/
      .exec(stderr)?.[1]
      ?.replace(/\n +/g, ' ');
    expect(command).toContain(`--point ${points.ids[1]} --to out`);
    expect(await readdir(points.dir)).not.toContain('out');
    // What it says is what works.
    expect((await cli(points.dir, command!.trim().split(' '))).code).toBe(0);
    expect(await readFile(join(points.dir, 'out/disk-0.raw'))).toEqual(Buffer.alloc(65536, 2));
  });

  test('a head that is lost alone costs nothing: the last cycle made the newest point', async () => {
    for (const harm of [flip, rm]) {
      const { dir, folder, run } = await threePoints();
      await harm(join(folder, 'head'));
      const { code, stderr } = await run('restore', 'alpha', '--to', 'out');
      expect(code, stderr).toBe(0);
      expect(await readFile(join(dir, 'out/disk-0.raw'))).toEqual(Buffer.alloc(65536, 3));
    }
  });

  test('by time: a damaged or missing point between is not passed over', async () => {
    for (const harm of [flip, rm]) {
      const points = await threePoints();
      await harm(await points.point(2));
      const at = (n: number) => ['--point', new Date(start + n * 60_000 + 1000).toISOString()];
      const { code, stderr } = await points.run('restore', 'alpha', '--to', 'out', ...at(2));
      expect(code, stderr).toBe(4);
      expect(stderr).toContain(points.ids[0]);
      expect((await points.run('restore', 'alpha', '--to', 'out', ...at(3))).code).toBe(0);
    }
  });

  test('one that is known to be broken is not begun, by restore, export and files alike', async () => {
    const points = await threePoints();
    const packs = join(points.folder, 'packs');
    const all = (await readdir(packs, { recursive: true })).filter(name => name.includes('/'));
    const made = await Promise.all(
      all.map(async name => [(await stat(join(packs, name))).mtimeMs, name] as const),
    );
    await rm(join(packs, made.toSorted((a, b) => a[0] - b[0]).at(-1)![1]));
    expect((await points.run('verify')).code).toBe(4);
    const at = (n: number) => ['--point', new Date(start + n * 60_000 + 1000).toISOString()];
    for (const words of [
      ['restore', 'alpha', '--to', 'out'],
      ['restore', 'alpha', '--to', 'out', ...at(3)],
      ['export', 'alpha', '--to', 'out', '--as', 'offset-files'],
      ['files', 'alpha'],
    ]) {
      const { code, stderr } = await points.run(...words);
      expect(code, stderr).toBe(4);
      expect(stderr).toContain('error[not-the-newest]');
      expect(stderr).toContain(`--point ${points.ids[1]}`);
      expect(await readdir(points.dir)).not.toContain('out');
    }
    // A time at which another one was the newest means that one, whatever became of later ones.
    expect((await points.run('restore', 'alpha', '--to', 'out', ...at(2))).code).toBe(0);
    expect(await readFile(join(points.dir, 'out/disk-0.raw'))).toEqual(Buffer.alloc(65536, 2));
    const one = await points.run('restore', 'alpha', '--to', 'other', '--point', points.ids[2]!);
    expect(one.stderr).toContain('error[missing-object]');
  });

  test('the id of a point whose object is damaged is known, and what became of it is said once', async () => {
    const points = await threePoints();
    await flip(join(points.folder, 'head'));
    await flip(await points.point(3));
    const { code, stderr } = await points.run('restore', 'alpha', '--to', 'out', '--point', points.ids[2]!);
    expect(code).toBe(4);
    expect(stderr).toContain(`the recovery point ${points.ids[2]} of alpha can't be given`);
    expect(stderr).not.toContain('has no recovery point');
    await points.run('points');
    const listed = (await points.run('points')).stderr;
    expect(listed.split('may not be its newest: generation 3')).toHaveLength(2);
    expect(listed).not.toContain('no object is left');
  });

  test('whoever saw a newer one is told when an older state was put back', async () => {
    const points = await threePoints();
    expect((await points.run('points')).code).toBe(0);
    await rm(await points.point(3));
    await rm(join(points.folder, 'head'));
    const { value: _, ...lease } = { value: 0, path: join(points.folder, 'lease') };
    await rm(lease.path);
    expect((await points.run('restore', 'alpha', '--to', 'out')).code).toBe(4);
    expect((await points.run('points')).stderr).toContain('may not be its newest: generation 3');
    const verified = await points.run('verify');
    expect(verified.code).toBe(4);
    expect(verified.stderr).toContain('as was seen from here, generation 3');
  });
});

describe('what the manifests say', () => {
  const manifest = (dir: string, more = '') => `converge: 1
targets:
  home: { type: vsphere, url: "https://vcenter.test", username: u, password: "\${secret('env:VC')}" }
resources:
  protected_vm:
    alpha: { repository: "file://${dir}/repo", schedule: every day }
${more}`;

  test('is enough for points, verify and restore, with or without the VM', async () => {
    const { dir, ids } = await threePoints();
    await mkdir(join(dir, 'manifests'));
    await writeFile(join(dir, 'manifests/m.yaml'), manifest(dir));
    for (const words of [['manifests'], ['alpha', 'manifests'], ['manifests', '--vm', 'alpha']]) {
      const { code, stdout, stderr } = await cli(dir, ['points', ...words, '--format', 'json']);
      expect(code, stderr).toBe(0);
      expect((JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)).toEqual(ids);
    }
    expect((await cli(dir, ['verify', 'manifests'])).stdout).toContain('3 of 3 recovery points whole');
    const restored = await cli(dir, ['restore', 'alpha', 'manifests', '--to', 'out']);
    expect(restored.code, restored.stderr).toBe(0);
    expect(await readFile(join(dir, 'out/disk-0.raw'))).toEqual(Buffer.alloc(65536, 3));
  });

  test('a VM that is called like a folder is named by --vm', async () => {
    const { dir, run } = await threePoints();
    await mkdir(join(dir, 'alpha'));
    const taken = await run('points', 'alpha');
    expect(taken.code).toBe(1);
    const named = await run('points', '--vm', 'alpha', '--format', 'json');
    expect(JSON.parse(named.stdout)).toHaveLength(3);
  });

  test('several repositories, none, and no words at all are mistakes with a way out', async () => {
    const { dir } = await threePoints();
    await writeFile(
      join(dir, 'm.yaml'),
      manifest(dir, '    beta: { repository: "file:///elsewhere", schedule: every day }\n'),
    );
    const several = await cli(dir, ['points', 'm.yaml']);
    expect(several.code).toBe(1);
    expect(several.stderr).toMatch(/several repositories: file:.*elsewhere/);
    expect((await cli(dir, ['points', 'alpha', 'm.yaml'])).code).toBe(0);
    const none = await cli(dir, ['restore', 'alpha', '--to', 'out']);
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('no repository was named');
  });
});

test('points shows age, what each stored, and UUIDs where one name stands for two', async () => {
  const { dir, run } = await threePoints();
  const listed = await run('points');
  expect(listed.stdout).toMatch(/ID +VM +TIME +AGE +CONSISTENCY +MODE +STORED +DISKS/);
  expect(listed.stdout).toMatch(
    /alpha +2023-11-14T22:16:20.000Z +\d+ d +crash +incremental +[\d.]+ (KiB|B) +0: 64.0 KiB/,
  );
  const repository = await openTest(fileStore(join(dir, 'repo'), nodeHost()), undefined, 'twin');
  await commitImage(repository.vm('twin-uuid'), Buffer.alloc(65536, 9), {
    point: { vm: { uuid: 'twin-uuid', name: 'alpha' } },
  });
  const both = await run('points');
  expect(both.stdout).toMatch(/ID +VM +UUID +TIME/);
  expect(both.stdout).toContain('twin-uuid');
  const { code, stderr } = await run('restore', 'alpha', '--to', 'out');
  expect(code).toBe(1);
  expect(stderr).toContain('alpha-uuid, twin-uuid');
});
