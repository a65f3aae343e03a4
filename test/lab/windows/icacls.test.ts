import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Ace,
  parsePermission,
  parseSddl,
  printPermission,
  printSddl,
} from '../../../src/lab/windows/acls/ace.ts';
import { windowsMachine } from './fixture.ts';

const pool = 'S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415';

async function machine() {
  const made = await windowsMachine();
  await made.write('C:\\data\\sub\\x.txt', 'x');
  const icacls = (...args: string[]) => made.run('icacls', args);
  const sddl = async (path: string) => {
    await icacls(path, '/save', 'C:\\Windows\\Temp\\acl', '/q');
    return (await made.host.files.read('C:\\Windows\\Temp\\acl'))!.toString('utf16le').split('\r\n');
  };
  return { ...made, icacls, sddl };
}

describe('icacls.exe', () => {
  test('grants by SID, and what is below inherits it', async () => {
    const { icacls } = await machine();
    expect((await icacls('C:\\data', '/grant', `*${pool}:(OI)(CI)M`)).exitCode).toBe(0);
    expect((await icacls('C:\\data')).stdout.split('\r\n')[0]).toBe(`C:\\data ${pool}:(OI)(CI)(M)`);
    expect((await icacls('C:\\data\\sub')).stdout).toContain(`${pool}:(I)(OI)(CI)(M)`);
    expect((await icacls('C:\\data\\sub\\x.txt')).stdout).toContain(`${pool}:(I)(M)`);
    expect((await icacls('C:\\data')).stdout).toMatch(
      /Successfully processed 1 files; Failed processing 0 files\r\n$/,
    );
  });

  test('adds to a grant, or replaces it with :r; a second time changes nothing', async () => {
    const { icacls, sddl } = await machine();
    await icacls('C:\\data', '/grant', '*S-1-5-20:(R)');
    await icacls('C:\\data', '/grant', '*S-1-5-20:(W)');
    expect((await icacls('C:\\data')).stdout).toContain('NT AUTHORITY\\NETWORK SERVICE:(R,W)');
    await icacls('C:\\data', '/grant:r', '*S-1-5-20:(OI)(CI)RX');
    const before = await sddl('C:\\data');
    expect(before[1]).toContain('(A;OICI;0x1200a9;;;NS)');
    await icacls('C:\\data', '/grant:r', '*S-1-5-20:(OI)(CI)RX');
    expect(await sddl('C:\\data')).toEqual(before);
  });

  test('denials come first and take rights out of grants; /remove takes either kind', async () => {
    const { icacls } = await machine();
    await icacls('C:\\data', '/grant', '*S-1-5-20:F');
    await icacls('C:\\data', '/deny', '*S-1-5-20:(W)');
    const [first = '', second = ''] = (await icacls('C:\\data')).stdout.split('\r\n');
    expect(first).toContain('NETWORK SERVICE:(DENY)(W)');
    expect(second).toContain('NETWORK SERVICE:');
    expect(second).not.toContain('(F)');
    await icacls('C:\\data', '/remove:d', '*S-1-5-20');
    expect((await icacls('C:\\data')).stdout).not.toContain('DENY');
    await icacls('C:\\data', '/remove', '*S-1-5-20');
    expect((await icacls('C:\\data')).stdout).not.toContain('NETWORK SERVICE');
  });

  test('inheritance is copied, cut, taken up again; /reset forgets all', async () => {
    const { icacls, sddl } = await machine();
    const usual = await sddl('C:\\data');
    await icacls('C:\\data', '/inheritance:d');
    expect((await icacls('C:\\data')).stdout).not.toContain('(I)');
    expect((await sddl('C:\\data'))[1]).toMatch(/^D:PAI/);
    await icacls('C:\\data', '/grant', '*S-1-5-32-544:F', '/inheritance:r');
    await icacls('C:\\data', '/reset');
    expect(await sddl('C:\\data')).toEqual(usual);
    await icacls('C:\\data', '/inheritance:r', '/grant', 'Administrators:(OI)(CI)F');
    expect((await sddl('C:\\data'))[1]).toBe('D:PAI(A;OICI;FA;;;BA)');
    expect((await sddl('C:\\data\\sub'))[1]).toBe('D:AI(A;OICIID;FA;;;BA)');
  });

  test('/save and /restore are each the other backwards, for a whole tree', async () => {
    const { icacls, host } = await machine();
    await icacls('C:\\data', '/grant', '*S-1-5-20:(OI)(CI)M');
    await icacls('C:\\data\\sub', '/inheritance:r', '/grant', '*S-1-5-18:F');
    await icacls('C:\\data', '/save', 'C:\\acls', '/t');
    const saved = (await host.files.read('C:\\acls'))!;
    expect(
      saved
        .toString('utf16le')
        .split('\r\n')
        .filter((_, index) => index % 2 === 0),
    ).toEqual(['data', 'data\\sub', 'data\\sub\\x.txt', '']);
    const before = (await icacls('C:\\data', '/t')).stdout;
    await icacls('C:\\data', '/reset', '/t');
    expect((await icacls('C:\\data', '/t')).stdout).not.toBe(before);
    expect((await icacls('C:\\', '/restore', 'C:\\acls')).exitCode).toBe(0);
    expect((await icacls('C:\\data', '/t')).stdout).toBe(before);
  });

  test('a file made anew has no list of its own', async () => {
    const { icacls, host, write } = await machine();
    await icacls('C:\\data\\sub\\x.txt', '/grant', '*S-1-5-20:F');
    await write('C:\\data\\sub\\other', 'y');
    await host.files.remove('C:\\data\\sub\\x.txt');
    await write('C:\\data\\sub\\x2', 'z');
    await host.files.rename('C:\\data\\sub\\other', 'C:\\data\\sub\\x.txt');
    expect((await icacls('C:\\data\\sub\\x.txt')).stdout).not.toContain('NETWORK SERVICE');
  });

  test.each(['en', 'de'] as const)('exit codes are the same in any language: %s', async language => {
    const { icacls, lab } = await machine();
    await lab.change({ language });
    expect((await icacls('C:\\none')).exitCode).toBe(2);
    expect((await icacls('C:\\data', '/grant', 'Nobody:F')).exitCode).toBe(1332);
    expect((await icacls('C:\\data', '/grant', '*S-1-5-20:QQ')).exitCode).toBe(87);
    expect((await icacls('C:\\data', '/frobnicate')).exitCode).toBe(87);
    expect((await icacls('C:\\data', '/grant', language === 'de' ? 'Jeder:R' : 'Everyone:R')).exitCode).toBe(
      0,
    );
    expect((await icacls('C:\\data', '/grant', language === 'de' ? 'Everyone:R' : 'Jeder:R')).exitCode).toBe(
      1332,
    );
  });

  test('rights and descriptors are read as they are printed', () => {
    const mask = fc.constantFrom(
      0x1f01ff,
      0x1301bf,
      0x1200a9,
      0x120089,
      0x100116,
      0x110000,
      0x1,
      0x6,
      0x120116,
    );
    const ace: fc.Arbitrary<Ace> = fc.record({
      type: fc.constantFrom('allow' as const, 'deny' as const),
      flags: fc.subarray(['OI', 'CI', 'NP', 'IO', 'ID'] as const).map(flags => [...flags]),
      mask,
      sid: fc.constantFrom('S-1-5-18', 'S-1-5-32-544', pool),
    });
    fc.assert(
      fc.property(mask, one => {
        expect(parsePermission(printPermission(one))?.mask).toBe(one);
      }),
    );
    fc.assert(
      fc.property(fc.array(ace), fc.boolean(), (aces, isProtected) => {
        expect(parseSddl(printSddl(aces, isProtected))).toEqual({ aces, isProtected });
      }),
    );
  });
});
