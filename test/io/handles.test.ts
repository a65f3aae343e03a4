import { execFileSync } from 'node:child_process';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { foldersByHandle } from '../../src/io/handles/folders-by-handle.ts';
import { nodeFiles as files, filesIn } from '../../src/io/node-files.ts';
import type { Files } from '../../src/io/ports.ts';
import { temporaryFolder } from '../support/engine-host.ts';

const isLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;
const nobody = 65534;
const bytes = (text: string) => Buffer.from(text);
const refused = (message: string | RegExp) =>
  expect.objectContaining({ name: 'Failure', message: expect.stringMatching(message) });

/** A folder of another user, and one of ours beside it that nothing may happen to. */
async function twoUsers() {
  const dir = temporaryFolder();
  await fs.chmod(dir, 0o755);
  const theirs = join(dir, 'theirs');
  const precious = join(dir, 'precious');
  await fs.mkdir(theirs, { mode: 0o755 });
  await fs.mkdir(precious, { mode: 0o700 });
  await fs.writeFile(join(precious, 'f'), 'precious', { mode: 0o600 });
  await fs.mkdir(join(precious, 'd'));
  await fs.chown(theirs, nobody, nobody);
  const link = async (name: string, to: string) => {
    await fs.symlink(to, join(dir, name));
    await fs.lchown(join(dir, name), nobody, nobody);
  };
  const untouched = async () => {
    expect(await fs.readFile(join(precious, 'f'), 'utf8')).toBe('precious');
    expect((await fs.stat(join(precious, 'f'))).mode & 0o7777).toBe(0o600);
    expect((await fs.readdir(precious)).sort()).toEqual(['d', 'f']);
    expect((await fs.stat(precious)).mode & 0o7777).toBe(0o700);
  };
  return { dir, theirs, precious, link, untouched };
}

const uses: [string, (files: Files, path: string) => Promise<unknown>][] = [
  ['writeAtomic', (on, path) => on.writeAtomic(path, bytes('new'), { mode: 0o666 })],
  ['a private write', (on, path) => on.writeAtomic(path, bytes('new'), { private: true })],
  ['create-new', async (on, path) => (await on.open(`${path}.new`, 'create-new'))?.close()],
  ['open to change', async (on, path) => (await on.open(path, 'r+'))?.close()],
  ['read', (on, path) => on.read(path)],
  ['chmod', (on, path) => on.chmod(path, 0o777)],
  ['mkdir', (on, path) => on.mkdir(`${path}.d`)],
  ['mkdir with all above', (on, path) => on.mkdir(`${path}.d/e`, { recursive: true })],
  ['rename from there', (on, path) => on.rename(path, `${path}.moved`)],
  ['link', (on, path) => on.link(path, `${path}.second`)],
  ['remove', (on, path) => on.remove(path)],
  ['remove with all below', (on, path) => on.remove(join(path, '../d'), { recursive: true })],
];

describe.runIf(isLinux && isRoot)('between look and use', () => {
  test.each(uses)('a folder that is swapped for a link leads %s nowhere else', async (_, use) => {
    const { dir, theirs, precious, untouched } = await twoUsers();
    await fs.writeFile(join(theirs, 'f'), 'mine', { mode: 0o644 });
    let swaps = 0;
    const swapping = filesIn(foldersByHandle(), async () => {
      if (swaps++ > 0) return;
      await fs.rename(theirs, join(dir, 'away'));
      await fs.symlink(precious, theirs);
      await fs.lchown(theirs, nobody, nobody);
    });
    await use(swapping, join(theirs, 'f')).catch(error => expect(error).toEqual(refused("can't")));
    expect(swaps).toBeGreaterThan(0);
    await untouched();
  });

  test.each(uses)('a name that is swapped for a link leads %s nowhere else', async (_, use) => {
    const { theirs, precious, untouched } = await twoUsers();
    await fs.writeFile(join(theirs, 'f'), 'mine', { mode: 0o644 });
    const swapping = filesIn(foldersByHandle(), async () => {
      await fs.rm(join(theirs, 'f'), { force: true });
      await fs.symlink(join(precious, 'f'), join(theirs, 'f'));
      await fs.lchown(join(theirs, 'f'), nobody, nobody);
    });
    await use(swapping, join(theirs, 'f')).catch(error => expect(error).toEqual(refused("can't")));
    await untouched();
  });

  test('the temporary file has a name that says what it is, and nobody can guess', async () => {
    const dir = temporaryFolder();
    const names: string[] = [];
    const watching = filesIn(foldersByHandle(), async moment => {
      if (moment === 'written') names.push(...(await fs.readdir(dir)));
    });
    await watching.writeAtomic(join(dir, 'f'), bytes('1'));
    await watching.writeAtomic(join(dir, 'g'), bytes('2'));
    const [first, ...others] = names.filter(name => name.endsWith('.tmp'));
    expect(first).toMatch(/^\.converge-[0-9a-f]{8}-\d+-[0-9a-f]{8}-[0-9a-f]{24}\.tmp$/);
    expect(others).toHaveLength(1);
    expect(others).not.toContain(first);
  });
});

describe('links', () => {
  test('of our own are followed: relative, absolute, upwards, one after the other', async () => {
    const dir = temporaryFolder();
    await fs.mkdir(join(dir, 'a/b'), { recursive: true });
    await fs.writeFile(join(dir, 'a/f'), 'content', { mode: 0o600 });
    await fs.symlink('a/b', join(dir, 'rel'));
    await fs.symlink(join(dir, 'rel'), join(dir, 'abs'));
    await fs.symlink('../f', join(dir, 'a/b/up'));
    expect(String(await files.read(join(dir, 'abs/up')))).toBe('content');
    expect(await files.list(join(dir, 'abs'))).toEqual(['up']);
    await files.chmod(join(dir, 'abs/up'), 0o640);
    expect((await fs.stat(join(dir, 'a/f'))).mode & 0o777).toBe(0o640);
    await files.mkdir(join(dir, 'abs/new/er'), { recursive: true });
    expect(await fs.readdir(join(dir, 'a/b'))).toEqual(['new', 'up']);
    // Where a physical `..` and one in the text differ.
    expect(String(await files.read(`${dir}/rel/../f`))).toBe('content');
  });

  test('in a circle, or that lead nowhere', async () => {
    const dir = temporaryFolder();
    await fs.symlink('b', join(dir, 'a'));
    await fs.symlink('a', join(dir, 'b'));
    await fs.symlink('gone', join(dir, 'dangling'));
    await expect(files.read(join(dir, 'a'))).rejects.toEqual(refused('too many symbolic links'));
    await expect(files.list(join(dir, 'a'))).rejects.toEqual(refused('too many symbolic links'));
    expect(await files.read(join(dir, 'dangling'))).toBeUndefined();
    expect(await files.list(join(dir, 'dangling'))).toBeUndefined();
  });

  test.runIf(isRoot).each(uses)('of another user above are not followed by %s', async (_, use) => {
    const { dir, link, precious, untouched } = await twoUsers();
    await link('trap', precious);
    await expect(use(files, join(dir, 'trap', 'f'))).rejects.toEqual(
      refused(/trap is a link of another user \(uid 65534\)/),
    );
    await untouched();
  });

  test.runIf(isRoot)(
    'of another user are not followed at the end either, nor through one of ours',
    async () => {
      const { dir, link, precious } = await twoUsers();
      await link('trap', join(precious, 'f'));
      await fs.symlink('trap', join(dir, 'ours'));
      for (const name of ['trap', 'ours']) {
        await expect(files.read(join(dir, name))).rejects.toEqual(refused('link of another user'));
        await expect(files.open(join(dir, name), 'r+')).rejects.toEqual(refused('link of another user'));
        await expect(files.chmod(join(dir, name), 0o777)).rejects.toEqual(refused('link of another user'));
      }
      expect(await files.stat(join(dir, 'trap'))).toMatchObject({ kind: 'symlink' });
    },
  );

  test.runIf(isRoot)('of root are followed in a folder of another user, too', async () => {
    const { theirs, precious } = await twoUsers();
    await fs.symlink(precious, join(theirs, 'current'));
    expect(String(await files.read(join(theirs, 'current/f')))).toBe('precious');
  });
});

describe('what is opened', () => {
  test.runIf(isLinux)('is a plain file: a pipe, a device and a socket are not waited for', async () => {
    const pipe = join(temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/zero']) {
      await expect(files.read(path)).rejects.toEqual(refused('it is not a plain file'));
      await expect(files.open(path, 'r')).rejects.toEqual(refused('it is not a plain file'));
      await expect(files.open(path, 'r+')).rejects.toEqual(refused('it is not a plain file'));
    }
    await expect(files.chmod(pipe, 0o777)).rejects.toEqual(refused('neither file nor directory'));
  });

  test('is read up to a size', async () => {
    const path = join(temporaryFolder(), 'f');
    await fs.writeFile(path, 'x'.repeat(100));
    expect((await files.read(path, { most: 100 }))?.length).toBe(100);
    await expect(files.read(path, { most: 99 })).rejects.toEqual(refused('it has 100 B, and 99 B'));
    await fs.truncate(path, 2 ** 40);
    await expect(files.read(path)).rejects.toEqual(refused('64.0 MiB'));
  });

  test.runIf(isLinux)('is read whole though it does not tell its size', async () => {
    expect(String(await files.read('/proc/self/status'))).toMatch(/^Name:/);
    expect(await files.read('/dev/null').catch(String)).toContain('no plain file');
  });

  test.runIf(isRoot)('is nobody else’s where that is asked for', async () => {
    const { dir, theirs } = await twoUsers();
    const path = join(dir, 'state.json');
    await fs.writeFile(path, '{}');
    expect(String(await files.read(path, { own: true }))).toBe('{}');
    await fs.chmod(path, 0o664);
    await expect(files.read(path, { own: true })).rejects.toEqual(refused('others can write to it'));
    await fs.chmod(path, 0o644);
    await fs.chown(path, nobody, nobody);
    await expect(files.read(path, { own: true })).rejects.toEqual(refused('belongs to another user'));
    await fs.writeFile(join(theirs, 'state.json'), '{}');
    await expect(files.read(join(theirs, 'state.json'), { own: true })).rejects.toEqual(
      refused('others can change the folder'),
    );
  });

  test.runIf(isLinux && isRoot)('has one name, where others could have given it a second', async () => {
    const { theirs, precious, untouched } = await twoUsers();
    await fs.link(join(precious, 'f'), join(theirs, 'f'));
    await expect(files.chmod(join(theirs, 'f'), 0o666)).rejects.toEqual(refused('it has a second name'));
    await expect(files.open(join(theirs, 'f'), 'r+')).rejects.toEqual(refused('it has a second name'));
    await untouched();
  });
});

describe('private', () => {
  test('is 0600 in a file that everybody could read, unless a mode is given', async () => {
    const path = join(temporaryFolder(), 'f');
    await fs.writeFile(path, 'old', { mode: 0o644 });
    await files.writeAtomic(path, bytes('secret'), { private: true });
    expect(await files.stat(path)).toMatchObject({ mode: 0o600 });
    await files.writeAtomic(path, bytes('secret'), { private: true, mode: 0o640 });
    expect(await files.stat(path)).toMatchObject({ mode: 0o640 });
  });

  test.runIf(isRoot)('never takes the place of a foreign file', async () => {
    const path = join(temporaryFolder(), 'f');
    await fs.writeFile(path, 'theirs');
    await fs.chown(path, nobody, nobody);
    await expect(files.writeAtomic(path, bytes('secret'), { private: true })).rejects.toEqual(
      refused(/belongs to another user \(uid 65534\)/),
    );
    expect(await fs.readFile(path, 'utf8')).toBe('theirs');
    expect(await fs.readdir(join(path, '..'))).toEqual(['f']);
  });
});

test('modes are there from the first moment', async () => {
  const path = join(temporaryFolder(), 'f');
  const file = await files.open(path, 'create-new', { mode: 0o600 });
  expect(await file!.stat()).toMatchObject({ mode: 0o600 });
  await file!.chmod(0o640);
  await file!.close();
  expect(await files.stat(path)).toMatchObject({ mode: 0o640 });
});

test('content in pieces is written like one; one that breaks off leaves nothing', async () => {
  const dir = temporaryFolder();
  async function* pieces(broken: boolean) {
    yield bytes('one ');
    yield bytes('two');
    if (broken) throw new Error('broke off');
  }
  await files.writeAtomic(join(dir, 'f'), pieces(false));
  expect(String(await files.read(join(dir, 'f')))).toBe('one two');
  await expect(files.writeAtomic(join(dir, 'f'), pieces(true))).rejects.toThrow('broke off');
  await expect(files.writeAtomic(join(dir, 'g'), pieces(true))).rejects.toThrow('broke off');
  expect(await fs.readdir(dir)).toEqual(['f']);
});

test('a folder that was made, moved or swapped meanwhile is the one that is there now', async () => {
  const dir = temporaryFolder();
  const at = join(dir, 'a');
  expect(await files.stat(join(at, 'f'))).toBeUndefined();
  await files.mkdir(at);
  await files.writeAtomic(join(at, 'f'), bytes('1'));
  await fs.rename(at, join(dir, 'b'));
  expect(await files.stat(join(at, 'f'))).toBeUndefined();
  await fs.mkdir(at);
  await files.writeAtomic(join(at, 'g'), bytes('2'));
  expect(await fs.readdir(at)).toEqual(['g']);
  expect(await fs.readdir(join(dir, 'b'))).toEqual(['f']);
});

test.runIf(isLinux)('handles on folders are given back', async () => {
  const dir = temporaryFolder();
  const paths = Array.from({ length: 200 }, (_, i) => join(dir, `d${i}`));
  const opened = async () => {
    const all = await fs.readdir('/proc/self/fd');
    const where = await Promise.all(all.map(fd => fs.readlink(`/proc/self/fd/${fd}`).catch(() => '')));
    return where.filter(to => to.startsWith(dir)).length;
  };
  for (const path of paths) await files.mkdir(path);
  await Promise.all(paths.map(path => files.writeAtomic(join(path, 'f'), bytes('x'))));
  expect(await opened()).toBeLessThan(40);
  await expect.poll(opened).toBe(0);
});
