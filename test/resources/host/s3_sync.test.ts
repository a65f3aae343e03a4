import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { Json } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { exec } from '../../../src/resources/host/exec.ts';
import { takes } from '../../../src/resources/host/sync/globs.ts';
import { s3Sync } from '../../../src/resources/host/sync/s3_sync.ts';
import { folderHost } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { s3Content } from '../../support/s3-content.ts';

async function setUp() {
  const { host } = folderHost();
  const s3 = await s3Content();
  const world = testWorld({ host, connect: async () => s3.content });
  const converge = async (properties: Record<string, Json>, platform: NodeJS.Platform = 'linux') => {
    const title = platform === 'win32' ? 'C:\\data' : '/data';
    const run = testRun([s3Sync], { ...world, host: { ...host, platform } });
    const planned = await plan(catalogOf([declare(`s3_sync:${title}`, properties)]), run, { engine: '1' });
    const report = await apply(planned, run);
    const [resource] = planned.resources;
    return { action: resource!.action, fields: resource!.fields, result: report.results[0]!, planned };
  };
  const write = async (path: string, text: string) => {
    await host.files.mkdir(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    await host.files.writeAtomic(path, Buffer.from(text));
  };
  const text = async (path: string) => (await host.files.read(path))?.toString();
  return { host, world, s3, converge, write, text };
}

describe('down', () => {
  const from = 's3://data/app/';

  test('files and folders; what is the same is not fetched again, what is not of it stays', async () => {
    const { s3, converge, write, text } = await setUp();
    await s3.put('app/a.txt', 'a');
    await s3.put('app/deep/er/b.txt', 'b');
    await s3.put('app/folder/', '');
    await s3.put('other/c.txt', 'c');
    await write('/data/theirs.txt', 't');
    await write('/data/a.txt', 'a');
    const { result } = await converge({ from });
    expect(result).toMatchObject({ result: 'changed', note: '1 file copied, 1 B' });
    expect(await text('/data/deep/er/b.txt')).toBe('b');
    expect(await text('/data/theirs.txt')).toBe('t');
    expect((await converge({ from })).action).toBe('none');
  });

  test('a change on either side is named and undone; `delete` removes what has no object', async () => {
    const { s3, host, converge, write, text } = await setUp();
    for (const name of ['a', 'b', 'x/c']) await s3.put(`app/${name}`, name);
    await converge({ from, delete: true });
    await s3.put('app/a', 'A');
    await write('/data/b', 'B');
    await write('/data/left/over', 'o');
    const { fields } = await converge({ from, delete: true });
    expect(fields).toMatchObject([
      { path: '/differing', before: ['changed: a', 'changed: b'], after: [] },
      { path: '/surplus', before: ['left/over'], after: [] },
    ]);
    expect([await text('/data/a'), await text('/data/b'), await text('/data/x/c')]).toEqual([
      'A',
      'b',
      'x/c',
    ]);
    expect(await host.files.list('/data')).toEqual(['a', 'b', 'x']);
  });

  test('what is excluded is neither copied nor removed', async () => {
    const { s3, converge, write, text } = await setUp();
    for (const name of ['a.txt', 'a.log', 'logs/b.txt']) await s3.put(`app/${name}`, name);
    await write('/data/local.log', 'l');
    await converge({ from, delete: true, exclude: ['*.log', 'logs/'] });
    expect(await text('/data/a.txt')).toBe('a.txt');
    expect(await text('/data/a.log')).toBeUndefined();
    expect(await text('/data/logs/b.txt')).toBeUndefined();
    expect(await text('/data/local.log')).toBe('l');
  });

  test('an object in parts has no MD5: it is fetched once, and again without memory', async () => {
    const { s3, world, converge } = await setUp();
    const part = { Bucket: 'data', Key: 'app/big' };
    const { UploadId } = await s3.s3.send(new CreateMultipartUploadCommand(part));
    const { ETag } = await s3.s3.send(
      new UploadPartCommand({ ...part, UploadId, PartNumber: 1, Body: 'big' }),
    );
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await s3.s3.send(new CompleteMultipartUploadCommand({ ...part, UploadId, MultipartUpload }));
    await converge({ from });
    expect((await converge({ from })).action).toBe('none');
    await world.memory.engine.set('s3_sync:/data', undefined);
    expect((await converge({ from })).result).toMatchObject({
      result: 'changed',
      note: '1 file copied, 3 B',
    });
    expect((await converge({ from })).action).toBe('none');
  });

  test.each([
    ['linux', ['a/../../x'], 'leads out'],
    ['linux', ['a', 'a/b'], 'the file'],
    ['win32', ['web.config:b'], 'stream'],
    ['win32', ['nul.txt'], 'device'],
    ['win32', ['a', 'A'], 'case'],
    ['win32', ['..\\x'], 'leads out'],
  ] as const)('on %s, the keys %j fail it before anything is written', async (platform, keys, why) => {
    const { s3, host, converge } = await setUp();
    await s3.put('app/good', 'g');
    for (const key of keys) await s3.put(`app/${key}`, 'bad');
    // Looked at where there is a folder, and again when it is made.
    for (const exists of [false, true]) {
      if (exists) await host.files.mkdir(platform === 'win32' ? 'c:/data' : '/data', { recursive: true });
      const { result } = await converge({ from }, platform);
      expect(result).toMatchObject({ result: 'failed', diagnostic: { code: 'unsafe-names' } });
      expect(result.diagnostic!.message).toContain(why);
    }
    expect(await host.files.list(platform === 'win32' ? 'c:/data' : '/data')).toEqual([]);
  });

  test('on Linux such names are names', async () => {
    const { s3, converge, text } = await setUp();
    await s3.put('app/2026-01-01T00:00:00', 't');
    await s3.put('app/A', 'A');
    await s3.put('app/a', 'a');
    await converge({ from });
    expect([await text('/data/2026-01-01T00:00:00'), await text('/data/A'), await text('/data/a')]).toEqual([
      't',
      'A',
      'a',
    ]);
  });

  test('a bucket that is not there', async () => {
    const { converge } = await setUp();
    const { result } = await converge({ from: 's3://nowhere/app' });
    expect(result).toMatchObject({ result: 'failed', note: expect.stringContaining('s3-bucket:nowhere') });
  });
});

describe('up', () => {
  const to = 's3://data/backup';

  test('files, changes, and what has no file any more', async () => {
    const { s3, host, converge, write } = await setUp();
    await write('/data/a', 'a');
    await write('/data/deep/b', 'b');
    await s3.put('backup/theirs', 't');
    await s3.put('other', 'o');
    expect((await converge({ to })).result.result).toBe('changed');
    expect(await s3.keys()).toEqual(['backup/a', 'backup/deep/b', 'backup/theirs', 'other']);
    expect((await converge({ to })).action).toBe('none');
    await write('/data/a', 'A');
    await host.files.remove('/data/deep/b');
    const { fields } = await converge({ to, delete: true });
    expect(fields).toMatchObject([{ before: ['changed: a'] }, { before: ['deep/b', 'theirs'] }]);
    expect(await s3.keys()).toEqual(['backup/a', 'other']);
    expect(await s3.get('backup/a')).toBe('A');
    expect((await converge({ to, delete: true })).action).toBe('none');
  });

  test('a bucket that is made in the same run is waited for', async () => {
    const { s3, world, write } = await setUp();
    await write('/data/a', 'a');
    const maker: typeof exec = {
      ...exec,
      provides: () => ['s3-bucket:later'],
      async apply(steps) {
        await s3.s3.send(new CreateBucketCommand({ Bucket: 'later' }));
        return new Map(steps.map(({ id }) => [id, { ok: true }]));
      },
    };
    const run = testRun([s3Sync, maker], world);
    const upload = declare('s3_sync:/data', { to: 's3://later/' });
    const planned = await plan(
      catalogOf([upload, declare('exec:bucket', { command: ['true'], creates: '/no' })]),
      run,
      { engine: '1' },
    );
    expect(planned.diagnostics).toEqual([]);
    expect((await apply(planned, run)).results.map(({ result }) => result)).toEqual(['changed', 'changed']);
    const nobody = testRun([s3Sync], world);
    const { diagnostics } = await plan(catalogOf([declare('s3_sync:/data', { to: 's3://never/' })]), nobody, {
      engine: '1',
    });
    expect(diagnostics).toMatchObject([
      { code: 'not-observable', message: expect.stringContaining('`s3-bucket:never`') },
    ]);
  });

  test('a directory that is not there is no reason to empty the prefix', async () => {
    const { s3, converge } = await setUp();
    await s3.put('backup/a', 'a');
    const { planned } = await converge({ to, delete: true });
    expect(planned.diagnostics).toMatchObject([
      { code: 'not-observable', hint: expect.stringContaining('or correct the path') },
    ]);
    expect(await s3.keys()).toEqual(['backup/a']);
  });
});

test('a prefix is one place by any spelling', async () => {
  const { s3, converge, text } = await setUp();
  await s3.put('app/a.txt', 'a');
  expect((await converge({ from: 'S3://data//app//' })).result).toMatchObject({ result: 'changed' });
  expect(await text('/data/a.txt')).toBe('a');
  const where = { platform: 'linux', cwd: '/' } as const;
  expect(s3Sync.claims!({ to: 'S3://data//app//' }, '/data to S3://data//app//', where)).toMatchObject([
    { what: 'the objects in s3://data/app', path: 's3://data/app' },
  ]);
});

test('a sync has one direction, to or from a bucket', () => {
  const of = (properties: Record<string, string>) => mistakesIn(s3Sync, '/data', properties);
  expect(of({ from: 's3://a', to: 'https://b' })).toMatch(/^\/to: .*either.*\n\/to: .*isn't a prefix/);
  expect(of({})).toContain('synced with');
  expect(of({ from: 'https://example.com/a' })).toContain("isn't a prefix");
  expect(of({ from: 's3://a' })).toBe('');
  expect(of({ from: 's3:///a' })).toContain("isn't a prefix");
  expect(s3Sync.needs!({ to: 's3://a/b' }, '/data to s3://a/b')).toEqual([
    { anyOf: ['path:/data', 'path:/'] },
    { anyOf: ['s3-bucket:a'] },
  ]);
});

test.each([
  ['*.log', ['a.log', 'x/a.log'], ['a.logs', 'a.log.txt', 'alog']],
  ['logs/**', ['logs/a', 'logs/x/a'], ['x/logs/a', 'logs.txt']],
  ['logs/', ['logs/a', 'logs/x/a'], ['x/logs/a']],
  ['logs', ['logs', 'logs/a', 'x/logs', 'x/logs/a'], ['xlogs']],
  ['/a.txt', ['a.txt'], ['x/a.txt']],
  ['**/tmp/*', ['tmp/a', 'x/tmp/a', 'x/y/tmp/a'], ['tmp', 'xtmp/a']],
  ['a?[1].txt', ['ab[1].txt'], ['a1.txt', 'a/[1].txt']],
])('the glob %s', (glob, yes, no) => {
  const matches = takes({ include: [glob] }, false);
  for (const path of yes) expect(matches(path), path).toBe(true);
  for (const path of no) expect(matches(path), path).toBe(false);
  expect(takes({ exclude: [glob.toUpperCase()] }, true)(yes[0]!)).toBe(false);
});
