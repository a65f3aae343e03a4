import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { LabPackage } from '../../../src/lab/windows/tools/msiexec.ts';
import { packageType } from '../../../src/resources/windows/software/package.ts';
import { msiProperty } from '../../../src/windows/software/msi.ts';
import { converge } from '../../support/converge.ts';
import { declare } from '../../support/engine-world.ts';
import { webServer } from '../../support/web-server.ts';
import { windowsWorld } from '../../support/windows-world.ts';

const product_code = '{11111111-2222-3333-4444-555555555555}';
const uninstall = `HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\${product_code}`;
const agent = { product_code, source: 'C:\\pkg dir\\agent.msi' };

async function start() {
  const made = await windowsWorld();
  const pack = (more: Partial<LabPackage> = {}) =>
    made.write(
      agent.source,
      JSON.stringify({
        converge_lab_msi: 1,
        product_code,
        name: 'Agent',
        version: '1.2.3',
        manufacturer: 'x',
        ...more,
      }),
    );
  await pack();
  return {
    ...made,
    pack,
    registered: async () => (await made.run('reg', ['query', uninstall])).stdout,
    programs: async () =>
      (await made.lab.processes())
        .filter(({ program }) => program.endsWith('msiexec.exe'))
        .map(({ args }) => args.join(' ')),
    converge: (properties: object, meta = {}) =>
      converge([packageType], made.world, [declare('package:agent', properties as never, meta)]),
  };
}

test('properties reach the package as they are written', async () => {
  const { converge, registered, programs } = await start();
  const properties = { INSTALLDIR: 'C:\\Program Files\\agent\\', TITLE: 'a "b" c', EMPTY: '', LIST: 'a;b=c' };
  await converge({ ...agent, properties });
  expect(await registered()).toContain(`LabProperties    REG_SZ    ${JSON.stringify(properties)}`);
  expect(await programs()).toEqual([
    expect.stringContaining(
      '/i "C:\\pkg dir\\agent.msi" INSTALLDIR="C:\\Program Files\\agent\\" TITLE="a ""b"" c" EMPTY=""',
    ),
  ]);
});

test('a property is quoted as msiexec reads it, not as other programs do', async () => {
  const { run, write } = await start();
  expect(msiProperty('A', '1')).toBe('A="1"');
  const quoted = ['/i', agent.source, 'TITLE=a b', '/qn'];
  expect((await run('msiexec', quoted)).exitCode).toBe(1639);
  await write('C:\\setup.cmd', `msiexec /i "${agent.source}" TITLE="a b" /qn`);
  expect((await run('cmd', ['/c', 'C:\\setup.cmd'])).exitCode).toBe(0);
});

test('while something else is installed it waits, and not for ever', async () => {
  const { converge, lab, programs } = await start();
  await lab.fault({ kind: 'exit', program: 'msiexec.exe', code: 1618, times: 3 });
  expect((await converge(agent)).results).toEqual(['changed']);
  expect(await programs()).toHaveLength(4);
  await lab.fault({ kind: 'exit', program: 'msiexec.exe', code: 1618, times: 99 });
  const { said } = await converge(agent, { ensure: 'absent' });
  expect(said[0]).toMatchObject({ message: expect.stringContaining('went on for ten minutes') });
});

test.each([3010, 1641])('a restart that is due (%d) is success, and is reported', async code => {
  const { converge, pack, lab } = await start();
  if (code === 3010) await pack({ needs_restart: true });
  else {
    await converge(agent);
    await lab.fault({ kind: 'exit', program: 'msiexec.exe', code });
  }
  const { report } = await converge(agent, code === 3010 ? {} : { ensure: 'absent' });
  expect(report.results).toMatchObject([{ result: 'changed', note: 'a reboot is pending' }]);
});

test('another version of a product is put in its place', async () => {
  const { converge, pack } = await start();
  await converge({ ...agent, version: '1.2.3' });
  await pack({ version: '1.3.0.0' });
  const { fields, results } = await converge({ ...agent, version: '1.3' });
  expect(fields).toMatchObject([{ path: '/version', before: '1.2.3', after: '1.3' }]);
  expect(results).toEqual(['changed']);
  expect((await converge({ ...agent, version: '1.3' })).actions).toEqual(['none']);
});

test('a file with another checksum is not installed', async () => {
  const { converge, programs } = await start();
  const { said } = await converge({ ...agent, checksum: `sha256:${'0'.repeat(64)}` });
  expect(said[0]).toMatchObject({ code: 'wrong-checksum', category: 'world' });
  expect(await programs()).toEqual([]);
});

test('a package from the web is fetched only to install it, and nothing of it stays', async () => {
  const { world, registered, programs, lab, host } = await start();
  const web = await webServer();
  const msi = JSON.stringify({ converge_lab_msi: 1, product_code, name: 'Agent', version: '2.0' });
  web.pages.set('/agent.msi', { body: msi });
  const checksum = `sha256:${createHash('sha256').update(msi).digest('hex')}`;
  const source = `${web.url}/agent.msi`;
  const apply = (more: object) =>
    converge([packageType], { ...world, connect: async () => web.content }, [
      declare('package:agent', { product_code, ...more } as never),
    ]);
  await expect(apply({ source })).rejects.toThrow(/http:\/\/ protects nothing/);
  const wrong = await apply({ source, checksum: `sha256:${'0'.repeat(64)}` });
  expect(wrong.said).toMatchObject([{ code: 'wrong-checksum' }]);
  web.pages.set('/page', { body: '<html>log in</html>', type: 'text/html' });
  const page = await apply({ source: `${web.url}/page`, allow_insecure: true });
  expect(page.said).toMatchObject([{ code: 'html-instead' }]);
  expect(await programs()).toEqual([]);

  expect((await apply({ source, checksum, version: '2.0' })).results).toEqual(['changed']);
  expect(await registered()).toContain('2.0');
  web.log.length = 0;
  await lab.forgetProcesses();
  expect((await apply({ source, checksum, version: '2.0' })).actions).toEqual(['none']);
  expect([web.log, await programs()]).toEqual([[], []]);
  expect((await host.files.list('C:\\Windows\\Temp'))?.filter(name => name.endsWith('.msi'))).toEqual([]);
});

test('removal needs no source, and what is gone meanwhile is gone', async () => {
  const { converge, lab } = await start();
  await converge(agent);
  await lab.fault({ kind: 'exit', program: 'msiexec.exe', code: 1605 });
  const { report } = await converge({ product_code }, { ensure: 'absent' });
  expect(report.results).toMatchObject([{ result: 'changed' }]);
  expect((await converge({ product_code }, { ensure: 'absent' })).results).toEqual(['changed']);
  const { said } = await converge({ product_code });
  expect(said[0]).toMatchObject({ code: 'no-source', category: 'given' });
});

test.each([
  [1603, 'was rolled back'],
  [1625, 'a policy'],
  [77, 'msiexec ended with exit code 77'],
])('msiexec ending with %d is told with its log', async (code, text) => {
  const { converge, lab } = await start();
  await lab.fault({ kind: 'exit', program: 'msiexec.exe', code, times: 9 });
  const { said } = await converge(agent);
  expect(said[0]).toMatchObject({
    code: 'package-failed',
    message: expect.stringContaining(text),
    // Under no name that somebody could have put a junction at before.
    hint: expect.stringMatching(/^C:\\Windows\\Temp\\converge-\{[-\w]+\}-[-0-9a-f]{36}\.log says more$/),
  });
});
