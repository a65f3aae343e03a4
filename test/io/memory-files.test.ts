import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesByRoot, memoryFiles } from '../../src/io/memory-files.ts';
import { nodeFiles } from '../../src/io/node-files.ts';
import { scratch } from '../support/cli.ts';

const entries = new Map([
  ['site.yaml', Buffer.from('one')],
  ['modules/shop/module.yaml', Buffer.from('two')],
]);

test('are files and the folders above them', async () => {
  const files = memoryFiles('/c', entries);
  expect(await files.read('/c/site.yaml')).toEqual(Buffer.from('one'));
  expect(await files.list('/c')).toEqual(['site.yaml', 'modules']);
  expect(await files.list('/c/modules/shop')).toEqual(['module.yaml']);
  expect((await files.stat('/c'))?.kind).toBe('directory');
  expect(await files.stat('/c/site.yaml')).toMatchObject({ kind: 'file', size: 3 });
  for (const absent of ['/c/none', '/site.yaml', '/c/site.yaml/x', '/etc/passwd', '/c/../site.yaml'])
    expect([await files.read(absent), await files.stat(absent), await files.list(absent)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
});

test('are read piece by piece, and not written', async () => {
  const handle = await memoryFiles('/c', entries).open('/c/site.yaml', 'r');
  const into = Buffer.alloc(5);
  expect(await handle!.read(into, 1)).toBe(2);
  expect(into.toString('latin1', 0, 2)).toBe('ne');
  await expect(handle!.write(into, 0)).rejects.toThrow('only be read');
});

test('what is on the disk below the same root is not among them; another root has its own', async () => {
  const dir = await scratch();
  await mkdir(join(dir, 'shipped'));
  for (const name of ['planted.yaml', 'shipped/real.yaml', 'beside.yaml'])
    await writeFile(join(dir, name), 'disk');
  const files = filesByRoot([
    { root: join(dir, 'content'), files: memoryFiles(join(dir, 'content'), entries) },
    { root: join(dir, 'shipped'), files: nodeFiles },
  ]);
  await mkdir(join(dir, 'content'));
  await writeFile(join(dir, 'content/planted.yaml'), 'disk');
  expect(await files.read(join(dir, 'content/planted.yaml'))).toBeUndefined();
  expect(await files.read(join(dir, 'beside.yaml'))).toBeUndefined();
  expect(await files.read(join(dir, 'shipped/real.yaml'))).toEqual(Buffer.from('disk'));
  expect(await files.read(join(dir, 'shipped/../beside.yaml'))).toBeUndefined();
});
