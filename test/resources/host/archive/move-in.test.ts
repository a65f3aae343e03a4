import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { WriteIo } from '../../../../src/engine/model/io.ts';
import { nodeFiles } from '../../../../src/io/node-files.ts';
import { removeUnpacked } from '../../../../src/resources/host/archive/move-in.ts';
import { scratch } from '../../../support/cli.ts';

const unpacked = {
  files: ['a.txt', 'conf/passwd', 'conf/deep/x'],
  directories: ['conf', 'conf/deep', 'empty'],
};

async function folder() {
  const dir = await scratch();
  await mkdir(join(dir, 'app/conf/deep'), { recursive: true });
  await mkdir(join(dir, 'app/empty'));
  for (const file of unpacked.files) await writeFile(join(dir, 'app', file), 'x');
  const names = async (path: string) => (await readdir(join(dir, path), { recursive: true })).sort();
  return {
    dir,
    names,
    remove: () => removeUnpacked(join(dir, 'app'), unpacked, { files: nodeFiles } as WriteIo),
  };
}

test('what was unpacked is removed, with directories that are empty then', async () => {
  const { dir, names, remove } = await folder();
  await writeFile(join(dir, 'app/conf/mine'), 'm');
  await remove();
  expect(await names('app')).toEqual(['conf', 'conf/mine']);
});

test('nothing behind a link is removed, neither files nor directories', async () => {
  const { dir, names, remove } = await folder();
  await mkdir(join(dir, 'etc/deep'), { recursive: true });
  await writeFile(join(dir, 'etc/passwd'), 'root');
  await rename(join(dir, 'app/conf'), join(dir, 'aside'));
  await symlink(join(dir, 'etc'), join(dir, 'app/conf'));
  await remove();
  expect(await names('etc')).toEqual(['deep', 'passwd']);
  expect(await readdir(join(dir, 'app'))).toEqual(['conf']);
});

test('nor when the folder itself has become one', async () => {
  const { dir, names, remove } = await folder();
  await rename(join(dir, 'app'), join(dir, 'real'));
  await symlink(join(dir, 'real'), join(dir, 'app'));
  await remove();
  expect(await names('real')).toContain('conf/passwd');
});
