import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeFiles as files } from '../../src/io/node-files.ts';
import { temporaryFolder } from '../support/engine-host.ts';

const bytes = (text: string) => Buffer.from(text);
const says = (message: string) => ({ name: 'Failure', diagnostics: [{ category: 'world', message }] });

describe('reading', () => {
  test('what is not there is undefined, not an error', async () => {
    const path = join(temporaryFolder(), 'none');
    expect(await files.read(path)).toBeUndefined();
    expect(await files.stat(join(path, 'below'))).toBeUndefined();
    expect(await files.list(path)).toBeUndefined();
    expect(await files.readlink(path)).toBeUndefined();
    expect(await files.open(path, 'r')).toBeUndefined();
  });

  test('other answers of the system are Failures that name the path', async () => {
    const dir = temporaryFolder();
    await expect(files.read(dir)).rejects.toMatchObject(says(`can't read ${dir}: it is a directory`));
  });

  test('stat tells kinds apart and does not follow links', async () => {
    const dir = temporaryFolder();
    await writeFile(join(dir, 'f'), 'abc');
    await chmod(join(dir, 'f'), 0o640);
    await symlink('f', join(dir, 'l'));
    expect(await files.stat(join(dir, 'f'))).toMatchObject({ kind: 'file', size: 3, mode: 0o640 });
    expect(await files.stat(join(dir, 'l'))).toMatchObject({ kind: 'symlink' });
    expect(await files.stat(dir)).toMatchObject({ kind: 'directory' });
    expect(await files.readlink(join(dir, 'l'))).toBe('f');
  });
});

describe('writeAtomic', () => {
  test('replaces content, keeps the mode unless one is given, leaves nothing beside it', async () => {
    const dir = temporaryFolder();
    const path = join(dir, 'f');
    await files.writeAtomic(path, bytes('one'), { mode: 0o600 });
    await files.writeAtomic(path, bytes('two'));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await files.writeAtomic(path, bytes('three'), { mode: 0o644 });
    expect((await stat(path)).mode & 0o777).toBe(0o644);
    expect(String(await files.read(path))).toBe('three');
    expect(await readdir(dir)).toEqual(['f']);
  });

  const isRoot = process.getuid?.() === 0;
  test('keeps the mode of a file of its own, but never setuid', async () => {
    const path = join(temporaryFolder(), 'f');
    await writeFile(path, 'one');
    await chmod(path, 0o4751);
    await files.writeAtomic(path, bytes('two'));
    expect(await files.stat(path)).toMatchObject({ mode: 0o751 });
  });

  test.runIf(isRoot).each([
    { theirs: 0o4777, kept: 0o644 },
    { theirs: 0o600, kept: 0o600 },
  ])('as root keeps owner and group of a foreign file; its mode $theirs only narrows', async one => {
    const path = join(temporaryFolder(), 'f');
    await writeFile(path, 'one');
    await chown(path, 65534, 65533);
    await chmod(path, one.theirs);
    await files.writeAtomic(path, bytes('two'));
    expect(await files.stat(path)).toMatchObject({ uid: 65534, gid: 65533, mode: one.kept });
  });

  test('into a missing directory fails and leaves nothing', async () => {
    const path = join(temporaryFolder(), 'none', 'f');
    await expect(files.writeAtomic(path, bytes('x'))).rejects.toMatchObject(
      says(`can't write ${path}: its directory does not exist`),
    );
  });

  test('onto a directory fails, and the temporary file is gone', async () => {
    const dir = temporaryFolder();
    await mkdir(join(dir, 'd'));
    await expect(files.writeAtomic(join(dir, 'd'), bytes('x'))).rejects.toThrow("can't write");
    expect(await readdir(dir)).toEqual(['d']);
  });
});

describe.skipIf(process.platform === 'win32')('what a file would replace for everybody', () => {
  const refusal = /leads to one, and would be replaced by a file/;
  test.each(['pipe', 'link'])('is left alone: %s', async name => {
    const dir = await temporaryFolder();
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    await symlink('pipe', join(dir, 'link'));
    await expect(files.writeAtomic(join(dir, name), Buffer.from('x'))).rejects.toThrow(refusal);
    expect((await files.stat(join(dir, 'pipe')))?.kind).toBe('other');
    expect((await readdir(dir)).sort()).toEqual(['link', 'pipe']);
  });

  test('/dev/stdout, wherever it leads', async () => {
    const dir = await temporaryFolder();
    await symlink('/proc/self/fd/1', join(dir, 'stdout'));
    await expect(files.writeAtomic(join(dir, 'stdout'), Buffer.from('x'))).rejects.toThrow(refusal);
    expect((await files.stat(join(dir, 'stdout')))?.kind).toBe('symlink');
  });

  test('a link to a file or to nothing is replaced itself', async () => {
    const dir = await temporaryFolder();
    await writeFile(join(dir, 'file'), 'old');
    for (const [name, to] of [
      ['a', 'file'],
      ['b', 'nothing'],
    ] as const) {
      await symlink(to, join(dir, name));
      await files.writeAtomic(join(dir, name), Buffer.from('new'));
      expect((await files.stat(join(dir, name)))?.kind).toBe('file');
    }
    expect(String(await files.read(join(dir, 'file')))).toBe('old');
  });
});

describe('handles', () => {
  test('create-new refuses what exists; reads and writes are by position', async () => {
    const path = join(temporaryFolder(), 'f');
    const handle = (await files.open(path, 'create-new'))!;
    await handle.write(bytes('world'), 6);
    await handle.write(bytes('hello '), 0);
    await handle.truncate(9);
    await handle.sync();
    const into = Buffer.alloc(20);
    expect(await handle.read(into, 6)).toBe(3);
    expect(into.subarray(0, 3).toString()).toBe('wor');
    expect(await handle.stat()).toMatchObject({ size: 9 });
    await handle.close();
    await expect(files.open(path, 'create-new')).rejects.toMatchObject(
      says(`can't create ${path}: it exists already`),
    );
  });
});

describe('removing', () => {
  test('takes files, links and empty directories; not there is fine', async () => {
    const dir = temporaryFolder();
    await mkdir(join(dir, 'full'));
    await writeFile(join(dir, 'full', 'f'), '');
    await symlink('full', join(dir, 'link'));
    await files.remove(join(dir, 'none'));
    await expect(files.remove(join(dir, 'full'))).rejects.toThrow('the directory is not empty');
    await files.remove(join(dir, 'link'));
    expect(await readdir(dir)).toEqual(['full']);
    await files.remove(join(dir, 'full'), { recursive: true });
    expect(await readdir(dir)).toEqual([]);
  });
});

test('free space is that of the nearest existing parent', async () => {
  expect(await files.freeSpace(join(temporaryFolder(), 'a', 'b'))).toBeGreaterThan(0);
});

test('directories are made with all above them, and a file system that takes no names is an error', async () => {
  const dir = temporaryFolder();
  const deep = join(dir, 'a/b/c');
  await files.mkdir(deep, { recursive: true });
  await files.mkdir(deep, { recursive: true });
  expect((await files.stat(deep))?.kind).toBe('directory');
  await writeFile(join(dir, 'file'), '');
  await expect(files.mkdir(join(dir, 'file/x'), { recursive: true })).rejects.toThrow(/file/);
  if (process.platform === 'linux')
    await expect(files.mkdir('/proc/no/such', { recursive: true })).rejects.toThrow('/proc/no');
});
