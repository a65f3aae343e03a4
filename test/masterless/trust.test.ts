import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeFiles } from '../../src/io/node-files.ts';
import type { ReadFiles } from '../../src/io/ports.ts';
import { newKeyPair } from '../../src/masterless/trust/keys.ts';
import {
  assertOwnState,
  keyFile,
  keysIn,
  posixWhoCanChange,
} from '../../src/masterless/trust/trusted-files.ts';
import { scratch } from '../support/cli.ts';
import { codeOf } from './support.ts';

const me = posixWhoCanChange(nodeFiles, process.getuid!());

async function folder() {
  const dir = join(await scratch(), 'trust');
  await mkdir(dir, { mode: 0o755 });
  const pair = newKeyPair();
  await writeFile(join(dir, 'deploy.pub'), pair.publicPem, { mode: 0o644 });
  await writeFile(join(dir, 'README'), 'who may sign');
  return { dir, pair };
}

test('each .pub file is a key; no folder means no key', async () => {
  const { dir, pair } = await folder();
  const next = newKeyPair();
  await writeFile(join(dir, 'next.pub'), next.publicPem, { mode: 0o644 });
  expect((await keysIn(dir, nodeFiles, me)).map(({ id }) => id)).toEqual([pair.id, next.id]);
  expect(await keysIn(join(dir, 'none'), nodeFiles, me)).toEqual([]);
  expect(await codeOf(() => keyFile(join(dir, 'none.pub'), nodeFiles, me))).toBe('no-such-file');
});

test.each([
  ['a file that others may write', async (dir: string) => chmod(join(dir, 'deploy.pub'), 0o664)],
  ['a folder that others may write', async (dir: string) => chmod(dir, 0o777)],
  ['a folder above that others may write', async (dir: string) => chmod(join(dir, '..'), 0o777)],
  ['a link', async (dir: string) => symlink(join(dir, 'deploy.pub'), join(dir, 'another.pub'))],
])('%s is not trusted', async (_, spoil) => {
  const { dir } = await folder();
  await spoil(dir);
  expect(await codeOf(() => keysIn(dir, nodeFiles, me))).toBe('trust-not-safe');
});

test("another user's file is not trusted", async () => {
  const { dir } = await folder();
  const files: ReadFiles = {
    ...nodeFiles,
    async stat(path) {
      const stat = await nodeFiles.stat(path);
      return stat && (path.endsWith('.pub') ? { ...stat, uid: 4711 } : stat);
    },
  };
  const others = posixWhoCanChange(files, process.getuid!());
  expect(await codeOf(() => keysIn(dir, files, others))).toBe('trust-not-safe');
});

test('a signing key has no business there', async () => {
  const { dir, pair } = await folder();
  await writeFile(join(dir, 'deploy.pub'), pair.privatePem, { mode: 0o644 });
  expect(await codeOf(() => keysIn(dir, nodeFiles, me))).toBe('private-key-here');
});

test('a link above leads nowhere where another user could put something else', async () => {
  const { dir } = await folder();
  const home = join(dir, '../home');
  await mkdir(join(home, 'converge/trust'), { recursive: true, mode: 0o755 });
  await writeFile(join(home, 'converge/trust/a.pub'), newKeyPair().publicPem, { mode: 0o644 });
  await symlink('home/converge', join(dir, '../link'));
  const trust = join(dir, '../link/trust');
  expect(await keysIn(trust, nodeFiles, me)).toHaveLength(1);
  const owned = (what: string): ReadFiles => ({
    ...nodeFiles,
    async stat(path) {
      const stat = await nodeFiles.stat(path);
      return stat && (path === what ? { ...stat, uid: 4711 } : stat);
    },
  });
  for (const theirs of [home, join(dir, '../link')]) {
    const files = owned(theirs);
    const others = posixWhoCanChange(files, process.getuid!());
    expect(await codeOf(() => keysIn(trust, files, others))).toBe('trust-not-safe');
  }
});

test.each([
  ['a folder that others may write', async (dir: string) => chmod(dir, 0o777)],
  ['a folder above that others may write', async (dir: string) => chmod(join(dir, '..'), 0o777)],
  ['a file that others may write', async (dir: string) => chmod(join(dir, 'instance.json'), 0o666)],
  [
    'a file that is a link',
    async (dir: string) => symlink(join(dir, 'instance.json'), join(dir, 'state.json')),
  ],
])('%s is not a memory of an instance', async (_, spoil) => {
  const dir = join(await scratch(), 'state');
  await mkdir(dir, { mode: 0o700 });
  await writeFile(join(dir, 'instance.json'), '{}', { mode: 0o600 });
  await assertOwnState(dir, nodeFiles, me);
  await spoil(dir);
  expect(await codeOf(() => assertOwnState(dir, nodeFiles, me))).toBe('state-not-safe');
});
