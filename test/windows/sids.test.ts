import { expect, test } from 'vitest';
import { commonName, commonSid } from '../../src/windows/security/sids.ts';

test.each([
  ['BUILTIN\\Administrators', 'S-1-5-32-544'],
  ['administrators', 'S-1-5-32-544'],
  ['VORDEFINIERT\\Administratoren', 'S-1-5-32-544'],
  ['Jeder', 'S-1-1-0'],
  ['NT-AUTORITÄT\\SYSTEM', 'S-1-5-18'],
  ['system', 'S-1-5-18'],
  ['*s-1-5-32-545', 'S-1-5-32-545'],
  // As Windows itself shows them.
  ['IIS APPPOOL\\DefaultAppPool', 'S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415'],
  ['NT Service\\TrustedInstaller', 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'],
])('%s is %s on every Windows', (name, sid) => {
  expect(commonSid(name)).toBe(sid);
});

test.each(['svc-web', 'CORP\\Administrators of the web', 'LAB\\Administrator', 'S-1', ''])(
  'who %s is only the machine knows',
  name => {
    expect(commonSid(name)).toBeUndefined();
  },
);

test('a SID that every Windows has is shown by its English name', () => {
  expect(commonName('S-1-5-32-568')).toBe('BUILTIN\\IIS_IUSRS');
  expect(commonName('S-1-5-21-1-2-3-1001')).toBe('S-1-5-21-1-2-3-1001');
});
