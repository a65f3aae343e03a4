import { createHash } from 'node:crypto';
import { chmod, chown, lchown, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { Json } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { nodeHost } from '../../../src/io/node.ts';
import { download } from '../../../src/resources/host/fetch/download.ts';
import { folderHost, temporaryFolder } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { type WebServer, webServer } from '../../support/web-server.ts';

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

async function setUp({ dir: at }: { dir?: string } = {}) {
  const lab = folderHost();
  const host = at === undefined ? lab.host : { ...nodeHost(), clock: lab.clock };
  const dir = at ?? lab.dir;
  const path = at === undefined ? '/a.bin' : join(at, 'a.bin');
  const web = await webServer();
  const world = testWorld({ host, connect: async () => web.content });
  const converge = async (properties: Record<string, Json>) => {
    const run = testRun([download], world);
    const catalog = catalogOf([declare(`download:${path}`, { allow_insecure: true, ...properties })]);
    const planned = await plan(catalog, run, { engine: '1' });
    const report = await apply(planned, run);
    return { action: planned.resources[0]!.action, planned, result: report.results[0]! };
  };
  const text = async () => (await host.files.read(path))?.toString();
  const names = async () => (await host.files.list('/'))!.filter(name => name.includes('converge'));
  return { host, dir, web, converge, text, names };
}

const where = { platform: 'linux', cwd: '/' } as const;

describe('what is asked', () => {
  test('with a checksum, nothing is asked once the file is in place', async () => {
    const { web, converge, text } = await setUp();
    web.pages.set('/a', { body: 'one', etag: '"1"' });
    const properties = { url: `${web.url}/a`, checksum: sha256('one').toUpperCase().replace('SHA', 'sha') };
    expect((await converge(properties)).result.result).toBe('changed');
    expect(await text()).toBe('one');
    // The plan looks whether it is there, and the step fetches it.
    expect(web.log).toEqual(['200 /a', '200 /a']);
    expect((await converge(properties)).action).toBe('none');
    expect(web.log).toHaveLength(2);
  });

  test.each([{ etag: '"1"' }, { modified: 'Thu, 01 Jan 2026 00:00:00 GMT' }])(
    'without one, %j is asked once',
    async version => {
      const { web, converge, text } = await setUp();
      web.pages.set('/a', { body: 'one', ...version });
      const properties = { url: `${web.url}/a` };
      await converge(properties);
      web.log.length = 0;
      expect((await converge(properties)).action).toBe('none');
      expect(web.log).toEqual(['304 /a']);
      web.pages.set('/a', { body: 'two', etag: '"2"' });
      const { planned } = await converge(properties);
      expect(planned.resources[0]!.fields).toMatchObject([
        { path: '/content', before: 'behind', after: 'newest' },
      ]);
      expect(await text()).toBe('two');
    },
  );

  test('a server that names no versions is read and compared', async () => {
    const { web, converge, text } = await setUp();
    web.pages.set('/a', { body: 'one' });
    const properties = { url: `${web.url}/a` };
    await converge(properties);
    expect((await converge(properties)).action).toBe('none');
    web.pages.set('/a', { body: 'two' });
    expect((await converge(properties)).action).toBe('update');
    expect(await text()).toBe('two');
  });

  test('`when_missing` asks once for all, and still finds an edited file and another URL', async () => {
    const { web, host, converge, text } = await setUp();
    web.pages.set('/a', { body: 'one', etag: '"1"' });
    web.pages.set('/b', { body: 'b', etag: '"b"' });
    const properties = { url: `${web.url}/a`, check: 'when_missing' };
    await converge(properties);
    web.log.length = 0;
    web.pages.set('/a', { body: 'two', etag: '"2"' });
    expect((await converge(properties)).action).toBe('none');
    expect(web.log).toEqual([]);
    await host.files.writeAtomic('/a.bin', Buffer.from('mine'));
    expect((await converge(properties)).action).toBe('update');
    expect(await text()).toBe('two');
    expect((await converge({ ...properties, url: `${web.url}/b` })).action).toBe('update');
    expect(await text()).toBe('b');
  });
});

describe('what is refused leaves the old file', () => {
  const cutOff = (web: WebServer) =>
    web.pages.set('/a', (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half', () => response.destroy());
    });
  const chunkedCutOff = (web: WebServer) =>
    web.pages.set('/a', (_, response) => {
      response.writeHead(200, { 'transfer-encoding': 'chunked' });
      response.write('half', () => response.destroy());
    });
  const page = '<!DOCTYPE html><html>Sign in</html>';
  test.each<[string, string, (web: WebServer) => unknown, Record<string, Json>]>([
    ['an answer that ends early', 'http-cut-off', cutOff, {}],
    ['a chunked answer that ends early', 'http-cut-off', chunkedCutOff, {}],
    [
      'a wrong checksum',
      'wrong-checksum',
      web => web.pages.set('/a', { body: 'two' }),
      { checksum: sha256('x') },
    ],
    [
      'a page of HTML with 200',
      'html-instead',
      web => web.pages.set('/a', { body: page, type: 'text/html' }),
      {},
    ],
    ['a page that says it is something else', 'html-instead', web => web.pages.set('/a', { body: page }), {}],
    [
      'more than is allowed',
      'content-too-large',
      web => web.pages.set('/a', { body: 'x'.repeat(99) }),
      { max_size: '98B' },
    ],
    [
      'more than is allowed, without saying how much',
      'content-too-large',
      web => web.pages.set('/a', (_, response) => response.write('x'.repeat(99), () => response.end())),
      { max_size: '98B' },
    ],
    ['404', 'http-not-found', web => web.pages.delete('/a'), {}],
    ['403', 'http-refused', web => web.pages.set('/a', { body: '', status: 403 }), {}],
    ['500', 'http-unavailable', web => web.pages.set('/a', { body: '', status: 500 }), {}],
    [
      'a redirect without end',
      'http-redirects',
      web => web.pages.set('/a', { body: '', status: 302, headers: { location: '/a' } }),
      {},
    ],
    [
      'a redirect to a file',
      'http-redirect-refused',
      web => web.pages.set('/a', { body: '', status: 302, headers: { location: 'file:///etc/passwd' } }),
      {},
    ],
  ])('%s', async (_, code, prepare, properties) => {
    const { web, converge, text, names } = await setUp();
    web.pages.set('/old', { body: 'old' });
    await converge({ url: `${web.url}/old` });
    prepare(web);
    const { result } = await converge({ url: `${web.url}/a`, ...properties });
    expect(result).toMatchObject({ result: 'failed', diagnostic: { code, category: 'world' } });
    expect(await text()).toBe('old');
    expect(await names()).toEqual([]);
  });

  test('what is there and is not a file is left alone', async () => {
    const { web, host, converge } = await setUp();
    web.pages.set('/a', { body: 'one' });
    await host.files.mkdir('/a.bin');
    expect((await converge({ url: `${web.url}/a` })).result).toMatchObject({
      diagnostic: { code: 'not-a-file' },
    });
  });
});

describe('what is taken', () => {
  test('a redirect is followed, relative to where it stands; a page is a page when its name says so', async () => {
    const { web, converge, text } = await setUp();
    web.pages.set('/x/a', { body: '', status: 302, headers: { location: 'b' } });
    web.pages.set('/x/b', { body: 'there' });
    expect((await converge({ url: `${web.url}/x/a` })).result.result).toBe('changed');
    expect(await text()).toBe('there');
    web.pages.set('/index.html', { body: '<html></html>', type: 'text/html; charset=utf-8' });
    expect((await converge({ url: `${web.url}/index.html` })).result.result).toBe('changed');
  });

  test('the mode of the file that is replaced', async () => {
    const { web, host, converge } = await setUp();
    await host.files.writeAtomic('/a.bin', Buffer.from('x'), { mode: 0o750 });
    web.pages.set('/a', { body: 'one' });
    await converge({ url: `${web.url}/a` });
    expect(await host.files.stat('/a.bin')).toMatchObject({ mode: 0o750, size: 3 });
  });
});

describe('what is a mistake in the manifest', () => {
  const code = (properties: { url: string; checksum?: string; allow_insecure?: boolean }) =>
    download.check!(properties, '/a', where)[0]?.code ?? 'none';
  test.each([
    ['http://example.com/a', {}, 'insecure-download'],
    ['http://example.com/a', { checksum: sha256('x') }, 'none'],
    ['http://example.com/a', { allow_insecure: true }, 'none'],
    ['https://example.com/a', {}, 'none'],
    ['https://me:hunter2@example.com/a', {}, 'password-in-url'],
    ['s3://bucket', {}, 'content-url'],
    ['s3://bucket/key', {}, 'none'],
  ])('%s %j: %s', (url, more, expected) => {
    expect(code({ url, ...more })).toBe(expected);
  });
});

describe.runIf(process.getuid?.() === 0)('in a folder of another user', () => {
  const nobody = 65534;

  async function besideAnother() {
    // Not confined, where links are refused anyway.
    const all = await setUp({ dir: temporaryFolder() });
    const { dir, web } = all;
    const victim = join(dir, 'victim');
    await writeFile(victim, 'root only', { mode: 0o600 });
    await chown(dir, nobody, nobody);
    await writeFile(join(dir, 'a.bin'), 'old');
    await chown(join(dir, 'a.bin'), nobody, nobody);
    await chmod(join(dir, 'a.bin'), 0o4777);
    web.pages.set('/a', { body: 'new', etag: '"1"' });
    return { ...all, victim };
  }

  test('its owner swaps the temporary file for a link: the mode of no other file changes', async () => {
    const { dir, host, victim, converge, web } = await besideAnother();
    let swaps = 0;
    const swap = async () => {
      for (const name of (await readdir(dir)).filter(
        one => one.startsWith('.') && one.includes('converge'),
      )) {
        await rm(join(dir, name));
        await symlink('victim', join(dir, name));
        await lchown(join(dir, name), nobody, nobody);
        swaps++;
      }
    };
    const { chmod: changeMode, rename } = host.files;
    host.files = {
      ...host.files,
      async chmod(path, mode) {
        await swap();
        return changeMode(path, mode);
      },
      async rename(from, to) {
        await swap();
        return rename(from, to);
      },
    };
    await converge({ url: `${web.url}/a` });
    expect((await stat(victim)).mode & 0o7777).toBe(0o600);
    expect(await readFile(victim, 'utf8')).toBe('root only');
    expect(swaps).toBe(1);
  });

  test('the mode that its owner gave the old file is not that of the new one', async () => {
    const { dir, converge, web } = await besideAnother();
    expect((await converge({ url: `${web.url}/a` })).result.result).toBe('changed');
    const { uid, mode } = await stat(join(dir, 'a.bin'));
    expect([uid, mode & 0o7777]).toEqual([0, 0o644]);
  });
});

test('the mode of a file of our own stays, but for setuid', async () => {
  const { dir, converge, web } = await setUp();
  await writeFile(join(dir, 'a.bin'), 'old');
  await chmod(join(dir, 'a.bin'), 0o4750);
  web.pages.set('/a', { body: 'new', etag: '"1"' });
  await converge({ url: `${web.url}/a` });
  expect((await stat(join(dir, 'a.bin'))).mode & 0o7777).toBe(0o750);
});
