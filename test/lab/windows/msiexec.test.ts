import { describe, expect, test } from 'vitest';
import type { LabPackage } from '../../../src/lab/windows/tools/msiexec.ts';
import { windowsMachine } from './fixture.ts';

const code = '{11111111-2222-3333-4444-555555555555}';
const uninstall = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall';
const agent: LabPackage = {
  converge_lab_msi: 1,
  product_code: code,
  name: 'Agent',
  version: '1.2.3',
  manufacturer: 'Cust',
  files: { 'C:\\Program Files\\Agent\\agent.exe': 'MZ' },
};

async function machine() {
  const made = await windowsMachine();
  const pack = (name: string, more: Partial<LabPackage> = {}) =>
    made.write(`C:\\pkg\\${name}`, JSON.stringify({ ...agent, ...more }));
  const msiexec = async (...args: string[]) =>
    (await made.run('msiexec', [...args, '/qn', '/norestart'])).exitCode;
  const query = async (key: string) => (await made.run('reg', ['query', key])).stdout;
  await pack('agent.msi');
  return { ...made, pack, msiexec, query };
}

describe('msiexec.exe', () => {
  test('installs what is in a package and registers it by product code', async () => {
    const { msiexec, query, read } = await machine();
    expect(await msiexec('/i', 'C:\\pkg\\agent.msi', 'SERVER=x')).toBe(0);
    expect(await read('c:\\program files\\agent\\AGENT.exe')).toBe('MZ');
    const keys = await query(`${uninstall}\\${code}`);
    expect(keys).toContain('    DisplayVersion    REG_SZ    1.2.3\r\n');
    expect(keys).toContain(`    UninstallString    REG_SZ    MsiExec.exe /X${code}\r\n`);
    expect(keys).toContain('    InstallDate    REG_SZ    20260301\r\n');
    expect(keys).toContain('    WindowsInstaller    REG_DWORD    0x1\r\n');
  });

  test('removes by code or package; what is not installed is 1605', async () => {
    const { msiexec, read } = await machine();
    expect(await msiexec('/x', code)).toBe(1605);
    await msiexec('/i', 'C:\\pkg\\agent.msi');
    expect(await msiexec(`/X${code}`)).toBe(0);
    expect(await read('C:\\Program Files\\Agent\\agent.exe')).toBeUndefined();
    expect(await msiexec('/x', 'C:\\pkg\\agent.msi')).toBe(1605);
  });

  test('a newer one of the same family takes the place of the older', async () => {
    const { msiexec, pack, query } = await machine();
    const upgrade_code = '{99999999-2222-3333-4444-555555555555}';
    await pack('old.msi', { upgrade_code });
    await pack('new.msi', { upgrade_code, product_code: code.replaceAll('1', '2'), version: '2.0.0' });
    await msiexec('/i', 'C:\\pkg\\old.msi');
    await msiexec('/i', 'C:\\pkg\\new.msi');
    const keys = await query(uninstall);
    expect(keys).not.toContain(code);
    expect(keys).toContain(code.replaceAll('1', '2'));
  });

  test('3010 when it needs a restart, in the other view when it is 32-bit', async () => {
    const { msiexec, pack, query } = await machine();
    await pack('x86.msi', { x86: true, needs_restart: true });
    expect(await msiexec('/i', 'C:\\pkg\\x86.msi', '/l*v', 'C:\\install.log')).toBe(3010);
    expect(await query(uninstall.replace('SOFTWARE', 'SOFTWARE\\WOW6432Node'))).toContain(code);
    expect(await query(uninstall)).not.toContain(code);
  });

  test('a missing package is 1619, a broken one 1620, a bad line 1639, a dialog 1602', async () => {
    const { msiexec, run, write, lab } = await machine();
    await write('C:\\pkg\\broken.msi', '<html>');
    expect(await msiexec('/i', 'C:\\pkg\\none.msi')).toBe(1619);
    expect(await msiexec('/i', 'C:\\pkg\\broken.msi')).toBe(1620);
    expect(await msiexec('/frob', 'C:\\pkg\\agent.msi')).toBe(1639);
    expect((await run('msiexec', ['/i', 'C:\\pkg\\agent.msi'])).exitCode).toBe(1602);
    expect((await lab.processes()).filter(({ changed }) => changed)).toEqual([]);
    await lab.fault({ kind: 'exit', program: 'msiexec.exe', code: 1618 });
    expect(await msiexec('/i', 'C:\\pkg\\agent.msi')).toBe(1618);
    expect(await msiexec('/i', 'C:\\pkg\\agent.msi')).toBe(0);
  });
});
