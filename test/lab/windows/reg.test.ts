import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exportKey, importText } from '../../../src/lab/windows/registry/reg-file.ts';
import { Registry } from '../../../src/lab/windows/registry/store.ts';
import type { RegistryValue } from '../../../src/lab/windows/registry/values.ts';
import { windowsMachine } from './fixture.ts';

const key = 'HKLM\\SOFTWARE\\Cust';

async function withValues() {
  const machine = await windowsMachine();
  const add = (...args: string[]) => machine.run('reg', ['add', key, ...args, '/f']);
  await add('/v', 'Text', '/d', 'a b');
  await add('/v', 'Home', '/t', 'REG_EXPAND_SZ', '/d', '%SystemRoot%\\x');
  await add('/v', 'Many', '/t', 'REG_MULTI_SZ', '/d', 'one\\0two\\0');
  await add('/v', 'Count', '/t', 'REG_DWORD', '/d', '0xff');
  await add('/v', 'Long', '/t', 'REG_QWORD', '/d', '18446744073709551615');
  await add('/v', 'Bytes', '/t', 'REG_BINARY', '/d', '00ff1a');
  await add('/ve', '/d', 'the default');
  return machine;
}

describe('reg.exe', () => {
  test('shows values with their types, names in the case they were made with', async () => {
    const { run } = await withValues();
    const { stdout } = await run('reg', ['query', 'hklm\\software\\CUST']);
    expect(stdout.split('\r\n')).toEqual([
      '',
      'HKEY_LOCAL_MACHINE\\SOFTWARE\\Cust',
      '    Text    REG_SZ    a b',
      '    Home    REG_EXPAND_SZ    %SystemRoot%\\x',
      '    Many    REG_MULTI_SZ    one\\0two',
      '    Count    REG_DWORD    0xff',
      '    Long    REG_QWORD    0xffffffffffffffff',
      '    Bytes    REG_BINARY    00FF1A',
      '    (Default)    REG_SZ    the default',
      '',
      '',
    ]);
  });

  test('the default value has a name in the language of the machine', async () => {
    const { run, lab } = await withValues();
    await lab.change({ language: 'de' });
    expect((await run('reg', ['query', key, '/ve'])).stdout).toContain(
      '    (Standard)    REG_SZ    the default\r\n',
    );
  });

  test('/v asks for one value, /s for all keys below', async () => {
    const { run } = await withValues();
    expect((await run('reg', ['query', key, '/v', 'COUNT'])).stdout).toContain(
      '    Count    REG_DWORD    0xff\r\n',
    );
    expect((await run('reg', ['query', key, '/v', 'None'])).exitCode).toBe(1);
    await run('reg', ['add', `${key}\\Sub\\Deep`, '/v', 'Count', '/d', '1', '/f']);
    const deep = (await run('reg', ['query', key, '/s', '/v', 'Count'])).stdout;
    expect(deep.match(/Count/g)).toHaveLength(2);
    expect((await run('reg', ['query', key])).stdout).toContain(
      '\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Cust\\Sub\r\n',
    );
  });

  test('/reg:32 sees another SOFTWARE', async () => {
    const { run } = await windowsMachine();
    await run('reg', ['add', key, '/v', 'X', '/d', '32', '/f', '/reg:32']);
    expect((await run('reg', ['query', key])).exitCode).toBe(1);
    expect((await run('reg', ['query', 'HKLM\\SOFTWARE\\WOW6432Node\\Cust', '/v', 'X'])).exitCode).toBe(0);
    expect((await run('reg', ['query', key, '/v', 'X', '/reg:32'])).stdout).toContain(
      '    X    REG_SZ    32',
    );
    expect((await run('reg', ['query', 'HKLM\\SYSTEM\\CurrentControlSet', '/reg:32'])).exitCode).toBe(0);
  });

  test('deletes values, all values, and keys with all below', async () => {
    const { run } = await withValues();
    expect((await run('reg', ['delete', key, '/v', 'Text', '/f'])).exitCode).toBe(0);
    expect((await run('reg', ['delete', key, '/v', 'Text', '/f'])).exitCode).toBe(1);
    await run('reg', ['add', `${key}\\Sub`, '/f']);
    expect((await run('reg', ['delete', key, '/va', '/f'])).exitCode).toBe(0);
    expect((await run('reg', ['query', key])).stdout).toBe('\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Cust\\Sub\r\n');
    expect((await run('reg', ['delete', key, '/f'])).exitCode).toBe(0);
    expect((await run('reg', ['query', `${key}\\Sub`])).exitCode).toBe(1);
  });

  test('asks before it replaces or deletes, and nobody answers a program', async () => {
    const { run } = await withValues();
    expect((await run('reg', ['add', key, '/v', 'Text', '/d', 'new'])).exitCode).toBe(1);
    expect((await run('reg', ['delete', key])).exitCode).toBe(1);
    expect((await run('reg', ['query', key, '/v', 'Text'])).stdout).toContain('a b');
    expect((await run('reg', ['add', key, '/v', 'Text', '/d', 'new'], { input: 'Yes\r\n' })).exitCode).toBe(
      0,
    );
  });

  test.each([
    ['an unknown type', ['add', key, '/v', 'X', '/t', 'REG_FOO', '/d', '1', '/f']],
    ['a number that is none', ['add', key, '/v', 'X', '/t', 'REG_DWORD', '/d', 'one', '/f']],
    ['a number that is too large', ['add', key, '/v', 'X', '/t', 'REG_DWORD', '/d', '4294967296', '/f']],
    ['bytes that are none', ['add', key, '/v', 'X', '/t', 'REG_BINARY', '/d', 'xy', '/f']],
    ['an unknown root', ['add', 'HKXX\\x', '/f']],
    ['an unknown option', ['add', key, '/what']],
    ['an unknown verb', ['frobnicate', key]],
  ])('refuses %s', async (_, args) => {
    const { run, last } = await windowsMachine();
    const { exitCode, stderr } = await run('reg', args);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^ERROR: Invalid/);
    expect(await last()).toMatchObject({ changed: false });
  });

  test('exports what it imports again, in UTF-16 with lines of 80 characters', async () => {
    const { run, host } = await withValues();
    await run('reg', ['add', key, '/v', 'Wide', '/t', 'REG_EXPAND_SZ', '/d', 'x'.repeat(60), '/f']);
    const before = (await run('reg', ['query', key, '/s'])).stdout;
    await run('reg', ['export', key, 'C:\\cust.reg', '/y']);
    const bytes = (await host.files.read('C:\\cust.reg'))!;
    expect(bytes.subarray(0, 2)).toEqual(Buffer.from([0xff, 0xfe]));
    const text = bytes.toString('utf16le').slice(1);
    expect(text.split('\r\n').slice(0, 5)).toEqual([
      'Windows Registry Editor Version 5.00',
      '',
      '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Cust]',
      '"Text"="a b"',
      '"Home"=hex(2):25,00,53,00,79,00,73,00,74,00,65,00,6d,00,52,00,6f,00,6f,00,74,\\',
    ]);
    expect(text).toContain('"Count"=dword:000000ff\r\n');
    expect(Math.max(...text.split('\r\n').map(line => line.length))).toBeLessThanOrEqual(80);
    await run('reg', ['delete', key, '/f']);
    expect((await run('reg', ['import', 'C:\\cust.reg'])).exitCode).toBe(0);
    expect((await run('reg', ['query', key, '/s'])).stdout).toBe(before);
    expect((await run('reg', ['import', 'C:\\none.reg'])).exitCode).toBe(1);
  });

  test('a file with minus signs removes', async () => {
    const { run, write } = await withValues();
    const lines = ['REGEDIT4', '', `[HKEY_LOCAL_MACHINE\\SOFTWARE\\Cust]`, '"Text"=-', '@=-', ''];
    await write('C:\\less.reg', lines.join('\r\n'));
    await run('reg', ['import', 'C:\\less.reg']);
    const { stdout } = await run('reg', ['query', key]);
    expect(stdout).not.toMatch(/Text|Default/);
    await write('C:\\gone.reg', 'REGEDIT4\r\n\r\n[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Cust]\r\n');
    await run('reg', ['import', 'C:\\gone.reg']);
    expect((await run('reg', ['query', key])).exitCode).toBe(1);
  });

  test('any value survives export and import', () => {
    const word = fc.string({ minLength: 1, maxLength: 40 }).filter(text => !/[\0\r\n]/.test(text));
    const name = word.filter(text => text !== '@');
    const value: fc.Arbitrary<RegistryValue> = fc.oneof(
      fc.record({ name, type: fc.constantFrom('REG_SZ' as const, 'REG_EXPAND_SZ' as const), data: word }),
      fc.record({ name, type: fc.constant('REG_MULTI_SZ' as const), data: fc.array(word, { maxLength: 4 }) }),
      fc.record({
        name,
        type: fc.constant('REG_DWORD' as const),
        data: fc.bigInt(0n, 2n ** 32n - 1n).map(String),
      }),
      fc.record({
        name,
        type: fc.constant('REG_QWORD' as const),
        data: fc.bigInt(0n, 2n ** 64n - 1n).map(String),
      }),
      fc.record({
        name,
        type: fc.constantFrom('REG_BINARY' as const, 'REG_NONE' as const),
        data: fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.from(bytes).toString('hex').toUpperCase()),
      }),
    );
    fc.assert(
      fc.property(value, written => {
        const from = new Registry([['HKEY_LOCAL_MACHINE\\SOFTWARE\\X', [written]]]);
        const to = new Registry([]);
        expect(importText(to, exportKey(from, 'HKEY_LOCAL_MACHINE\\SOFTWARE\\X'))).toBe(true);
        expect(to.values('HKEY_LOCAL_MACHINE\\SOFTWARE\\X')).toEqual([written]);
      }),
    );
  });
});
