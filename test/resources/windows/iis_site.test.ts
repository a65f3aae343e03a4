import { describe, expect, test } from 'vitest';
import { iisSite } from '../../../src/resources/windows/iis/iis_site.ts';
import { parseBinding } from '../../../src/windows/iis/bindings.ts';
import { converge } from '../../support/converge.ts';
import { declare } from '../../support/engine-world.ts';
import { windowsWorld } from '../../support/windows-world.ts';

async function start() {
  const made = await windowsWorld(['IIS-WebServerRole']);
  return {
    ...made,
    converge: (properties: Parameters<typeof declare>[1]) =>
      converge([iisSite], made.world, [declare('iis_site:Shop', properties)]),
    appcmds: async () =>
      (await made.lab.processes())
        .filter(({ program, changed }) => changed && program.endsWith('appcmd.exe'))
        .map(({ args }) => args.join(' ')),
  };
}

describe('bindings', () => {
  test.each([
    ['http/*:80:Shop.COM', 'http', '*:80:shop.com'],
    ['http://shop.com', 'http', '*:80:shop.com'],
    ['https://shop.com/', 'https', '*:443:shop.com'],
    ['http://10.0.0.4:8080', 'http', '10.0.0.4:8080:'],
    ['http://[2001:db8::1]:80', 'http', '[2001:db8::1]:80:'],
    ['http/[::1]:80:', 'http', '[::1]:80:'],
    ['http/:80:', 'http', '*:80:'],
    ['net.tcp/808:*', 'net.tcp', '808:*'],
    ['net.pipe/*', 'net.pipe', '*'],
    ['ftp/*:21:', 'ftp', '*:21:'],
  ])('%s is %s %s', (text, protocol, information) => {
    expect(parseBinding(text)).toEqual({ protocol, information });
  });

  test.each([
    'http',
    'http/80',
    'http/*:0:a',
    'http/*:70000:a',
    'https://a:b',
    'http/*:80:a/b',
    '',
    "http/*:80:a',protocol='ftp",
    "net.tcp/808:*',bindingInformation='1",
    'net.pipe/*,http/*:80:evil',
    'http/*:80:a#1',
    'http://a"b',
  ])('`%s` is none', text => {
    expect(parseBinding(text)).toBeUndefined();
  });

  test('new ones are added before old ones go: the site is never without an address', async () => {
    const { converge, lab, appcmds, appcmd } = await start();
    await converge({ bindings: ['http/*:80:old.com'], physical_path: 'C:\\inetpub\\wwwroot' });
    await lab.forgetProcesses();
    const { fields } = await converge({ bindings: ['http/*:80:new.com', 'net.tcp/808:*'] });
    expect(fields).toMatchObject([
      { path: '/bindings/http~1*:80:new.com', after: 'http/*:80:new.com' },
      { path: '/bindings/http~1*:80:old.com', before: 'http/*:80:old.com' },
      { path: '/bindings/net.tcp~1808:*', after: 'net.tcp/808:*' },
    ]);
    const [backup, add, remove] = await appcmds();
    expect(backup).toMatch(/^add backup converge-/);
    expect(add).toContain("/+bindings.[protocol='http',bindingInformation='*:80:new.com']");
    expect(add).toContain("/+bindings.[protocol='net.tcp',bindingInformation='808:*']");
    expect(remove).toBe(
      "set site /site.name:Shop /-bindings.[protocol='http',bindingInformation='*:80:old.com']",
    );
    expect(await appcmd('list', 'site', 'Shop')).toContain('bindings:http/*:80:new.com,net.tcp/808:*');
  });

  test('their order and their case are no difference', async () => {
    const { converge } = await start();
    await converge({
      bindings: ['http/*:80:a.com', 'http/*:81:b.com'],
      physical_path: 'C:\\inetpub\\wwwroot',
    });
    const { actions } = await converge({ bindings: ['http://B.com:81', 'http://a.com'] });
    expect(actions).toEqual(['none']);
  });

  test('flags are managed only where they are declared', async () => {
    const { converge, appcmd } = await start();
    const sni = { protocol: 'https', information: '*:443:shop.com', ssl_flags: 1 };
    await converge({ bindings: [sni], physical_path: 'C:\\inetpub\\wwwroot' });
    expect(await appcmd('list', 'site', 'Shop', '/config:*', '/xml')).toContain('sslFlags="1"');
    expect((await converge({ bindings: ['https://shop.com'] })).actions).toEqual(['none']);
    expect((await converge({ bindings: [{ ...sni, ssl_flags: 0 }] })).actions).toEqual(['update']);
  });
});

test('one backup precedes the first change of a run, and none is made without a change', async () => {
  const { converge, appcmds, lab } = await start();
  await converge({
    bindings: ['http/*:80:a.com'],
    physical_path: 'C:\\inetpub\\wwwroot',
    id: 7,
    auto_start: false,
  });
  expect((await appcmds()).filter(words => words.startsWith('add backup'))).toHaveLength(1);
  expect((await appcmds())[0]).toMatch(/^add backup/);
  await lab.forgetProcesses();
  await converge({ bindings: ['http/*:80:a.com'], id: 7 });
  expect(await appcmds()).toEqual([]);
});

test('a write that meets another writer is tried again', async () => {
  const { converge, lab, results } = { ...(await start()), results: [] as string[] };
  await lab.fault({ kind: 'commit-conflict', times: 2 });
  results.push(
    ...(await converge({ bindings: ['http/*:80:a.com'], physical_path: 'C:\\inetpub\\wwwroot' })).results,
  );
  expect(results).toEqual(['changed']);
});

test('a configuration that machines share is left alone unless that is asked for', async () => {
  const { converge, write, world } = await start();
  await write(
    'C:\\Windows\\System32\\inetsrv\\config\\redirection.config',
    '<configuration><configurationRedirection enabled="true" path="\\\\farm\\iis" /></configuration>',
  );
  const site = { bindings: ['http/*:80:a.com'], physical_path: 'C:\\inetpub\\wwwroot' };
  expect((await converge(site)).said).toMatchObject([{ code: 'iis-shared-configuration' }]);
  world.host = { ...world.host, env: { ...world.host.env, CONVERGE_SHARED_IIS: 'allow' } };
  expect((await converge(site)).results).toEqual(['changed']);
});
