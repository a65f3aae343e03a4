import { expect, test } from 'vitest';
import { archive } from '../../../src/resources/host/archive/archive.ts';
import { acl } from '../../../src/resources/windows/security/acl.ts';
import { converge } from '../../support/converge.ts';
import { declare } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { windowsWorld } from '../../support/windows-world.ts';
import { zip } from '../../support/zip.ts';

const icacls = 'C:\\Windows\\System32\\icacls.exe';

async function start() {
  const made = await windowsWorld();
  await made.write('C:\\web\\index.html', 'x');
  const permissions = (...list: object[]) => ({ permissions: list as never });
  const run = (...resources: ReturnType<typeof declare>[]) => converge([acl], made.world, resources);
  const shown = async (path = 'C:\\web') => (await made.run(icacls, [path])).stdout;
  const processes = async () => (await made.lab.processes()).map(({ args, changed }) => ({ args, changed }));
  return { ...made, permissions, converge: run, shown, processes };
}

const users = { identity: 'Users', rights: 'modify' };

test('what is declared is added to what is there, and below it', async () => {
  const { permissions, converge, shown, run } = await start();
  await run(icacls, ['C:\\web', '/grant', 'NETWORK SERVICE:(OI)(CI)R']);
  await converge(declare('acl:C:\\web', permissions(users)));
  expect(await shown()).toContain('BUILTIN\\Users:(OI)(CI)(M)');
  expect(await shown()).toContain('NT AUTHORITY\\NETWORK SERVICE:(OI)(CI)(R)');
  expect(await shown('C:\\web\\index.html')).toContain('BUILTIN\\Users:(I)(M)');
});

test('a folder that is in an archive waits for it', async () => {
  const { world, host } = await windowsWorld();
  await host.files.writeAtomic('C:\\a.zip', zip([{ name: 'sub/x', content: 'x' }]));
  const { said, results } = await converge([acl, archive], world, [
    declare('acl:C:\\a\\sub', { permissions: [{ identity: 'S-1-5-32-545', rights: 'modify' }] }),
    declare('archive:C:\\a', { source: 'C:\\a.zip' }),
  ]);
  expect(said).toEqual([]);
  expect(results).toEqual(['changed', 'changed']);
});

test('a file gets no flags of inheritance', async () => {
  const { permissions, converge, shown } = await start();
  await converge(declare('acl:C:\\web\\index.html', permissions(users)));
  expect(await shown('C:\\web\\index.html')).toContain('BUILTIN\\Users:(M)');
});

test('any number of lists is read by one process, and each is set by one', async () => {
  const { permissions, converge, processes, host, lab } = await start();
  const resources = ['a', 'b', 'c'].map(name => declare(`acl:C:\\${name}`, permissions(users)));
  for (const name of ['a', 'b', 'c']) await host.files.mkdir(`C:\\${name}`);
  await lab.forgetProcesses();
  await converge(...resources);
  expect((await processes()).filter(({ changed }) => changed)).toHaveLength(3);
  await lab.forgetProcesses();
  await converge(...resources);
  expect(await processes()).toEqual([{ args: expect.anything(), changed: false }]);
});

test('a denial leaves the right to open what is granted', async () => {
  const { permissions, converge, shown } = await start();
  const both = permissions({ ...users, rights: 'read_execute' }, { ...users, rights: 'write', kind: 'deny' });
  await converge(declare('acl:C:\\web', both));
  expect(await shown()).toContain('BUILTIN\\Users:(DENY)(OI)(CI)(WD,AD,WEA,WA)');
  expect(await shown()).toContain('BUILTIN\\Users:(OI)(CI)(RX)');
  expect((await converge(declare('acl:C:\\web', both))).actions).toEqual(['none']);
});

test('rights for the directory alone are a difference, and are told', async () => {
  const { permissions, converge, run } = await start();
  await run(icacls, ['C:\\web', '/grant', 'Users:M']);
  const { fields } = await converge(declare('acl:C:\\web', permissions(users)));
  expect(fields).toMatchObject([
    { before: [{ rights: 'modify here alone' }], after: [{ rights: 'modify', kind: 'allow' }] },
  ]);
});

test('`inherit: false` drops what comes from above, and absence brings it back', async () => {
  const { permissions, converge, shown } = await start();
  const closed = { ...permissions({ identity: 'S-1-5-32-544', rights: 'full' }), inherit: false };
  await converge(declare('acl:C:\\web', closed));
  expect(await shown()).not.toContain('(I)');
  await converge(declare('acl:C:\\web', closed, { ensure: 'absent' }));
  expect(await shown()).toContain('BUILTIN\\Administrators:(I)');
  expect(await shown()).not.toContain('BUILTIN\\Administrators:(OI)');
});

test('an account that nobody knows is told before anything is changed', async () => {
  const { permissions, converge, processes } = await start();
  const wrong = permissions(users, { identity: 'LAB\\nobody', rights: 'read' });
  const { said } = await converge(declare('acl:C:\\web', wrong));
  expect(said[0]).toMatchObject({ code: 'unknown-account', message: expect.stringContaining('LAB\\nobody') });
  expect((await processes()).filter(({ changed }) => changed)).toEqual([]);
});

test.each([
  [5, 'access is denied'],
  [1332, 'no SID'],
  [77, 'exit code 77'],
])('icacls ending with %d is told', async (code, text) => {
  const { permissions, converge, lab } = await start();
  await lab.fault({ kind: 'exit', program: 'icacls.exe', code, times: 9 });
  const { said } = await converge(declare('acl:C:\\web', permissions(users)));
  expect(said[0]).toMatchObject({ code: 'acl-not-set', message: expect.stringContaining(text) });
});

test.each([
  [{ permissions: [users, { identity: 'VORDEFINIERT\\Benutzer', rights: 'read' }] }, 'two permissions'],
  [{ permissions: [{ ...users, kind: 'deny' }], inherit: false }, 'nobody may enter'],
])('what contradicts itself is refused', (properties, text) => {
  expect(mistakesIn(acl, 'C:\\web', properties, 'windows')).toContain(text);
});
