import { copyFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const env = { POOL_PASSWORD: 'hunter2-pool', SHARE_PASSWORD: 'hunter2-share' };

/** A Windows host of the lab that was converged from `windows-host/host.yaml`. */
async function place(language: 'en' | 'de' = 'en') {
  const dir = await scratch();
  copyFileSync(join(import.meta.dirname, 'windows-host/host.yaml'), join(dir, 'host.yaml'));
  const run = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env });
  const done = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args);
    expect(code, `${args.join(' ')}\n${stderr}`).toBe(0);
    return { stdout, said: stderr.split('\n').slice(1).join('\n') };
  };
  await done('lab', 'windows', '--language', language);
  await done('apply', 'host.yaml');
  const at = (path: string) => join(dir, 'lab/windows/C', path);
  return {
    dir,
    run,
    done,
    text: (file: string) => readFile(join(dir, file), 'utf8'),
    /** As somebody else would change a file of the host. */
    edit: async (path: string, change: (text: string) => string) =>
      writeFile(at(path), change(await readFile(at(path), 'utf8'))),
    add: (path: string, bytes: Buffer) => writeFile(at(path), bytes),
    settled: async (file: string) => {
      expect((await done('validate', file)).said).toBe('');
      return (await done('plan', file)).stdout;
    },
  };
}

const config = 'Windows/System32/inetsrv/config/applicationHost.config';

describe.each(['en', 'de'] as const)('a host that speaks %s', language => {
  test('is adopted as a manifest that plans nothing on it, and makes such a host of a new one', async () => {
    const { done, settled, text, run } = await place(language);
    const { said } = await done('adopt', 'windows', '--services', '-o', 'adopted.yaml');
    expect(said).toMatch(/^\d+ resources adopted; 1 thing that no declaration says/);
    expect(await settled('adopted.yaml')).toMatch(/^Nothing to do: \d+ in sync/);
    const written = await text('adopted.yaml');
    expect(written).not.toMatch(/hunter2|\[enc:/);
    await expect(written).toMatchFileSnapshot('windows-host/adopted.golden.yaml');
    const elsewhere = (...args: string[]) => run(...args, '--lab', 'other');
    const applied = await elsewhere('apply', 'adopted.yaml');
    expect(applied.code, applied.stderr).toBe(0);
    expect((await elsewhere('plan', 'adopted.yaml')).stdout).toMatch(/^Nothing to do/);
  });
});

test('what the manifests declare is left out, and both go together', async () => {
  const { done, text, settled } = await place();
  const { said } = await done('adopt', 'windows', 'host.yaml', '-o', 'more.yaml');
  expect(said).toMatch(/(\d\d) left out, which the manifests declare already/);
  const more = await text('more.yaml');
  expect(more).toContain('Default Web Site:');
  expect(more).not.toMatch(/Sync:|timezone:|Shop/);
  expect(await settled('more.yaml')).toMatch(/^Nothing to do/);
  expect((await done('plan', 'host.yaml', 'more.yaml')).stdout).toMatch(/^Nothing to do/);
});

test('one type, by title; what is named is found in any case', async () => {
  const { done } = await place();
  const { stdout } = await done('adopt', 'iis_site', 'shop');
  expect(stdout).toMatch(/requires: \{ os: windows \}\nresources:\n {2}iis_site:\n {4}Shop:\n/);
  expect(stdout).not.toContain('Default Web Site');
  const task = await done('adopt', 'scheduled_task', '/cust/nightly');
  expect(task.stdout).toContain('    \\Cust\\Nightly:\n');
});

test('variables and values of the registry only by name; what seems to be a secret stays where it is', async () => {
  const { dir, run, done } = await place();
  await writeFile(join(dir, 'none.yaml'), 'converge: 1\nrequires: { os: windows }\n');
  const from = ['--from', 'none.yaml'];
  expect((await run('adopt', 'environment_variable', ...from)).stderr).toContain('are adopted by name');
  expect((await run('adopt', 'registry_value')).stderr).toContain('are adopted by name');
  const variables = await done('adopt', 'environment_variable', 'cust_level', 'CUST_TOKEN', ...from);
  expect(variables.stdout).toContain('cust_level:\n      value: high\n');
  expect(variables.stdout).toContain('environment_variable: CUST_TOKEN: it seems to be a secret');
  expect(variables.stdout).not.toContain('hunter2');
  const value = await done('adopt', 'registry_value', 'HKLM\\SOFTWARE\\Cust\\Level');
  expect(value.stdout).toMatch(/HKLM\\SOFTWARE\\Cust\\Level:\n {6}kind: dword\n {6}value: 7\n/);
});

test('a secret among other text stays where it is, too', async () => {
  const { dir, done } = await place();
  await writeFile(
    join(dir, 'more.yaml'),
    String.raw`converge: 1
requires: { os: windows }
resources:
  environment_variable:
    CUST_DB: { value: 'Server=db;User Id=sa;Password=hunter2' }
  registry_value:
    HKLM\SOFTWARE\Cust\Dsn: { value: 'Driver=x;UID=sa;PWD=hunter2' }
    HKLM\SOFTWARE\Cust\All: { value: ['a=b', 'AccountKey=hunter2'] }
  scheduled_task:
    Mount: { command: net.exe, arguments: 'use z: \\fs\x /user:corp\a hunter2', boot: true }
`,
  );
  await done('apply', 'more.yaml');
  await writeFile(join(dir, 'none.yaml'), 'converge: 1\nrequires: { os: windows }\n');
  for (const [type, ...titles] of [
    ['environment_variable', 'CUST_DB'],
    ['registry_value', 'HKLM\\SOFTWARE\\Cust\\Dsn', 'HKLM\\SOFTWARE\\Cust\\All'],
    ['scheduled_task', 'Mount'],
  ] as const) {
    const { stdout } = await done('adopt', type, ...titles, '--from', 'none.yaml');
    expect(stdout).not.toContain('hunter2');
    for (const title of titles)
      expect(stdout).toMatch(new RegExp(`# ${type}: .*${title.split('\\').at(-1)}: .*secret`));
  }
});

test('what no declaration says is a comment at the end', async () => {
  const { run, edit, add, text, settled } = await place();
  await edit('Windows/System32/drivers/etc/hosts', hosts => `${hosts}10.0.0.8 admin01 other\r\n`);
  await add(
    'Windows/System32/Tasks/Two',
    Buffer.from(
      '\ufeff<?xml version="1.0" encoding="UTF-16"?><Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">' +
        '<Actions><Exec><Command>a</Command></Exec><Exec><Command>b</Command></Exec></Actions></Task>',
      'utf16le',
    ),
  );
  await edit('Windows/System32/Tasks/Sync', () => 'no XML');
  await edit(config, xml =>
    xml
      .replace('<add name="Idle"', '<add name="Bad+Name" /><add name="Idle"')
      .replace('physicalPath="C:\\shop\\x"', 'physicalPath="C:\\shop\\x" logonMethod="Network"')
      .replace(
        '</configuration>',
        '<location path="Shop/api"><system.webServer><staticContent><remove fileExtension=".zip" />' +
          '</staticContent></system.webServer></location></configuration>',
      ),
  );
  const { code, stderr } = await run('adopt', 'windows', '-o', 'adopted.yaml');
  expect([code, stderr]).toEqual([4, expect.stringContaining('the file of the task \\Sync is not XML')]);
  const remarks = (await text('adopted.yaml')).split('# There as well')[1]!;
  for (const said of [
    'hosts_entry: 10.0.0.8 admin01: the name has 10.0.0.7 as well',
    'scheduled_task: Two: it starts several programs, or none',
    'iis_app_pool: Bad+Name: the name of an application pool `Bad+Name` holds +',
    'iis_vdir: Shop/api/x: logonMethod: iis_vdir has no property for it',
    'iis_config: Shop/api: system.webServer/staticContent: .zip: it is taken from what is inherited',
  ])
    expect(remarks).toContain(said);
  expect(await settled('adopted.yaml')).toMatch(/^Nothing to do/);
});

describe('it is refused', () => {
  test('elsewhere than on Windows, unless in a lab', async () => {
    const dir = await scratch();
    const { code, stderr } = await cli(dir, ['adopt', 'windows']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/looks at the host it runs on, and this is linux[\s\S]*with --lab/);
  });

  test('for a title that nothing has', async () => {
    const { run } = await place();
    const { code, stderr } = await run('adopt', 'iis_site', 'Shp');
    expect(code).toBe(4);
    expect(stderr).toMatch(/there is no site Shp on this host[\s\S]*did you mean `Shop`/);
  });

  test('for a configuration that is shared with other machines', async () => {
    const { run, add } = await place();
    await add(
      'Windows/System32/inetsrv/config/redirection.config',
      Buffer.from(
        '<configuration><configurationRedirection enabled="true" path="\\\\nas\\iis" /></configuration>',
      ),
    );
    const { code, stderr } = await run('adopt', 'iis_app_pool');
    expect([code, stderr]).toEqual([4, expect.stringContaining('shared with other machines')]);
  });
});
