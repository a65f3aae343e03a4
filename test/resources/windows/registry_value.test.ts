import { expect, test } from 'vitest';
import { type RegistryProperties, registryValue } from '../../../src/resources/windows/registry_value.ts';
import { mistakesIn } from '../../support/mistakes.ts';

const where = { platform: 'win32' as const, cwd: 'C:\\' };
const id = (title: string, properties: RegistryProperties) =>
  registryValue.identity(properties, title, where);

test.each<[string, RegistryProperties, string]>([
  ['HKLM\\Software\\Cust\\Level', { value: 1 }, 'hklm\\software\\cust\\level'],
  ['HKEY_LOCAL_MACHINE\\SOFTWARE\\Cust\\LEVEL', { value: 1 }, 'hklm\\software\\cust\\level'],
  ['any', { key: 'hklm\\SOFTWARE\\Cust\\', name: 'Level', value: 1 }, 'hklm\\software\\cust\\level'],
  ['Level', { key: 'hklm\\SOFTWARE\\Cust', value: 1 }, 'hklm\\software\\cust\\level'],
  ['HKLM\\Software\\Cust\\', { value: '' }, 'hklm\\software\\cust\\'],
  ['HKLM\\Software\\Cust\\L', { value: 1, view: 32 }, 'hklm\\software\\wow6432node\\cust\\l'],
  ['HKLM\\Software\\WOW6432Node\\Cust\\L', { value: 1, view: 32 }, 'hklm\\software\\wow6432node\\cust\\l'],
  ['HKLM\\SYSTEM\\L', { value: 1, view: 32 }, 'hklm\\system\\l'],
])('%s %j is %s', (title, properties, expected) => {
  expect(id(title, properties)).toBe(expected);
});

test.each<[RegistryProperties, { kind: string; value: unknown }]>([
  [{ value: 4 }, { kind: 'dword', value: '4' }],
  [{ value: '4' }, { kind: 'string', value: '4' }],
  [
    { value: '0xFF', kind: 'dword' },
    { kind: 'dword', value: '255' },
  ],
  [
    { value: '18446744073709551615', kind: 'qword' },
    { kind: 'qword', value: '18446744073709551615' },
  ],
  [{ value: ['a', 'b'] }, { kind: 'multi', value: ['a', 'b'] }],
  [
    { value: 'de-ad,BE ef', kind: 'binary' },
    { kind: 'binary', value: 'DEADBEEF' },
  ],
])('%j is wanted as %j', (properties, expected) => {
  expect(registryValue.desired(properties, 'x')).toEqual(expected);
});

test.each<[string, RegistryProperties, RegExp]>([
  ['Level', { value: 1 }, /isn't a key of the registry/],
  ['HKXX\\a\\b', { value: 1 }, /isn't a key of the registry/],
  ['HKLM\\b', { value: 1 }, /isn't a key of the registry/],
  ['HKLM\\a\\\\b', { value: 1 }, /isn't a key of the registry/],
  ['HKLM\\a\\b', { value: '4294967296', kind: 'dword' }, /can't be a dword/],
  ['HKLM\\a\\b', { value: 'one', kind: 'qword' }, /can't be a qword/],
  ['HKLM\\a\\b', { value: 'abc', kind: 'binary' }, /can't be a binary/],
  ['HKLM\\a\\b', { value: 'abc', kind: 'multi' }, /can't be a multi/],
  ['HKLM\\a\\b', { value: ['abc'], kind: 'string' }, /can't be a string/],
])('%s %j is a mistake in what was given', (title, properties, message) => {
  expect(mistakesIn(registryValue, title, properties, where)).toMatch(message);
});
