import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { confine, placeBelow } from '../../src/io/confined.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Files } from '../../src/io/ports.ts';
import { temporaryFolder } from '../support/engine-host.ts';

function setUp() {
  const outer = temporaryFolder();
  const root = join(outer, 'root');
  return { outer, root, host: confine(nodeHost(), root) };
}

describe('a confined host', () => {
  test('has its paths below the root, relative ones and those with a drive letter too', async () => {
    const { host, root } = setUp();
    await mkdir(root);
    await host.files.mkdir('/srv/x', { recursive: true });
    await host.files.writeAtomic('/srv/x/f', Buffer.from('1'));
    await host.files.mkdir('C:\\Temp', { recursive: true });
    expect(await readFile(join(root, 'srv/x/f'), 'utf8')).toBe('1');
    expect(await host.files.list('/')).toEqual(['C', 'srv']);
    expect(host.cwd).toBe('/');
    for (const path of ['/srv/x/f', '/srv//x/./f'])
      expect(placeBelow(root, path)).toBe(join(root, 'srv/x/f'));
    for (const path of ['C:\\Temp\\a b', 'C:/Temp/a b'])
      expect(placeBelow(root, path)).toBe(join(root, 'C/Temp/a b'));
    expect(() => placeBelow(root, 'C:\\..\\x')).toThrow('leads out');
  });

  test('refuses to leave by dots and by links, for reading and writing', async () => {
    const { host, root, outer } = setUp();
    await mkdir(root);
    await writeFile(join(outer, 'secret'), 'outside');
    await symlink(outer, join(root, 'way-out'));
    await symlink(join(outer, 'secret'), join(root, 'link'));
    const refused = { diagnostics: [{ code: 'outside-folder', category: 'blocked' }] };
    for (const path of ['/../secret', 'a/../../secret', '..\\secret', '/way-out/secret', '/link']) {
      await expect(host.files.read(path), path).rejects.toMatchObject(refused);
      await expect(host.files.open(path, 'r+'), path).rejects.toMatchObject(refused);
      await expect(host.files.chmod(path, 0o777), path).rejects.toMatchObject(refused);
    }
    await expect(host.files.writeAtomic('/way-out/new', Buffer.from('x'))).rejects.toMatchObject(refused);
    await expect(host.files.rename('/link', '/way-out/new')).rejects.toMatchObject(refused);
    expect(await host.files.stat('/link')).toMatchObject({ kind: 'symlink' });
    expect(await readFile(join(outer, 'secret'), 'utf8')).toBe('outside');
  });

  test('writing to a link replaces the link, not what it points to', async () => {
    const { host, root, outer } = setUp();
    await mkdir(root);
    await writeFile(join(outer, 'secret'), 'outside');
    await symlink(join(outer, 'secret'), join(root, 'link'));
    await host.files.writeAtomic('/link', Buffer.from('inside'));
    expect(await readFile(join(outer, 'secret'), 'utf8')).toBe('outside');
    expect(String(await host.files.read('/link'))).toBe('inside');
  });

  test('runs programs with a working directory below the root', async () => {
    const { host, root } = setUp();
    await mkdir(join(root, 'w'), { recursive: true });
    const run = (cwd?: string) =>
      host.processes.run({
        file: process.execPath,
        args: ['-p', 'process.cwd()'],
        ...(cwd !== undefined && { cwd }),
      });
    expect((await run()).stdout.trim()).toBe(root);
    expect((await run('/w')).stdout.trim()).toBe(join(root, 'w'));
    await expect(run('/../..')).rejects.toThrow('leads out of the folder');
  });
});

test('no path whatever reaches a file outside of the root', async () => {
  const reached: string[] = [];
  const spy = new Proxy({} as Files, {
    get: (_, method) => async (path: string) => {
      if (method === 'read') reached.push(path);
      return undefined;
    },
  });
  const { files } = confine({ ...nodeHost(), files: spy }, '/root/of/it');
  const part = fc.constantFrom('..', '.', '', 'a', 'C:', '\\', '/', '..\\', '~', '%2e%2e', 'a b');
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 8 }),
      fc.constantFrom('/', '\\', ''),
      async (parts, joint) => {
        await files.read(parts.join(joint)).catch((error: unknown) => expect(error).toBeInstanceOf(Failure));
      },
    ),
  );
  expect(reached.length).toBeGreaterThan(10);
  for (const path of reached)
    expect(`${path}/`.startsWith('/root/of/it/') && !path.split('/').includes('..')).toBe(true);
});
