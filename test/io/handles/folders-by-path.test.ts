import fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { foldersByPath } from '../../../src/io/handles/folders-by-path.ts';
import { filesIn } from '../../../src/io/node-files.ts';
import { temporaryFolder } from '../../support/engine-host.ts';

const files = filesIn(foldersByPath('darwin'));
const isRoot = process.getuid?.() === 0;

describe.runIf(process.platform !== 'win32')('without /proc', () => {
  test('files are written and read, through links of our own', async () => {
    const dir = temporaryFolder();
    await files.mkdir(join(dir, 'a/b'), { recursive: true });
    await fs.symlink('a/b', join(dir, 'l'));
    await files.writeAtomic(join(dir, 'l/f'), Buffer.from('x'));
    await fs.symlink(join(dir, 'a/b/f'), join(dir, 'm'));
    expect(String(await files.read(join(dir, 'm')))).toBe('x');
    expect(await files.list(join(dir, 'l'))).toEqual(['f']);
    await files.chmod(join(dir, 'm'), 0o600);
    expect(await files.stat(join(dir, 'a/b/f'))).toMatchObject({ mode: 0o600 });
    expect(await files.read(join(dir, 'none/f'))).toBeUndefined();
    await files.remove(join(dir, 'a'), { recursive: true });
    expect((await fs.readdir(dir)).sort()).toEqual(['l', 'm']);
  });

  test.runIf(isRoot).each([
    ['another user’s', 65534, 0o755],
    ['one that others can write', 0, 0o777],
  ])('root works in no folder that is %s, nor below it', async (_, uid, mode) => {
    const dir = temporaryFolder();
    const theirs = join(dir, 'theirs');
    await fs.mkdir(join(theirs, 'ours'), { recursive: true });
    await fs.chmod(theirs, mode);
    await fs.chown(theirs, uid, uid);
    for (const path of [join(theirs, 'f'), join(theirs, 'ours/f')])
      await expect(files.writeAtomic(path, Buffer.from('x'))).rejects.toThrow(
        `can't write ${path}: others can change the folder ${theirs}`,
      );
    await fs.chmod(theirs, 0o1777);
    await fs.chown(theirs, 0, 0);
    await files.writeAtomic(join(theirs, 'f'), Buffer.from('x'));
  });

  test.runIf(isRoot)('links of other users are not followed', async () => {
    const dir = temporaryFolder();
    await fs.mkdir(join(dir, 'd'));
    await fs.symlink('d', join(dir, 'l'));
    await fs.lchown(join(dir, 'l'), 65534, 65534);
    await expect(files.writeAtomic(join(dir, 'l/f'), Buffer.from('x'))).rejects.toThrow(
      'link of another user',
    );
  });
});
