import { describe, expect, test } from 'vitest';
import { childEnvironment } from '../../src/io/node-processes.ts';
import { findProgram } from '../../src/io/windows-program.ts';

const files = [
  'C:\\Windows\\System32\\reg.exe',
  'C:\\Windows\\System32\\more.com',
  'C:\\Tools\\npm.cmd',
  'C:\\Tools\\node.v22.exe',
  'C:\\Tools\\notes.txt',
  'C:\\work\\reg.exe',
  'C:\\work\\bin\\own.exe',
].map(path => path.toLowerCase());

const find = (file: string, path = 'C:\\Windows\\system32;"C:\\Tools";') =>
  findProgram(file, { cwd: 'C:\\work', path }, async at => files.includes(at.toLowerCase()));

describe('a program of Windows', () => {
  test.each([
    ['reg', 'C:\\Windows\\system32\\reg.exe'],
    ['REG.EXE', 'C:\\Windows\\system32\\REG.EXE'],
    ['more', 'C:\\Windows\\system32\\more.com'],
    ['node.v22', 'C:\\Tools\\node.v22.exe'],
    ['C:/Windows/System32/reg', 'C:\\Windows\\System32\\reg.exe'],
    ['.\\reg.exe', 'C:\\work\\reg.exe'],
    ['bin/own', 'C:\\work\\bin\\own.exe'],
  ])('%s is %s', async (file, found) => {
    expect(await find(file)).toBe(found);
  });

  test('is not looked for in the working directory', async () => {
    expect(await find('reg', '')).toBeUndefined();
    expect(await find('reg', ';;')).toBeUndefined();
  });

  test('that is none is not found', async () => {
    expect(await find('none')).toBeUndefined();
    expect(await find('C:\\Tools\\none.exe')).toBeUndefined();
  });

  test.each([
    ['npm', 'C:\\Tools\\npm.cmd'],
    ['npm.cmd', 'C:\\Tools\\npm.cmd'],
    ['C:\\Tools\\notes.txt', 'C:\\Tools\\notes.txt'],
  ])('%s needs something that runs it', async (file, found) => {
    await expect(find(file)).rejects.toMatchObject({
      diagnostics: [
        {
          code: 'program-not-started',
          message: `can't run ${file}: ${found} is not an .exe, and no shell is used to run it`,
          hint: `name what runs it, as in ['cmd.exe', '/d', '/c', '${found}'] for a .cmd`,
        },
      ],
    });
  });
});

test('a given variable replaces the inherited one, on Windows in any case', () => {
  const own = { Path: 'C:\\old', PATHEXT: '.EXE', SECRET: 's' };
  expect(childEnvironment(own, { PATH: 'C:\\new' }, 'win32')).toEqual({ PATH: 'C:\\new', PATHEXT: '.EXE' });
  expect(childEnvironment(own, { PATH: '/new' }, 'linux')).toEqual({
    PATH: '/new',
    Path: 'C:\\old',
    PATHEXT: '.EXE',
  });
});
