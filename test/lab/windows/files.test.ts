import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Failure } from '../../../src/diagnostics/diagnostic.ts';
import { foldPath } from '../../../src/lab/windows/machine/paths.ts';
import { windowsMachine } from './fixture.ts';

describe('drive C: of the lab', () => {
  test('is the directory C, whatever slashes and case a path has', async () => {
    const { host, dir } = await windowsMachine();
    await host.files.mkdir('c:/Scripts/Sub', { recursive: true });
    await host.files.writeAtomic('C:\\SCRIPTS\\sub\\Hello.txt', Buffer.from('1'));
    expect(await readFile(join(dir, 'C/Scripts/Sub/Hello.txt'), 'utf8')).toBe('1');
    expect((await host.files.read('\\\\?\\C:\\scripts\\SUB\\hello.TXT'))?.toString()).toBe('1');
    expect((await host.files.read('\\scripts\\sub\\..\\sub\\.\\hello.txt'))?.toString()).toBe('1');
    expect(await host.files.list('C:/scripts')).toEqual(['Sub']);
  });

  test('keeps the case of a name, also when a file is replaced, until it is renamed', async () => {
    const { host } = await windowsMachine();
    await host.files.writeAtomic('C:\\Readme.txt', Buffer.from('1'));
    await host.files.writeAtomic('C:\\README.TXT', Buffer.from('2'));
    expect((await host.files.list('C:\\'))?.filter(name => /readme/i.test(name))).toEqual(['Readme.txt']);
    await host.files.rename('C:\\readme.txt', 'C:\\README.txt');
    expect((await host.files.list('C:\\'))?.filter(name => /readme/i.test(name))).toEqual(['README.txt']);
  });

  test('has no modes and owners', async () => {
    const { host } = await windowsMachine();
    await host.files.writeAtomic('C:\\x', Buffer.from('1'), { mode: 0o600 });
    await host.files.chmod('C:\\x', 0o777);
    expect(await host.files.stat('C:\\X')).toMatchObject({ kind: 'file', size: 1, mode: 0, uid: 0, gid: 0 });
  });

  test.each([
    ['C:\\con', 'the name of a device'],
    ['C:\\Temp\\NUL.txt', 'the name of a device'],
    ['C:\\com1', 'the name of a device'],
    ['C:\\LPT9.log', 'the name of a device'],
    ['C:\\a.txt:hidden', 'a stream'],
    ['C:\\dot.', 'ends with a dot or a space'],
    ['C:\\blank ', 'ends with a dot or a space'],
    ['C:\\a?b', 'can\'t hold "?"'],
    ['C:\\a|b', 'can\'t hold "|"'],
    ['C:\\a\tb', 'can\'t hold "\\t"'],
    ['D:\\x', 'no drive D:'],
    ['\\\\server\\share\\x', 'network path'],
  ])('%s is not there, and is refused with the reason', async (path, reason) => {
    const { host } = await windowsMachine();
    expect(await host.files.stat(path)).toBeUndefined();
    const refusal = await host.files.writeAtomic(path, Buffer.from('')).catch(error => error);
    expect(refusal).toBeInstanceOf(Failure);
    expect(refusal.message).toContain(`can't write ${path}: `);
    expect(refusal.message).toContain(reason);
  });

  test.each(['console', 'com10', 'nul-and-void', '.hidden', 'a..b', 'null'])(
    '%s is an ordinary name',
    async name => {
      const { host } = await windowsMachine();
      await host.files.writeAtomic(`C:\\${name}`, Buffer.from('1'));
      expect(await host.files.list('C:\\')).toContain(name);
    },
  );

  test('no path leads out of it, neither by dots nor by a link', async () => {
    const { host, dir } = await windowsMachine();
    const outside = join(dir, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'secret'), 'x');
    expect(await host.files.read('C:\\..\\..\\outside\\secret')).toBeUndefined();
    await symlink(outside, join(dir, 'C/link'));
    await expect(host.files.read('C:\\LINK\\secret')).rejects.toThrow('is a link');
    await expect(host.files.writeAtomic('C:\\link\\new', Buffer.from(''))).rejects.toThrow('is a link');
    expect(await readdir(outside)).toEqual(['secret']);
  });

  test('failures name the path that was given', async () => {
    const { host, dir } = await windowsMachine();
    const failure = (await host.files
      .writeAtomic('C:\\no\\such', Buffer.from(''))
      .catch(error => error)) as Failure;
    expect(failure.message).toContain("can't write C:\\no\\such: ");
    expect(failure.message).not.toContain(dir);
    await expect(host.files.open('C:\\Windows', 'create-new')).rejects.toThrow("can't create C:\\Windows");
  });

  test('any path folds to one form that folds to itself', () => {
    const part = fc.stringMatching(/^[a-zA-Z0-9_-]{1,8}$/);
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), fc.boolean(), (parts, slashes) => {
        const path = `C:\\${parts.join('\\')}`;
        const folded = foldPath(slashes ? path.replaceAll('\\', '/') : path.toUpperCase());
        if (folded === undefined) return;
        expect(foldPath(folded)).toBe(folded === 'c:' ? 'c:' : folded);
        expect(folded).toBe(['c:', ...parts].join('/').toLowerCase());
      }),
    );
  });
});
