import { expect, test } from 'vitest';
import { accountName, isServiceAccount } from '../../src/windows/security/accounts.ts';

test.each([
  ['system', 'SYSTEM'],
  ['NT AUTHORITY\\SYSTEM', 'SYSTEM'],
  ['NT-AUTORITÄT\\SYSTEM', 'SYSTEM'],
  ['LocalSystem', 'SYSTEM'],
  ['s-1-5-18', 'SYSTEM'],
  ['*S-1-5-19', 'LOCAL SERVICE'],
  ['LocalService', 'LOCAL SERVICE'],
  ['NetworkService', 'NETWORK SERVICE'],
  ['s-1-5-21-1-2-3-1001', 'S-1-5-21-1-2-3-1001'],
  ['CUST\\svc', 'CUST\\svc'],
  ['Administrators', 'Administrators'],
])('%s is %s', (typed, name) => {
  expect(accountName(typed)).toBe(name);
});

test.each([
  ['SYSTEM', true],
  ['NT SERVICE\\W3SVC', true],
  ['IIS AppPool\\shop', true],
  ['CUST\\svc', false],
])('%s logs on without a password: %s', (name, expected) => {
  expect(isServiceAccount(name)).toBe(expected);
});
