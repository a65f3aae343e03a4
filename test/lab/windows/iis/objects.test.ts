import { describe, expect, test } from 'vitest';
import { hostFile, iisHost, lines, run } from './fixture.ts';

const SITE = 'Default Web Site';

describe('adding', () => {
  test('names are one whatever their case, and a twin changes nothing', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'apppool', '/name:Shop');
    const before = await hostFile(host);
    for (const [args, what] of [
      [['apppool', '/name:sHOP'], 'sHOP'],
      [['site', '/name:default web site', '/physicalPath:C:\\x'], 'default web site'],
      [['site', '/name:Other', '/id:1'], 'Other'],
      [['app', `/site.name:${SITE}`, '/path:/'], '/'],
      [['vdir', `/app.name:${SITE}/`, '/path:/', '/physicalPath:C:\\x'], '/'],
    ] as const) {
      expect(await run(host, ['add', ...args])).toMatchObject({
        exitCode: 183,
        stdout: `ERROR ( message:Failed to add duplicate collection element "${what}". )\r\n`,
      });
    }
    expect(await hostFile(host)).toBe(before);
  });

  test('a site gets the next id', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'site', '/name:a', '/id:7');
    await lines(host, 'add', 'site', '/name:b');
    expect(await lines(host, 'list', 'site', 'b', '/text:id')).toEqual(['8']);
    expect(await lines(host, 'list', 'apps', '/site.name:b')).toEqual([]);
  });

  test('bindings in both forms, several, IPv6 and other protocols', async () => {
    const host = await iisHost();
    const bindings =
      'http://shop.example:8080,https/*:443:shop.example,http://*:81,http/[::1]:80:,net.tcp/808:*';
    await lines(host, 'add', 'site', '/name:s', `/bindings:${bindings}`);
    expect(await lines(host, 'list', 'site', 's', '/text:bindings')).toEqual([
      'http/*:8080:shop.example,https/*:443:shop.example,http/*:81:,http/[::1]:80:,net.tcp/808:*',
    ]);
    expect((await run(host, ['add', 'site', '/name:t', '/bindings:nonsense'])).exitCode).toBe(87);
    expect((await run(host, ['list', 'site', 't'])).exitCode).toBe(1);
  });

  test('a pool that nobody has is accepted, a parent that nobody has is not', async () => {
    const host = await iisHost();
    const app = ['add', 'app', `/site.name:${SITE}`, '/path:/a', '/applicationPool:Nowhere'];
    expect((await run(host, app)).exitCode).toBe(0);
    expect((await run(host, ['add', 'app', '/site.name:SomeSite', '/path:/a'])).stdout).toBe(
      'ERROR ( message:Cannot find SITE object with identifier "SomeSite". )\r\n',
    );
    expect((await run(host, ['add', 'vdir', `/app.name:${SITE}/b`, '/path:/v'])).exitCode).toBe(1168);
  });

  test('nested settings and entries in the same call', async () => {
    const host = await iisHost();
    const { exitCode } = await run(host, [
      ...['add', 'apppool', '/name:p', '-managedRuntimeVersion:', '/processModel.idleTimeout:0.00:00:00'],
      ...[
        "/+recycling.periodicRestart.schedule.[value='03:00:00']",
        '/recycling.logEventOnRecycle:Memory,time',
      ],
    ]);
    expect(exitCode).toBe(0);
    const property = async (name: string) => (await lines(host, 'list', 'apppool', 'p', `/text:${name}`))[0];
    expect(await property('managedRuntimeVersion')).toBe('');
    expect(await property('processModel.idleTimeout')).toBe('00:00:00');
    expect(await property('recycling.logEventOnRecycle')).toBe('Time, Memory');
    expect(await lines(host, 'list', 'apppool', 'p', '/config')).toContain(
      '                <add value="03:00:00" />',
    );
  });
});

describe('setting', () => {
  test('bindings by row', async () => {
    const host = await iisHost();
    const set = (...edits: string[]) => run(host, ['set', 'site', SITE, ...edits]);
    const bindings = async () => (await lines(host, 'list', 'site', SITE, '/text:bindings'))[0];
    await set("/+bindings.[protocol='https',bindingInformation='*:443:',sslFlags='1']");
    expect(await bindings()).toBe('http/*:80:,https/*:443:');
    expect((await set("/+bindings.[protocol='HTTPS',bindingInformation='*:443:']")).exitCode).toBe(183);
    await set("/bindings.[protocol='https',bindingInformation='*:443:'].sslFlags:0");
    expect(await lines(host, 'list', 'site', SITE, '/config')).toContain(
      '        <binding protocol="https" bindingInformation="*:443:" sslFlags="0" />',
    );
    expect((await set("/-bindings.[protocol='http',bindingInformation='*:8080:']")).exitCode).toBe(4312);
    await set(
      "/+bindings.[@start,protocol='http',bindingInformation='*:81:']",
      "/-bindings.[protocol='http',bindingInformation='*:80:']",
    );
    expect(await bindings()).toBe('http/*:81:,https/*:443:');
    await set('/bindings:http/*:80:');
    expect(await bindings()).toBe('http/*:80:');
  });

  test('all operations or none', async () => {
    const host = await iisHost();
    const before = await hostFile(host);
    const { exitCode } = await run(host, [
      ...['set', 'apppool', 'DefaultAppPool', '/queueLength:2000', '/startMode:Sometimes'],
    ]);
    expect(exitCode).toBe(87);
    expect(await hostFile(host)).toBe(before);
  });

  test.each([
    ['/startMode:Sometimes', 'Enum must be one of OnDemand, AlwaysRunning'],
    ['/recycling.logEventOnRecycle:Memory,Nothing', 'Flags must be some combination of Time, Requests'],
    ['/queueLength:9', 'Integer value must be between 10 and 65535'],
    ['/queueLength:many', 'not valid for the attribute "queueLength"'],
    ['/processModel.idleTimeout:90', 'not valid for the attribute "idleTimeout"'],
    ['/processModel.idleTimeout:00:00:59', 'granularity of 60 seconds'],
    ['/autoStart:maybe', 'not valid for the attribute "autoStart"'],
    ['/name:a*b', 'not valid for the attribute "name"'],
    ['/colour:red', 'Unknown attribute "colour".  Replace with -? for help.'],
    ['/processModel.colour:red', 'Unknown attribute "processModel.colour".'],
    ['/-environmentVariables', 'Unknown attribute "environmentVariables".'],
    ["/+environmentVariables.[name='A']", 'missing required attributes value'],
  ])('%s is refused with 87', async (edit, message) => {
    const { exitCode, stdout } = await run(await iisHost(), ['set', 'apppool', 'DefaultAppPool', edit]);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 87,
      stdout: expect.stringContaining(message) as string,
    });
  });

  test('names, and what hangs on them', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'site', '/name:a', '/physicalPath:C:\\a');
    await lines(host, 'stop', 'site', 'a');
    expect((await run(host, ['set', 'site', 'a', '/name:default web site'])).exitCode).toBe(183);
    expect((await run(host, ['set', 'site', 'a', '/id:1'])).exitCode).toBe(183);
    expect((await run(host, ['set', 'site', 'a', '/name:b', '/id:9'])).exitCode).toBe(0);
    expect(await lines(host, 'list', 'site', 'b')).toEqual(['SITE "b" (id:9,bindings:,state:Stopped)']);
    expect(await lines(host, 'list', 'vdir', 'b/')).toEqual(['VDIR "b/" (physicalPath:C:\\a)']);
  });

  test('a password is encrypted in the file, anew each time, and given back in clear', async () => {
    const host = await iisHost();
    const set = () => run(host, ['set', 'apppool', 'DefaultAppPool', '/processModel.password:p&ss"word']);
    await set();
    const first = await hostFile(host);
    await set();
    expect(first).toMatch(/password="\[enc:IISWASOnlyAesProvider:[\w+/=]+:enc\]"/);
    expect(first).not.toContain('ss&quot;word');
    expect(await hostFile(host)).not.toBe(first);
    expect(await lines(host, 'list', 'apppool', '/text:processModel.password')).toEqual(['p&ss"word']);
    expect((await lines(host, 'list', 'apppool', '/config:*')).join()).toContain(
      'password="p&amp;ss&quot;word"',
    );
  });
});

describe('what isn’t there', () => {
  test.each([
    ['set', 'site', 'SITE'],
    ['delete', 'app', 'APP'],
    ['delete', 'vdir', 'VDIR'],
    ['start', 'site', 'SITE'],
    ['recycle', 'apppool', 'APPPOOL'],
  ])('%s %s of an unknown one is 1168', async (verb, object, kind) => {
    const { exitCode, stdout } = await run(await iisHost(), [verb, object, 'Nope']);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1168,
      stdout: `ERROR ( message:Cannot find ${kind} object with identifier "Nope". )\r\n`,
    });
  });

  test('a list of nothing ends with 1', async () => {
    const host = await iisHost();
    expect(await run(host, ['list', 'apppool', 'Nope'])).toEqual({ exitCode: 1, stdout: '', stderr: '' });
    expect(await run(host, ['list', 'wps'])).toEqual({ exitCode: 1, stdout: '', stderr: '' });
    expect(await run(host, ['list', 'site', 'Nope', '/xml'])).toMatchObject({
      exitCode: 1,
      stdout: '<?xml version="1.0" encoding="UTF-8"?>\r\n<appcmd>\r\n</appcmd>\r\n',
    });
  });

  test('an application is named with its slash', async () => {
    const host = await iisHost();
    expect((await run(host, ['set', 'app', SITE, '/enabledProtocols:http'])).exitCode).toBe(1168);
    expect((await run(host, ['set', 'app', `${SITE}/`, '/enabledProtocols:http'])).exitCode).toBe(0);
  });

  test('unknown objects and verbs, stray words, no identifier', async () => {
    const host = await iisHost();
    expect((await run(host, ['list', 'elephants'])).exitCode).toBe(87);
    expect((await run(host, ['recycle', 'site', SITE])).exitCode).toBe(50);
    expect((await run(host, ['set', 'site', '/id:3'])).exitCode).toBe(87);
    expect(await run(host, ['set', 'site', 'Default', 'Web', '/id:3'])).toMatchObject({
      exitCode: 87,
      stdout: "Failed to process input: The parameter 'Web' must begin with a / or - (HRESULT=80070057).\r\n",
    });
  });
});
