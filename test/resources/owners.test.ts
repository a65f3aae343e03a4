import { describe, expect, test } from 'vitest';
import { compile } from '../../src/manifest/compile.ts';
import { registry } from '../../src/resources/registry.ts';
import { memoryFiles } from '../manifest/fixture.ts';

const validate = async (resources: string, platform: NodeJS.Platform) => {
  const text = `converge: 1\nresources:\n${resources}`;
  const { diagnostics } = await compile(['m.yaml'], {
    registry,
    files: memoryFiles({ 'm.yaml': text }),
    cwd: '/here',
    platform,
    hostCwd: platform === 'win32' ? 'C:\\' : '/here',
  });
  const line = (number: number) => text.split('\n')[number - 1]!;
  const at = (place?: { line: number; column: number }) =>
    place &&
    line(place.line)
      .slice(place.column - 1)
      .split(/[ :,}\]]/, 1)[0];
  return diagnostics.map(({ code, at: place, related }) => [code, at(related?.[0]?.at), at(place)]);
};

/** B13: two owners of one real thing, each with where the first and the second stand. */
test.each<[NodeJS.Platform, string, string, string]>([
  [
    'win32',
    '  iis_app_pool: { P: { identity_type: NetworkService, set: { ProcessModel.IdentityType: LocalSystem } } }',
    'NetworkService',
    'LocalSystem',
  ],
  ['win32', '  iis_app_pool: { P: { set: { queueLength: 10, QueueLength: 20 } } }', '10', '20'],
  [
    'win32',
    '  iis_app_pool: { P: { periodic_restart: { requests: 1 }, set: { recycling.periodicRestart.requests: 2 } } }',
    '1',
    '2',
  ],
  [
    'win32',
    '  iis_app_pool: { P: { queue_length: 10 } }\n  iis_config: { applicationPools: { mode: at_least, items: [{ name: p, queueLength: 20 }] } }',
    '10',
    '20',
  ],
  [
    'win32',
    '  iis_app_pool: { P: {} }\n  iis_config: { system.applicationHost/applicationPools: { items: [{ name: Q, autoStart: true }] } }',
    'P',
    '[{',
  ],
  [
    'win32',
    '  iis_app_pool: { P: { ensure: absent } }\n  iis_config: { applicationPools: { mode: at_least, items: [{ name: P, autoStart: true }] } }',
    'P',
    '{',
  ],
  ['win32', '  iis_site: { A: { id: 7 }, B: { set: { id: 7 } } }', '7', '7'],
  [
    'win32',
    '  iis_site: { A: { id: 7 } }\n  iis_config: { sites: { mode: at_least, items: [{ name: B, id: 7 }] } }',
    '7',
    '7',
  ],
  ['win32', '  iis_site: { A: { log_directory: c:\\l, set: { logFile.directory: c:\\m } } }', 'c', 'c'],
  [
    'win32',
    '  iis_site: { A: { physical_path: c:\\a } }\n  iis_app: { a/: { physical_path: c:\\b } }',
    'c',
    'c',
  ],
  [
    'win32',
    '  iis_site: { A: { physical_path: c:\\a } }\n  iis_vdir: { a/: { physical_path: c:\\b } }',
    'c',
    'c',
  ],
  [
    'win32',
    '  iis_app: { A/x: { physical_path: c:\\a } }\n  iis_vdir: { v: { app: A/x, path: /, physical_path: c:\\b } }',
    'c',
    'c',
  ],
  [
    'win32',
    '  iis_config: { system.webServer/urlCompression: { attributes: { doStaticCompression: true, dostaticcompression: false } } }',
    'true',
    'false',
  ],
  [
    'win32',
    '  environment_variable: { FOO: { value: a } }\n  registry_value:\n    HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment\\foo: { value: b }',
    'FOO',
    'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session',
  ],
  [
    'win32',
    '  env_path: { c:\\a: }\n  registry_value: { x: { key: HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment, name: Path, value: b } }',
    'c',
    'x',
  ],
  [
    'win32',
    '  service: { Spooler: { startup: manual } }\n  registry_value: { HKLM\\SYSTEM\\CurrentControlSet\\Services\\spooler\\Start: { value: 4 } }',
    'manual',
    'HKLM\\SYSTEM\\CurrentControlSet\\Services\\spooler\\Start',
  ],
  [
    'win32',
    '  timezone: { UTC: }\n  registry_value: { HKLM\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation\\TimeZoneKeyName: { value: a } }',
    'UTC',
    'HKLM\\SYSTEM\\CurrentControlSet\\Control\\TimeZoneInformation\\TimeZoneKeyName',
  ],
  [
    'win32',
    '  service: { Spooler: { startup: manual } }\n  registry_value: { HKLM\\System\\ControlSet001\\Services\\spooler\\Start: { value: 4 } }',
    'manual',
    'HKLM\\System\\ControlSet001\\Services\\spooler\\Start',
  ],
  [
    'win32',
    '  registry_value: { HKCR\\.x\\a: { value: b }, HKLM\\SOFTWARE\\Classes\\.x\\a: { value: c } }',
    'HKCR\\.x\\a',
    'HKLM\\SOFTWARE\\Classes\\.x\\a',
  ],
  [
    'win32',
    '  registry_value: { HKLM\\SOFTWARE\\Wow6432Node\\Classes\\.x\\a: { value: b }, HKCR\\WOW6432Node\\.x\\a: { value: c } }',
    'HKLM\\SOFTWARE\\Wow6432Node\\Classes\\.x\\a',
    'HKCR\\WOW6432Node\\.x\\a',
  ],
  [
    'win32',
    '  registry_value: { HKU\\.Default\\Console\\a: { value: b }, HKU\\S-1-5-18\\Console\\a: { value: c } }',
    'HKU\\.Default\\Console\\a',
    'HKU\\S-1-5-18\\Console\\a',
  ],
  [
    'win32',
    '  windows_feature: { IIS-WebServer: {}, web: { names: [IIS-ASP, Web-WebServer] } }',
    'IIS-WebServer',
    'Web-WebServer',
  ],
  [
    'win32',
    '  windows_feature: { IIS-ASP: { ensure: absent }, web: { names: [IIS-ASP, IIS-CGI] } }',
    'IIS-ASP',
    'IIS-ASP',
  ],
  [
    'win32',
    '  hosts_entry: { a: { address: 10.0.0.1 } }\n  file: { c:\\Windows\\System32\\drivers\\etc\\hosts: { content: x } }',
    'a',
    'c',
  ],
  [
    'win32',
    '  scheduled_task: { Sync: { command: c } }\n  file: { c:\\windows\\system32\\Tasks\\sync: { content: x } }',
    'Sync',
    'c',
  ],
  [
    'win32',
    '  iis_site: { A: {} }\n  file: { c:\\windows\\system32\\inetsrv\\config\\applicationHost.config: { content: x } }',
    'A',
    'c',
  ],
  [
    'linux',
    '  file: { /a: { content: x } }\n  download: { d: { path: /a, url: https://example.com/a } }',
    '/a',
    'd',
  ],
  [
    'linux',
    '  file: { /a: { ensure: absent } }\n  download: { /a: { url: https://example.com/a } }',
    '/a',
    '/a',
  ],
  ['linux', '  file: { /a: { content: x } }\n  archive: { /a: { source: /b.zip } }', '/a', '/a'],
  [
    'linux',
    '  file: { /a.raw.converge.json: { content: x } }\n  raw_image: { /a.raw: { vm: v, repository: file:///r } }',
    '/a.raw.converge.json',
    '/a.raw',
  ],
  [
    'linux',
    '  archive: { /a: { source: /b.zip } }\n  git_checkout: { /a: { url: https://example.com/a } }',
    '/a',
    '/a',
  ],
  [
    'linux',
    '  archive: { /a: { source: /b.zip } }\n  s3_sync: { /a: { from: s3://b/c, delete: true } }',
    '/a',
    '/a',
  ],
  ['linux', '  s3_sync: { /a: { to: s3://b/c, delete: true }, /b: { to: s3://b/c/ } }', 's3', 's3'],
  [
    'linux',
    '  hosts_entry: { a: { address: 10.0.0.1, aliases: [c, B] }, b: { address: 10.0.0.2 } }',
    'B',
    'b',
  ],
  [
    'linux',
    '  environment_variable: { A: { value: x } }\n  file: { /etc/environment: { content: x } }',
    'A',
    '/etc/environment',
  ],
  ['linux', '  timezone: { UTC: , Berlin: { zone: Europe/Berlin } }', 'UTC', 'Berlin'],
])('on %s two owners are a mistake:\n%s', async (platform, resources, first, second) => {
  expect(await validate(resources, platform)).toEqual([['same-claim', first, second]]);
});

test.each<[NodeJS.Platform, string]>([
  [
    'win32',
    '  iis_app_pool: { P: { queue_length: 10 }, Q: {} }\n  iis_config: { applicationPools: { mode: at_least, items: [{ name: p, autoStart: true }] } }',
  ],
  [
    'win32',
    '  iis_site: { A: { physical_path: c:\\a } }\n  iis_app: { A/x: { physical_path: c:\\b } }\n  iis_vdir: { A/y: { physical_path: c:\\c } }',
  ],
  ['win32', '  env_path: { c:\\a: , c:\\b: { ensure: absent } }'],
  [
    'linux',
    '  file: { /a: { kind: directory } }\n  archive: { /a: { source: /b.zip } }\n  s3_sync: { /a: { from: s3://b/c } }',
  ],
  ['linux', '  file: { /a: { mode: 0600 } }\n  download: { /a: { url: https://example.com/a } }'],
  [
    'linux',
    '  file: { /etc/hosts: { mode: 0644 } }\n  hosts_entry: { a: { address: 10.0.0.1 }, b: { address: 10.0.0.2, ensure: absent } }',
  ],
  ['linux', '  hosts_entry: { a: { address: 10.0.0.1, aliases: [b] }, b: { host: b, address: fd00::1 } }'],
  ['linux', '  s3_sync: { /a: { to: s3://b/c }, /b: { to: s3://b/c } }'],
])('on %s what several may own together is fine:\n%s', async (platform, resources) => {
  expect(await validate(resources, platform)).toEqual([]);
});

test('C12: a time span that IIS does not take is a mistake at its value', async () => {
  const pool = '  iis_app_pool: { P: { idle_timeout: 90s, periodic_restart: { schedule: ["03:30:15"] } } }';
  expect((await validate(pool, 'win32')).map(([code, , at]) => [code, at])).toEqual([
    ['wrong-value', '"03'],
    ['wrong-value', '90s'],
  ]);
  const span = '  iis_app_pool: { P: { idle_timeout: 90s, periodic_restart: { time: 301d } } }';
  expect((await validate(span, 'win32')).map(([code, , at]) => [code, at])).toEqual([
    ['wrong-value', '90s'],
    ['wrong-value', '301d'],
  ]);
});

test.each([
  ['exec: { e: { command: [/a], creates: /b, protect: true } }', 'no-protect'],
  ['exec: { e: { command: [/a], creates: /b, ensure: absent } }', 'never-absent'],
  ['file: { /a: { target: x } }', 'wrong-target'],
  ['file: { /a: { subscribe: file:/b }, /b: }', 'no-refresh'],
  ['file: { /a: { notify: file:/b }, /b: }', 'no-refresh'],
])('B4: a metaparameter that would do nothing is refused: %s', async (resource, code) => {
  expect((await validate(`  ${resource}`, 'linux')).map(([found]) => found)).toEqual([code]);
});

/** A repository owns what is in its folder, or below its prefix. */
describe('what is put where a repository is', () => {
  const vm = (url: string) =>
    `  protected_vm: { dc02: { target: home, repository: "${url}", schedule: every hour } }\n`;
  const home =
    'targets: { home: { type: vsphere, url: https://v, username: u, password: "${secret(\'env:P\')}" } }\n';
  const codes = async (resources: string, platform: NodeJS.Platform = 'linux') => {
    const { diagnostics } = await compile(['m.yaml'], {
      registry,
      files: memoryFiles({ 'm.yaml': `converge: 1\n${home}resources:\n${resources}`, 'a.zip': 'x' }),
      cwd: '/here',
      platform,
      hostCwd: platform === 'win32' ? 'C:\\' : '/here',
    });
    return diagnostics.map(({ code, address }) => `${code} ${address}`);
  };

  test.each([
    [
      'raw_image:/nas/repo/x.raw',
      '  raw_image: { /nas/repo/x.raw: { vm: dc02, repository: "file:///nas/repo" } }',
    ],
    ['file:/nas/repo/head', '  file: { /nas/repo/head: { content: x } }'],
    ['file:/nas/repo/a/b', '  file: { /nas/repo/a/b: { kind: directory } }'],
    ['file:/nas/repo/packs', '  file: { /nas/repo/packs: { kind: directory, ensure: absent } }'],
    ['file:/nas/repo', '  file: { /nas/repo: { kind: directory, ensure: absent } }'],
    ['file:/nas/repo', '  file: { /nas/repo: { content: x } }'],
    ['archive:/nas/repo', '  archive: { /nas/repo: { source: a.zip } }'],
    ['archive:/nas/repo/x', '  archive: { /nas/repo/x: { source: a.zip } }'],
    [
      'git_checkout:/nas/repo/x',
      '  git_checkout: { /nas/repo/x: { url: "https://h/x.git", revision: main } }',
    ],
    ['download:/nas/repo/x', '  download: { /nas/repo/x: { url: "https://h/x" } }'],
    ['s3_sync:/nas/repo', '  s3_sync: { /nas/repo: { from: "s3://b/x" } }'],
  ])('%s', async (address, resource) => {
    for (const both of [vm('file:///nas/repo/') + resource, `${resource}\n${vm('file:///nas/./repo')}`])
      expect(await codes(both)).toContainEqual(expect.stringMatching(/^same-claim /));
    expect(await codes(vm('file:///nas/repo') + resource)).toEqual([`same-claim ${address}`]);
  });

  test.each([
    [
      'a folder around it that is cleared',
      '  s3_sync: { /nas: { from: "s3://b/x", delete: true } }',
      'file:///nas/repo',
    ],
    ['its prefix', '  s3_sync: { up: { path: /x, to: "s3://b/dr/x" } }', 's3://b/dr'],
    [
      'a bucket around it that is cleared',
      '  s3_sync: { up: { path: /x, to: "s3://b", delete: true } }',
      's3://b/dr',
    ],
  ])('%s', async (_, resource, url) => {
    expect(await codes(vm(url) + resource)).toEqual([expect.stringMatching(/^same-claim /)]);
  });

  test('of a selection, whatever it will find', async () => {
    const many = (title: string) =>
      `  protected_vm: { ${title}: { target: home, select: { name: "*" }, repository: "file:///nas/repo", schedule: every hour } }\n`;
    const file = '  file: { /nas/repo/head: { content: x } }';
    expect(await codes(many('all') + file)).toEqual(['same-claim file:/nas/repo/head']);
    const two = `${many('all').trimEnd().slice(0, -2)}, dc02: { target: home, repository: "file:///nas/repo", schedule: every hour } }`;
    expect(await codes(two)).toEqual([]);
  });

  test('one repository in the other', async () => {
    const other = '  raw_image: { /x.raw: { vm: dc02, repository: "file:///nas/repo/inner" } }';
    expect(await codes(vm('file:///nas/repo') + other)).toContain('same-claim raw_image:/x.raw');
  });

  test('on Windows in other letters', async () => {
    const file = '  file: { "C:\\\\Repo\\\\head": { content: x } }';
    expect(await codes(vm('file:///c:/repo') + file, 'win32')).toEqual(['same-claim file:C:\\Repo\\head']);
  });

  test.each([
    '  file: { /nas/repo: { kind: directory } }',
    '  file: { /nas/repository: { content: x } }',
    '  raw_image: { /nas/dc02.raw: { vm: dc02, repository: "file:///nas/repo" } }',
    '  s3_sync: { /nas: { from: "s3://b/x" } }',
  ])('beside it is another place: %s', async resource => {
    expect(await codes(vm('file:///nas/repo') + resource)).toEqual([]);
  });
});

test('a pattern with a place for passwords is never shown masked: the description is', async () => {
  const { diagnostics } = await compile(['m.yaml'], {
    registry,
    files: memoryFiles({
      'm.yaml': 'converge: 1\nresources:\n  git_checkout: { /x: { url: "ftp://foo" } }',
    }),
    cwd: '/here',
    platform: 'linux',
    hostCwd: '/here',
  });
  expect(diagnostics).toMatchObject([
    { message: '`url`: expected text of another form', hint: expect.stringContaining('git@HOST:PATH') },
  ]);
});
