import { describe, expect, test } from 'vitest';
import { type Host, iisHost, lines, run } from './fixture.ts';

/** Commands and outputs of the documentation, "Getting Started with AppCmd.exe", as they are there. */
describe('the documentation’s own examples', () => {
  async function mySite(host: Host): Promise<void> {
    await lines(
      host,
      'add',
      'site',
      '/name:MySite',
      '/id:2',
      '/bindings:http/*:81:',
      '/physicalPath:C:\\inetpub\\mysite',
    );
    await lines(
      host,
      'add',
      'app',
      '/site.name:MySite',
      '/path:/app1',
      '/physicalPath:C:\\inetpub\\mysite\\app1',
    );
  }

  test('a site with a path is a site, an application and a directory', async () => {
    const host = await iisHost();
    const added = await lines(
      host,
      ...[
        'add',
        'site',
        '/name:MySite',
        '/id:2',
        '/bindings:http/*:81:',
        '/physicalPath:C:\\inetpub\\mysite',
      ],
    );
    expect(added).toEqual([
      'SITE object "MySite" added',
      'APP object "MySite/" added',
      'VDIR object "MySite/" added',
    ]);
  });

  test('an application and a further directory', async () => {
    const host = await iisHost();
    await mySite(host);
    expect(
      await lines(
        host,
        'add',
        'app',
        '/site.name:MySite',
        '/path:/app2',
        '/physicalPath:C:\\inetpub\\mysite\\app2',
      ),
    ).toEqual(['APP object "MySite/app2" added', 'VDIR object "MySite/app2/" added']);
    expect(
      await lines(
        host,
        ...[
          'add',
          'vdir',
          '/app.name:MySite/app1',
          '/path:/vdir1',
          '/physicalPath:C:\\inetpub\\mysite\\app1\\vdir1',
        ],
      ),
    ).toEqual(['VDIR object "MySite/app1/vdir1" added']);
  });

  test('a pool', async () => {
    const host = await iisHost();
    expect(await lines(host, 'add', 'apppool', '/name:MyAppPool')).toEqual([
      'APPPOOL object "MyAppPool" added',
    ]);
    expect(await lines(host, 'set', 'apppool', 'MyAppPool', '/managedRuntimeVersion:v1.1')).toEqual([
      'APPPOOL object "MyAppPool" changed',
    ]);
    expect(await lines(host, 'list', 'apppools', '/state:started')).toEqual([
      'APPPOOL "DefaultAppPool" (MgdVersion:v4.0,MgdMode:Integrated,state:Started)',
      'APPPOOL "MyAppPool" (MgdVersion:v1.1,MgdMode:Integrated,state:Started)',
    ]);
  });

  test('an application moves to another pool', async () => {
    const host = await iisHost();
    await mySite(host);
    await lines(host, 'add', 'apppool', '/name:MyAppPool');
    expect(await lines(host, 'set', 'app', 'MySite/', '/applicationPool:MyAppPool')).toEqual([
      'APP object "MySite/" changed',
    ]);
    expect(await lines(host, 'list', 'apps')).toEqual([
      'APP "Default Web Site/" (applicationPool:DefaultAppPool)',
      'APP "MySite/" (applicationPool:MyAppPool)',
      'APP "MySite/app1" (applicationPool:DefaultAppPool)',
    ]);
  });

  test('lists by property', async () => {
    const host = await iisHost();
    await mySite(host);
    await lines(host, 'stop', 'site', 'MySite');
    expect(await lines(host, 'list', 'sites')).toEqual([
      'SITE "Default Web Site" (id:1,bindings:http/*:80:,state:Started)',
      'SITE "MySite" (id:2,bindings:http/*:81:,state:Stopped)',
    ]);
    expect(await lines(host, 'list', 'sites', '/state:Stopped')).toEqual([
      'SITE "MySite" (id:2,bindings:http/*:81:,state:Stopped)',
    ]);
    expect(await lines(host, 'list', 'sites', '/serverAutoStart:false', '/state:Stopped')).toEqual([]);
    expect(await lines(host, 'list', 'apps', '/site.name:Default Web Site')).toEqual([
      'APP "Default Web Site/" (applicationPool:DefaultAppPool)',
    ]);
    expect(await lines(host, 'list', 'vdirs', '/app.name:MySite/app1', '/text:physicalPath')).toEqual([
      'C:\\inetpub\\mysite\\app1',
    ]);
  });

  test('the tree of /text:*', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'apppool', '/name:MyAppPool', '/managedRuntimeVersion:v2.0');
    const tree = await lines(host, 'list', 'apppool', 'MyAppPool', '/text:*');
    expect(tree.slice(0, 2)).toEqual(['APPPOOL', '  APPPOOL.NAME: MyAppPool']);
    const shown = [
      '  state: Started',
      '  [add]',
      '    name:"MyAppPool"',
      '    queueLength:"1000"',
      '    autoStart:"true"',
      '    enable32BitAppOnWin64:"false"',
      '    managedRuntimeVersion:"v2.0"',
      '    managedPipelineMode:"Integrated"',
      '    passAnonymousToken:"true"',
      '    [processModel]',
      '      userName:""',
      '      password:""',
      '      pingingEnabled:"true"',
    ];
    expect(tree.filter(line => shown.includes(line))).toEqual(shown);
  });

  test('a site’s configuration', async () => {
    const shown = await lines(await iisHost(), 'list', 'site', 'Default Web Site', '/config');
    expect(shown.slice(0, 3)).toEqual([
      '<site name="Default Web Site" id="1">',
      '    <bindings>',
      '        <binding protocol="http" bindingInformation="*:80:" />',
    ]);
  });

  test('a section’s configuration is in its groups, with all its elements', async () => {
    const shown = await lines(await iisHost(), 'list', 'config', 'Default Web Site/', '/section:asp');
    expect(shown.map(line => line.trim().replace(/ diskTemplate[^/]*/, ' '))).toEqual([
      '<system.webServer>',
      ...['<asp>', '<session />', '<comPlus />', '<cache />', '<limits />', '</asp>'],
      '</system.webServer>',
    ]);
  });

  test('asp is locked by default: at a URL it is a lock violation until it is unlocked, or with /commit:apphost', async () => {
    const host = await iisHost();
    const edit = ['set', 'config', 'http://localhost/app1', '/section:asp', '/appAllowClientDebug:true'];
    const { exitCode, stdout } = await run(host, edit);
    expect(exitCode).toBe(33);
    expect(stdout).toMatch(/^ERROR \( message:.*section is locked at a parent level/s);
    expect((await run(host, [...edit, '/commit:apphost'])).exitCode).toBe(0);
    expect(await lines(host, 'unlock', 'config', '/section:asp')).toEqual([
      'Unlocked section "system.webServer/asp" at configuration path "MACHINE/WEBROOT/APPHOST".',
    ]);
    expect((await run(host, edit)).exitCode).toBe(0);
    await lines(host, 'lock', 'config', '/section:asp');
    expect((await run(host, edit)).exitCode).toBe(33);
  });

  test('modules: add, change and remove by key', async () => {
    const host = await iisHost();
    const section = '/section:system.webServer/modules';
    const applied =
      'Applied configuration changes to section "system.webServer/modules" for "MACHINE/WEBROOT/APPHOST" at configuration commit path "MACHINE/WEBROOT/APPHOST"';
    expect(await lines(host, 'set', 'config', section, "/+[name='MyModule',type='MyType']")).toEqual([
      applied,
    ]);
    expect(await lines(host, 'set', 'config', section, "/[name='MyModule'].type:Other")).toEqual([applied]);
    expect(await lines(host, 'list', 'config', section)).toContain(
      '        <add name="MyModule" type="Other" />',
    );
    expect(await lines(host, 'set', 'config', section, "/-[name='MyModule']")).toEqual([applied]);
    expect((await run(host, ['set', 'config', section, "/-[name='MyModule']"])).exitCode).toBe(4312);
  });

  test('a setting of a URL in the web.config of its site', async () => {
    const host = await iisHost();
    await lines(
      host,
      ...[
        'set',
        'config',
        'http://localhost/app1/',
        '/section:directoryBrowse',
        '/enabled:false',
        '/commit:site',
      ],
    );
    expect(
      (await host.files.read('C:\\inetpub\\wwwroot\\web.config'))!.toString(),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<configuration>
    <location path="app1">
        <system.webServer>
            <directoryBrowse enabled="false" />
        </system.webServer>
    </location>
</configuration>
`);
  });

  test('backups', async () => {
    const host = await iisHost();
    expect(await lines(host, 'add', 'backup')).toEqual(['BACKUP object "20260102T030405" added']);
    expect(await lines(host, 'add', 'backup', 'MyBackup')).toEqual(['BACKUP object "MyBackup" added']);
    await lines(host, 'delete', 'site', 'Default Web Site');
    expect(await lines(host, 'restore', 'backup', 'MyBackup')).toEqual([
      'Restored configuration from backup "MyBackup"',
    ]);
    expect(await lines(host, 'list', 'sites')).toHaveLength(1);
    expect(await lines(host, 'list', 'backups')).toHaveLength(2);
  });
});
