import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { CatalogResource, Json } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { archive } from '../../../src/resources/host/archive/archive.ts';
import { download } from '../../../src/resources/host/fetch/download.ts';
import { file } from '../../../src/resources/host/file.ts';
import { folderHost } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { webServer } from '../../support/web-server.ts';
import { type Packed, zip } from '../../support/zip.ts';

const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function setUp() {
  const { host, dir } = folderHost();
  const web = await webServer();
  const world = testWorld({ host, connect: async () => web.content });
  const convergeAll = async (...resources: CatalogResource[]) => {
    const run = testRun([archive, download, file], world);
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    const report = await apply(planned, run);
    return { planned, actions: planned.resources.map(r => r.action), report, results: report.results };
  };
  const converge = async (properties: Record<string, Json> = {}) => {
    const { planned, results } = await convergeAll(
      declare('archive:/app', { source: '/a.zip', ...properties }),
    );
    return {
      action: planned.resources[0]!.action,
      fields: planned.resources[0]!.fields,
      result: results[0]!,
    };
  };
  const put = (...entries: Packed[]) => host.files.writeAtomic('/a.zip', zip(entries));
  const text = async (path: string) => (await host.files.read(path))?.toString();
  const tree = async (path = '/app'): Promise<string[]> => {
    const names = (await host.files.list(path)) ?? [];
    const below = names.map(async name => {
      const stat = await host.files.stat(`${path}/${name}`);
      return stat!.kind === 'directory' ? tree(`${path}/${name}`) : [`${path}/${name}`];
    });
    return (await Promise.all(below)).flat().sort();
  };
  const leftovers = async () => (await host.files.list('/'))!.filter(name => name.includes('converge'));
  return { host, dir, web, world, converge, convergeAll, put, text, tree, leftovers };
}

describe('unpacking', () => {
  test('files, empty directories, modes, backslashes, stored entries; nothing the second time', async () => {
    const { host, put, converge, tree, text, leftovers } = await setUp();
    await put(
      { name: 'web.config', content: '<configuration/>' },
      { name: 'bin\\x64\\app.dll', content: 'code', stored: true },
      { name: 'logs/' },
      { name: './run.sh', content: '#!/bin/sh', mode: 0o106777 },
      { name: 'empty' },
    );
    expect((await converge()).result.result).toBe('changed');
    expect(await tree()).toEqual(['/app/bin/x64/app.dll', '/app/empty', '/app/run.sh', '/app/web.config']);
    expect(await text('/app/bin/x64/app.dll')).toBe('code');
    expect(await host.files.stat('/app/logs')).toMatchObject({ kind: 'directory' });
    // Packed where everybody may write, and setuid.
    expect(await host.files.stat('/app/run.sh')).toMatchObject({ mode: 0o755 });
    expect(await leftovers()).toEqual([]);
    expect((await converge()).action).toBe('none');
  });

  test('a newer archive changes only what differs, and keeps what is not of it', async () => {
    const { host, put, converge, text, tree } = await setUp();
    await put({ name: 'same', content: 's' }, { name: 'a', content: '1' }, { name: 'old/b', content: 'b' });
    await converge();
    const before = await host.files.stat('/app/same');
    await host.files.writeAtomic('/app/theirs', Buffer.from('t'));
    await put({ name: 'same', content: 's' }, { name: 'a', content: '2' });
    const { fields } = await converge();
    expect(fields).toMatchObject([{ path: '/content', before: 'behind', after: 'newest' }]);
    expect(await text('/app/a')).toBe('2');
    expect((await host.files.stat('/app/same'))!.inode).toBe(before!.inode);
    expect(await tree()).toEqual(['/app/a', '/app/old/b', '/app/same', '/app/theirs']);
  });

  test('with `purge_old`, what the old archive had and the new one has not goes, and nothing else', async () => {
    const { host, put, converge, tree } = await setUp();
    await put(
      { name: 'a', content: '1' },
      { name: 'old/b', content: 'b' },
      { name: 'mixed/c', content: 'c' },
    );
    await converge({ purge_old: true });
    await host.files.writeAtomic('/app/mixed/theirs', Buffer.from('t'));
    await put({ name: 'a', content: '2' });
    await converge({ purge_old: true });
    expect(await tree()).toEqual(['/app/a', '/app/mixed/theirs']);
    expect(await host.files.stat('/app/old')).toBeUndefined();
  });

  test('a changed and a removed file are named and repaired; a touched one is not changed', async () => {
    const { host, put, converge, text } = await setUp();
    await put({ name: 'a', content: '1' }, { name: 'b', content: '2' }, { name: 'c', content: '3' });
    await converge();
    await host.files.writeAtomic('/app/a', Buffer.from('X'));
    await host.files.remove('/app/b');
    await host.files.writeAtomic('/app/c', Buffer.from('3'));
    const { fields } = await converge();
    expect(fields).toMatchObject([{ path: '/damaged', before: ['changed: a', 'missing: b'], after: [] }]);
    expect(await text('/app/a')).toBe('1');
    expect(await text('/app/b')).toBe('2');
    expect((await converge()).action).toBe('none');
  });

  test('absent takes what was unpacked, and leaves the rest', async () => {
    const { host, put, convergeAll, converge, tree } = await setUp();
    await put({ name: 'a', content: '1' }, { name: 'x/y/b', content: '2' });
    await converge();
    await host.files.writeAtomic('/app/theirs', Buffer.from('t'));
    await host.files.remove('/a.zip');
    const gone = declare('archive:/app', { source: '/a.zip' }, { ensure: 'absent' });
    expect((await convergeAll(gone)).results[0]!.result).toBe('changed');
    expect(await tree()).toEqual(['/app/theirs']);
    expect((await convergeAll(gone)).actions).toEqual(['none']);
  });
});

describe('where it comes from', () => {
  test('an archive that a download brings is unpacked in the same run, also when it changes', async () => {
    const { web, convergeAll, text } = await setUp();
    const resources = [
      declare('archive:/app', { source: '/a.zip' }),
      declare('download:/a.zip', { url: `${web.url}/a.zip`, allow_insecure: true }),
    ];
    web.pages.set('/a.zip', { body: zip([{ name: 'a', content: '1' }]), etag: '"1"' });
    const first = await convergeAll(...resources);
    expect(first.results.map(r => r.result)).toEqual(['changed', 'changed']);
    expect(first.report.proof?.empty).toBe(true);
    web.pages.set('/a.zip', { body: zip([{ name: 'a', content: '2' }]), etag: '"2"' });
    const second = await convergeAll(...resources);
    expect(second.planned.resources.find(r => r.type === 'archive')!.fields).toMatchObject([
      { path: '/content', reason: 'after download:/a.zip' },
    ]);
    expect(await text('/app/a')).toBe('2');
    expect((await convergeAll(...resources)).actions).toEqual(['none', 'none']);
  });

  test('a URL: asked once without a checksum, never with one, and no copy stays', async () => {
    const { web, converge, text, leftovers } = await setUp();
    const body = zip([{ name: 'a', content: '1' }]);
    web.pages.set('/a.zip', { body, etag: '"1"' });
    const source = `${web.url}/a.zip`;
    await converge({ source, checksum: sha256(body) });
    expect((await converge({ source, checksum: sha256(body) })).action).toBe('none');
    // The plan looks whether it is there, and the step fetches it.
    expect(web.log).toEqual(['200 /a.zip', '200 /a.zip']);
    expect((await converge({ source, allow_insecure: true })).action).toBe('none');
    expect(web.log).toEqual(['200 /a.zip', '200 /a.zip', '304 /a.zip']);
    const newer = zip([{ name: 'a', content: '2' }]);
    web.pages.set('/a.zip', { body: newer, etag: '"2"' });
    await converge({ source, checksum: sha256(newer) });
    expect(await text('/app/a')).toBe('2');
    expect(await leftovers()).toEqual([]);
  });

  test('a local archive is held to its checksum', async () => {
    const { put, converge, tree } = await setUp();
    await put({ name: 'a', content: '1' });
    const { result } = await converge({ checksum: sha256(Buffer.from('other')) });
    expect(result).toMatchObject({ result: 'failed', diagnostic: { code: 'wrong-checksum' } });
    expect(await tree()).toEqual([]);
  });
});

describe('what is refused leaves everything as it was', () => {
  const plain = { name: 'plain', content: 'x' };
  const zeros = Buffer.alloc(70 * 2 ** 20);
  test.each<[string, Packed[], string]>([
    ['an absolute name', [plain, { name: '/etc/passwd' }], 'unsafe-names'],
    ['a drive', [plain, { name: 'C:\\Windows\\x' }], 'unsafe-names'],
    ['a drive without a slash', [plain, { name: 'c:x' }], 'unsafe-names'],
    ['a way out', [plain, { name: '../x' }], 'unsafe-names'],
    ['a way out by backslashes', [plain, { name: 'a\\..\\..\\x' }], 'unsafe-names'],
    ['a share', [plain, { name: '\\\\host\\share\\x' }], 'unsafe-names'],
    ['a stream', [plain, { name: 'a:b' }], 'unsafe-names'],
    ['a device', [plain, { name: 'bin/nul.txt' }], 'unsafe-names'],
    ['a device with a superscript', [plain, { name: 'COM¹' }], 'unsafe-names'],
    ['a dot at the end', [plain, { name: 'web.config.' }], 'unsafe-names'],
    ['a space at the end', [plain, { name: 'bin /x' }], 'unsafe-names'],
    ['a control character', [plain, { name: 'a\u0007' }], 'unsafe-names'],
    ['a wildcard', [plain, { name: 'a*' }], 'unsafe-names'],
    ['names that differ in case', [plain, { name: 'PLAIN' }], 'unsafe-names'],
    ['directories that differ in case', [{ name: 'a/x' }, { name: 'A/y' }], 'unsafe-names'],
    ['names that differ in normal form', [{ name: 'e\u0301' }, { name: '\u00e9' }], 'unsafe-names'],
    ['a name twice', [plain, plain], 'unsafe-names'],
    ['a file that is a directory as well', [{ name: 'a' }, { name: 'a/b' }], 'unsafe-names'],
    ['the same the other way round', [{ name: 'a/b' }, { name: 'a' }], 'unsafe-names'],
    ['a link', [plain, { name: 'l', content: '/etc/passwd', mode: 0o120777 }], 'archive-refused'],
    ['a device node', [plain, { name: 'd', mode: 0o020666 }], 'archive-refused'],
    ['an encrypted entry', [plain, { name: 'e', lies: { flags: 1 } }], 'archive-refused'],
    ['an unknown method', [plain, { name: 'm', lies: { method: 93 } }], 'archive-refused'],
    ['a wrong CRC', [plain, { name: 'c', content: 'c', lies: { crc: 1 } }], 'archive-damaged'],
    ['more bytes than it says', [plain, { name: 's', content: 'sss', lies: { size: 1 } }], 'archive-damaged'],
    ['more bytes than are allowed', [plain, { name: 'l', content: Buffer.alloc(3000) }], 'content-too-large'],
    ['a bomb', [plain, { name: 'z', content: zeros }], 'archive-bomb'],
    [
      'entries that share bytes',
      [plain, { name: 'q', content: 'q', lies: { packed: 5000 } }],
      'archive-bomb',
    ],
  ])('%s', async (title, entries, code) => {
    const { host, put, converge, tree, text, leftovers } = await setUp();
    await put({ name: 'old', content: 'old' });
    await converge();
    await put(...entries);
    const max_size = title === 'a bomb' ? '1GiB' : '2KiB';
    const { result } = await converge({ max_size });
    expect(result).toMatchObject({ result: 'failed', diagnostic: { code, category: 'world' } });
    expect(await tree()).toEqual(['/app/old']);
    expect(await text('/app/old')).toBe('old');
    expect(await leftovers()).toEqual([]);
    expect(await host.files.stat('/x')).toBeUndefined();
  });

  test('cut off anywhere, or no zip at all', async () => {
    const { host, put, converge, tree } = await setUp();
    await put({ name: 'old', content: 'old' });
    await converge();
    const whole = zip([
      { name: 'a', content: 'x'.repeat(500), stored: true },
      { name: 'b', content: 'y' },
    ]);
    for (const length of [0, 10, 300, whole.length - 30, whole.length - 1]) {
      await host.files.writeAtomic('/a.zip', whole.subarray(0, length));
      expect((await converge()).result, `${length} bytes`).toMatchObject({
        diagnostic: { code: 'archive-damaged' },
      });
    }
    expect(await tree()).toEqual(['/app/old']);
  });

  test('a directory where a file has to be, and a link in the way', async () => {
    const { host, put, converge } = await setUp();
    await put({ name: 'a/b', content: '1' });
    await host.files.mkdir('/app/a/b', { recursive: true });
    expect((await converge()).result).toMatchObject({ diagnostic: { code: 'in-the-way' } });
    await host.files.remove('/app/a', { recursive: true });
    await host.files.writeAtomic('/app/a', Buffer.from('a file'));
    expect((await converge()).result).toMatchObject({ diagnostic: { code: 'in-the-way' } });
  });
});

test('on Windows a path is one object in any writing, and its archive is found by it', () => {
  const where = { platform: 'win32', cwd: 'C:\\' } as const;
  const properties = { source: 'C:\\Deploy\\App.zip' };
  const id = archive.identity(properties, 'C:\\inetpub\\App\\', where);
  expect(id).toBe('c:/inetpub/app');
  expect(archive.needs!(properties, id)[0]).toMatchObject({
    anyOf: ['path:c:/deploy/app.zip', 'path:c:/deploy', 'path:c:/'],
    fresh: '/content',
  });
  expect(mistakesIn(archive, 'C:\\', properties, where)).toBe(": an archive can't be unpacked into c:/");
});

describe('what is remembered', () => {
  test.each([
    { files: { '../precious/f': {} }, directories: [] },
    { files: { '/precious/f': {} }, directories: [] },
    { files: {}, directories: ['../precious/empty'] },
    { files: { 'a/../../precious/f': {} }, directories: [] },
    { files: { 'a\\..\\..\\precious': {} }, directories: [] },
    { files: {}, directories: [7] },
    { files: 'precious', directories: [] },
    null,
  ])('of another folder removes nothing: %j', async planted => {
    const { host, world, convergeAll, text } = await setUp();
    for (const path of ['/app', '/precious', '/precious/empty']) await host.files.mkdir(path);
    await host.files.writeAtomic('/precious/f', Buffer.from('precious'));
    await (await world.memory.of('archive')).set('archive:/app', planted);
    const absent = declare('archive:/app', { source: '/a.zip' }, { ensure: 'absent' });
    const { planned, results } = await convergeAll(absent);
    expect(planned.resources[0]!.action).not.toBe('delete');
    expect(JSON.stringify([planned, results])).toContain('what is remembered of the archive in /app');
    expect(await text('/precious/f')).toBe('precious');
    expect(await host.files.stat('/precious/empty')).toMatchObject({ kind: 'directory' });
  });
});

test.runIf(process.platform === 'linux')(
  'a pipe in place of the archive is refused, not waited for',
  async () => {
    const { dir, converge } = await setUp();
    execFileSync('mkfifo', [join(dir, 'a.zip')]);
    const { result } = await converge();
    expect(result).toMatchObject({
      result: 'failed',
      diagnostic: { message: expect.stringMatching(/no plain file/) },
    });
  },
);
