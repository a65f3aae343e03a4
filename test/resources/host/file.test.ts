import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Failure, world as worldSays } from '../../../src/diagnostics/diagnostic.ts';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../../src/engine/model/catalog.ts';
import type { Where } from '../../../src/engine/model/resource-type.ts';
import type { World } from '../../../src/engine/model/world.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { memoryFiles } from '../../../src/io/memory-files.ts';
import { file } from '../../../src/resources/host/file.ts';
import { folderHost } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';

function setUp(more: Partial<World> = {}) {
  const { host, dir } = folderHost();
  const world = testWorld({ host, ...more });
  const converge = async (...resources: CatalogResource[]) => {
    const run = testRun([file], world);
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    return { planned, report: await apply(planned, run) };
  };
  const text = async (path: string) => (await host.files.read(path))?.toString();
  return { host, dir, world, converge, text };
}

describe('identity', () => {
  const linux: Where = { platform: 'linux', cwd: '/here' };
  const windows: Where = { platform: 'win32', cwd: 'C:\\Here' };
  test.each<[Where, string, string]>([
    [linux, '/srv//data/./x/../y/', '/srv/data/y'],
    [linux, 'relative/x', '/here/relative/x'],
    [linux, '/Case', '/Case'],
    [linux, '/', '/'],
    [windows, 'C:\\Temp\\', 'c:/temp'],
    [windows, 'c:/TEMP/../Temp', 'c:/temp'],
    [windows, 'logs', 'c:/here/logs'],
    [windows, 'C:\\', 'c:/'],
  ])('%j %s', (where, path, id) => {
    expect(file.identity({}, path, where)).toBe(id);
    expect(file.identity({ path }, 'a name', where)).toBe(id);
  });

  test.each([
    ['C:\\x\\nul', 'it is a device of Windows'],
    ['C:\\aux.txt', 'it is a device of Windows'],
    ['C:\\x.txt:stream', 'it names a stream of a file'],
    ['C:\\x.', 'Windows drops the dot or space at its end'],
    ['\\\\server\\share\\q?', 'Windows has no such names'],
    ['\\\\.\\pipe\\x', 'it names a device'],
    ['//?/C:/x', 'it names a device'],
    ['c:x', 'it is relative to where its drive happens to be'],
  ])('%s is not a path of Windows', (path, why) => {
    expect(mistakesIn(file, path, {}, windows)).toBe(`: ${path} can't be a path of Windows: ${why}`);
  });

  test('a share is a path of Windows, and Linux has all these names', () => {
    expect(file.identity({}, '\\\\Server\\Share\\A', windows)).toBe('//server/share/a');
    expect(file.identity({}, '/srv/aux:x.', linux)).toBe('/srv/aux:x.');
  });

  test('needs the nearest declared directory above', () => {
    expect(file.needs!({}, '/a/b/c')).toEqual([{ anyOf: ['path:/a/b', 'path:/a', 'path:/'] }]);
    expect(file.needs!({}, 'c:/a')).toEqual([{ anyOf: ['path:c:/'] }]);
  });

  test('contradictions are mistakes in what was given', () => {
    expect(mistakesIn(file, '/a', { content: 'x', source: 'y', kind: 'directory' })).toMatch(
      /^\/source: .*not both\n\/content: .*has no content$/,
    );
  });
});

describe('files and directories', () => {
  test('a tree in any order of declaration, with modes', async () => {
    const { converge, host, text } = setUp();
    const { report } = await converge(
      declare('file:/srv/app/conf.d/a.conf', { content: 'a', mode: '640' }),
      declare('file:/srv', { kind: 'directory' }),
      declare('file:/srv/app/conf.d', { kind: 'directory', mode: '0750' }),
      declare('file:/srv/app', { kind: 'directory' }),
    );
    expect(report.results.map(r => r.result)).toEqual(['changed', 'changed', 'changed', 'changed']);
    expect(report.proof?.empty).toBe(true);
    expect(await text('/srv/app/conf.d/a.conf')).toBe('a');
    expect(await host.files.stat('/srv/app/conf.d/a.conf')).toMatchObject({ mode: 0o640 });
    expect(await host.files.stat('/srv/app/conf.d')).toMatchObject({ kind: 'directory', mode: 0o750 });
  });

  test('what is not declared is not managed', async () => {
    const { converge, host, text } = setUp();
    await host.files.writeAtomic('/a', Buffer.from('theirs'), { mode: 0o604 });
    const { planned } = await converge(declare('file:/a'));
    expect(planned.resources[0]!.action).toBe('none');
    await converge(declare('file:/a', { content: 'ours' }));
    expect(await text('/a')).toBe('ours');
    expect(await host.files.stat('/a')).toMatchObject({ mode: 0o604 });
    await converge(declare('file:/a', { mode: '0600' }));
    expect(await text('/a')).toBe('ours');
  });

  test('a plan shows digests, never contents of the file', async () => {
    const { converge, host } = setUp();
    await host.files.writeAtomic('/a', Buffer.from('an old password'));
    const { planned } = await converge(declare('file:/a', { content: 'new' }));
    expect(planned.resources[0]!.fields).toMatchObject([
      {
        path: '/content',
        before: expect.stringMatching(/^sha256:/),
        after: expect.stringMatching(/^sha256:/),
      },
    ]);
    expect(JSON.stringify(planned)).not.toContain('an old password');
  });

  test('content from a source beside the manifest, with its digest in the plan', async () => {
    const sources: Record<string, string> = { 'manifests/files/x.conf': 'from the source' };
    const asked: string[] = [];
    const { converge, text } = setUp({
      source: async path => {
        asked.push(path);
        const bytes = sources[path] === undefined ? [] : [[path, Buffer.from(sources[path])] as const];
        return memoryFiles('/', new Map(bytes)).open(`/${path}`, 'r');
      },
    });
    const resource = declare('file:/x.conf', { source: 'files/x.conf' });
    resource.at.file = 'manifests/site.yaml';
    const { planned } = await converge(resource);
    expect(Object.keys(planned.sources)).toEqual(['file:/x.conf']);
    expect(await text('/x.conf')).toBe('from the source');
    expect(new Set(asked)).toEqual(new Set(['manifests/files/x.conf']));
    sources['manifests/files/x.conf'] = 'another';
    const second = await converge(resource);
    expect(second.planned.resources[0]!.action).toBe('update');
    expect(await text('/x.conf')).toBe('another');
    delete sources['manifests/files/x.conf'];
    await expect(converge(resource)).rejects.toMatchObject({
      diagnostics: [{ code: 'source-not-found', category: 'given' }],
    });
  });

  test('a secret as content is written, compared, and its owner’s alone', async () => {
    const { converge, world, host, text } = setUp();
    world.secrets['env:KEY'] = 'the-secret-text';
    const resource = declare('file:/key', { content: { $secret: 'env:KEY' } });
    await converge(resource);
    expect(await text('/key')).toBe('the-secret-text');
    expect(await host.files.stat('/key')).toMatchObject({ mode: 0o600 });
    world.secrets['env:KEY'] = 'the-rotated-text';
    const { planned } = await converge(resource);
    expect(planned.resources[0]!.fields).toMatchObject([{ before: 'other', after: { $secret: 'env:KEY' } }]);
    expect(JSON.stringify(planned)).not.toMatch(/the-(secret|rotated)-text/);
    expect(await text('/key')).toBe('the-rotated-text');
  });
});

describe('refusals', () => {
  test('a directory that is not empty is not deleted', async () => {
    const { converge, host, text } = setUp();
    await host.files.mkdir('/d');
    await host.files.writeAtomic('/d/precious', Buffer.from('x'));
    const { report } = await converge(declare('file:/d', {}, { ensure: 'absent' }));
    expect(report.results[0]).toMatchObject({
      result: 'failed',
      diagnostic: { code: 'file-refused', category: 'world' },
    });
    expect(await text('/d/precious')).toBe('x');
  });

  test('with its contents absent too it is, in the right order', async () => {
    const { converge, host } = setUp();
    await host.files.mkdir('/d/e', { recursive: true });
    await host.files.writeAtomic('/d/e/f', Buffer.from('x'));
    const absent = { ensure: 'absent' as const };
    await converge(
      declare('file:/d', {}, absent),
      declare('file:/d/e', {}, absent),
      declare('file:/d/e/f', {}, absent),
    );
    expect(await host.files.list('/')).toEqual([]);
  });

  test('a directory does not become a file, nor a file a directory', async () => {
    const { converge, host } = setUp();
    await host.files.mkdir('/d');
    await host.files.writeAtomic('/f', Buffer.from('x'));
    const { report } = await converge(
      declare('file:/d', { content: 'x' }),
      declare('file:/f', { kind: 'directory' }),
    );
    expect(report.results.map(r => r.diagnostic?.message)).toEqual([
      "`file:/d` is left as it is: its `kind` is `directory` and can't become `file`",
      "`file:/f` is left as it is: its `kind` is `file` and can't become `directory`",
    ]);
  });
});

test('one that can not be read fails alone', async () => {
  const { host, world, text } = setUp();
  await host.files.writeAtomic('/closed', Buffer.from('x'));
  const open: typeof host.files.open = (path, mode) => {
    if (path === '/closed') throw new Failure(worldSays('file-access', `can't open ${path}`));
    return host.files.open(path, mode);
  };
  const run = testRun([file], { ...world, host: { ...host, files: { ...host.files, open } } });
  const site = [declare('file:/closed', { content: 'y' }), declare('file:/open', { content: 'z' })];
  const planned = await plan(catalogOf(site), run, { engine: '1' });
  expect(planned.resources.map(r => r.action)).toEqual(['failed', 'create']);
  expect(planned.diagnostics).toMatchObject([{ code: 'file-access', address: 'file:/closed' }]);
  await apply(planned, run);
  expect(await text('/open')).toBe('z');
});

test('a secret that comes into a file that all may read closes it, unless a mode is declared', async () => {
  const { host, world, converge } = setUp();
  world.secrets['env:S'] = 'secret-text';
  await host.files.writeAtomic('/a', Buffer.from('x'), { mode: 0o644 });
  await host.files.writeAtomic('/b', Buffer.from('x'), { mode: 0o644 });
  const content = { $secret: 'env:S' };
  await converge(declare('file:/a', { content }), declare('file:/b', { content, mode: '0640' }));
  expect(await host.files.stat('/a')).toMatchObject({ mode: 0o600 });
  expect(await host.files.stat('/b')).toMatchObject({ mode: 0o640 });
});

test('a source is never held whole', async () => {
  const size = 5 * 2 ** 20;
  let largest = 0;
  let open = 0;
  const { converge, host } = setUp({
    source: async () => {
      open++;
      return {
        ...(await memoryFiles('/', new Map([['x', Buffer.alloc(size, 'x')]])).open('/x', 'r'))!,
        read: async (into, offset) => {
          largest = Math.max(largest, into.length);
          return (
            into.fill('x', 0, Math.min(into.length, size - offset)) && Math.min(into.length, size - offset)
          );
        },
        close: async () => {
          open--;
        },
      };
    },
  });
  const { report } = await converge(declare('file:/x', { source: 'x' }));
  expect(report.results[0]).toMatchObject({ result: 'changed' });
  expect(await host.files.stat('/x')).toMatchObject({ size });
  expect(largest).toBeLessThanOrEqual(256 * 1024);
  expect(open).toBe(0);
});

test.runIf(process.getuid?.() === 0)('a secret is not written into a file of another user', async () => {
  const { host, converge, text, dir } = setUp({ secret: async () => 'the password' });
  await host.files.writeAtomic('/s', Buffer.from('theirs'));
  await chown(join(dir, 's'), 65534, 65534);
  const secret = declare('file:/s', { content: { $secret: 'env:S' } });
  const { report } = await converge(secret);
  expect(report.results[0]).toMatchObject({
    result: 'failed',
    diagnostic: { message: expect.stringMatching(/belongs to another user \(uid 65534\)/) },
  });
  expect(await text('/s')).toBe('theirs');
  await chown(join(dir, 's'), 0, 0);
  await converge(secret);
  expect(await text('/s')).toBe('the password');
  expect(await host.files.stat('/s')).toMatchObject({ uid: 0, mode: 0o600 });
});
