import { describe, expect, test } from 'vitest';
import { type Host, hostFile, iisHost, lines, run } from './fixture.ts';

const SITE = 'Default Web Site';
const WEB_CONFIG = 'C:\\inetpub\\wwwroot\\web.config';

const put = (host: Host, path: string, text: string) => host.files.writeAtomic(path, Buffer.from(text));
const webConfig = (inner: string) =>
  `<configuration>\n    <system.webServer>\n${inner}\n    </system.webServer>\n</configuration>\n`;
const property = async (host: Host, place: string, section: string, name: string) =>
  (await lines(host, 'list', 'config', place, `/section:${section}`, `/text:${name}`))[0];
const entries = async (host: Host, place: string, section: string, word = 'value') =>
  (await lines(host, 'list', 'config', place, `/section:${section}`)).flatMap(
    line => new RegExp(` ${word}="([^"]*)"`).exec(line)?.[1] ?? [],
  );

describe('levels', () => {
  test('server, its location tags, web.config of the site, of the application: the deepest wins', async () => {
    const host = await iisHost();
    await host.files.mkdir('C:\\app', { recursive: true });
    await lines(host, 'add', 'app', `/site.name:${SITE}`, '/path:/app', '/physicalPath:C:\\app');
    const set = (place: string[], flags: string, ...more: string[]) =>
      run(host, ['set', 'config', ...place, '/section:directoryBrowse', `/showFlags:${flags}`, ...more]);
    const flags = (place: string) => property(host, place, 'directoryBrowse', 'showFlags');
    await set([], 'Date');
    expect(await flags(`${SITE}/app`)).toBe('Date');
    await set([SITE], 'Time', '/commit:apphost');
    expect([await flags(''), await flags(SITE), await flags(`${SITE}/app`)]).toEqual([
      'Date',
      'Time',
      'Time',
    ]);
    await set([SITE], 'Size');
    expect(await flags(`${SITE}/app`)).toBe('Size');
    await set([`${SITE}/app`], 'Extension', '/commit:site');
    await set([`${SITE}/app/page.htm`], 'LongDate');
    expect([await flags(SITE), await flags(`${SITE}/app`), await flags(`${SITE}/app/page.htm`)]).toEqual([
      'Size',
      'Extension',
      'LongDate',
    ]);
    expect((await host.files.read('C:\\app\\web.config'))!.toString()).toContain(
      '<location path="page.htm">',
    );
    await lines(host, 'clear', 'config', `${SITE}/app`, '/section:directoryBrowse', '/commit:site');
    expect(await flags(`${SITE}/app`)).toBe('Size');
    expect((await host.files.read(WEB_CONFIG))!.toString()).not.toContain('location');
  });

  test('a site without its directory has no web.config to write', async () => {
    const host = await iisHost();
    await lines(host, 'add', 'site', '/name:s', '/physicalPath:C:\\nowhere');
    const edit = ['set', 'config', 's', '/section:directoryBrowse', '/enabled:true'];
    expect(await run(host, edit)).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(/^ERROR \( hresult:80070003, /) as string,
    });
    expect((await run(host, [...edit, '/commit:apphost'])).exitCode).toBe(0);
  });

  test('a section of the whole server belongs to no site', async () => {
    const edit = ['set', 'config', SITE, '/section:httpCompression', '/maxDiskSpaceUsage:50'];
    const host = await iisHost();
    expect((await run(host, edit)).exitCode).toBe(33);
    expect((await run(host, [...edit, '/commit:apphost'])).exitCode).toBe(33);
  });

  test('a web.config that is not XML, or sets what is locked, breaks what reads it and nothing else', async () => {
    const host = await iisHost();
    await put(host, WEB_CONFIG, '<configuration><oops></configuration>');
    expect(await run(host, ['list', 'config', SITE, '/section:asp'])).toMatchObject({
      exitCode: 13,
      stdout: expect.stringContaining('Filename: \\\\?\\C:\\inetpub\\wwwroot\\web.config') as string,
    });
    expect((await run(host, ['list', 'site'])).exitCode).toBe(0);
    await put(host, WEB_CONFIG, webConfig('<asp enableParentPaths="true" />'));
    expect((await run(host, ['list', 'config', SITE, '/section:asp'])).exitCode).toBe(33);
    expect((await run(host, ['list', 'config', SITE, '/section:urlCompression'])).exitCode).toBe(0);
    await lines(host, 'unlock', 'config', SITE, '/section:asp');
    expect(await property(host, SITE, 'asp', 'enableParentPaths')).toBe('true');
  });
});

describe('locks', () => {
  const mode = async (host: Host, place: string) =>
    /overrideMode="(\w+)" locked="(\w+)"/
      .exec((await lines(host, 'list', 'config', place, '/section:ipSecurity', '/xml')).join())
      ?.slice(1);

  test('are said at their place', async () => {
    const host = await iisHost();
    expect(await mode(host, '')).toEqual(['Inherit', 'false']);
    expect(await mode(host, SITE)).toEqual(['Inherit', 'true']);
    await lines(host, 'unlock', 'config', SITE, '/section:ipSecurity');
    expect(await mode(host, SITE)).toEqual(['Allow', 'false']);
    expect(await mode(host, '')).toEqual(['Inherit', 'false']);
    await lines(host, 'lock', 'config', SITE, '/section:ipSecurity');
    expect(await mode(host, SITE)).toEqual(['Deny', 'true']);
  });

  test('unlocking loses nothing of what the section holds', async () => {
    const host = await iisHost();
    const row = "/+[ipAddress='1.2.3.4',allowed='true']";
    await lines(host, 'set', 'config', '/section:ipSecurity', row, '/allowUnlisted:false');
    await lines(host, 'unlock', 'config', '/section:ipSecurity');
    expect(await entries(host, SITE, 'ipSecurity', 'ipAddress')).toEqual(['1.2.3.4']);
    expect(await property(host, SITE, 'ipSecurity', 'allowUnlisted')).toBe('false');
    expect((await hostFile(host)).match(/<ipSecurity/g)).toHaveLength(1);
    expect(await hostFile(host)).toContain(`
            <security>
                <ipSecurity allowUnlisted="false">
                    <add ipAddress="1.2.3.4" allowed="true" />
                </ipSecurity>
            </security>
        </system.webServer>
    </location>`);
    expect((await run(host, ['set', 'config', '/section:ipSecurity', row])).exitCode).toBe(183);
  });

  test('hold for attributes and entries too', async () => {
    const host = await iisHost();
    const footer = ['set', 'config', SITE, '/section:staticContent', '/isDocFooterFileName:true'];
    expect((await run(host, footer)).exitCode).toBe(33);
    expect((await run(host, ['set', 'config', ...footer.slice(3)])).exitCode).toBe(0);
    const module = ['set', 'config', SITE, '/section:modules', "/-[name='StaticFileModule']"];
    expect((await run(host, module)).exitCode).toBe(33);
  });
});

describe('collections', () => {
  test('rows with a key of several parts; what is left out has its default', async () => {
    const host = await iisHost();
    const set = (...edits: string[]) =>
      run(host, ['set', 'config', SITE, '/section:ipSecurity', ...edits, '/commit:apphost']);
    await set("/+[ipAddress='1.2.3.4',allowed='true']", "/+[ipAddress='1.2.3.0',subnetMask='255.255.255.0']");
    expect((await set("/+[ipAddress='1.2.3.4',subnetMask='255.255.255.255']")).exitCode).toBe(183);
    await set("/[ipAddress='1.2.3.0',subnetMask='255.255.255.0'].allowed:True");
    const shown = await lines(host, 'list', 'config', SITE, '/section:ipSecurity', '/config:*', '/xml');
    expect(shown.filter(line => line.includes('<add'))).toEqual([
      '            <add ipAddress="1.2.3.4" subnetMask="255.255.255.255" domainName="" allowed="true" />',
      '            <add ipAddress="1.2.3.0" subnetMask="255.255.255.0" domainName="" allowed="true" />',
    ]);
    expect(shown[2]).toBe(
      `    <CONFIG CONFIG.SECTION="system.webServer/security/ipSecurity" path="MACHINE/WEBROOT/APPHOST/${SITE}" overrideMode="Inherit" locked="true">`,
    );
    expect(shown[3]).toBe(
      '        <system.webServer-security-ipSecurity enableReverseDns="false" allowUnlisted="true" enableProxyMode="false" denyAction="Forbidden">',
    );
    await set("/-[ipAddress='1.2.3.4']");
    expect(await entries(host, SITE, 'ipSecurity', 'ipAddress')).toEqual(['1.2.3.0']);
  });

  test('an inherited entry is removed, or changed, by the level below', async () => {
    const host = await iisHost();
    const set = (...edits: string[]) =>
      run(host, ['set', 'config', SITE, '/section:staticContent', ...edits]);
    expect((await set("/-[fileExtension='.CSS']", "/[fileExtension='.js'].mimeType:text/x")).exitCode).toBe(
      0,
    );
    const file = (await host.files.read(WEB_CONFIG))!.toString();
    expect(file).toContain('<remove fileExtension=".css" />');
    expect(file).toMatch(
      /<remove fileExtension=".js" \/>\s+<mimeMap fileExtension=".js" mimeType="text\/x" \/>/,
    );
    expect(await entries(host, SITE, 'staticContent', 'fileExtension')).not.toContain('.css');
    expect(await entries(host, '', 'staticContent', 'fileExtension')).toContain('.css');
    expect((await set("/-[fileExtension='.css']")).exitCode).toBe(4312);
    expect((await set("/+[fileExtension='.css',mimeType='text/y']")).exitCode).toBe(0);
  });

  test('positions; an order that must be before what is inherited is written whole', async () => {
    const host = await iisHost();
    const files = '/section:defaultDocument';
    const shown = () => entries(host, '', 'defaultDocument');
    await lines(host, 'set', 'config', files, "/+files.[@start,value='first']", "/+files.[@2,value='third']");
    await lines(host, 'set', 'config', files, "/+files.[@end,value='last']");
    const all = [
      'first',
      'Default.htm',
      'third',
      'Default.asp',
      'index.htm',
      'index.html',
      'iisstart.htm',
      'last',
    ];
    expect(await shown()).toEqual(all);
    await lines(host, 'set', 'config', SITE, files, "/+files.[value='own']");
    expect(await entries(host, SITE, 'defaultDocument')).toEqual(['own', ...all]);
    await lines(host, 'set', 'config', SITE, files, "/+files.[@3,value='between']");
    expect(await entries(host, SITE, 'defaultDocument')).toEqual([
      'own',
      'first',
      'Default.htm',
      'between',
      ...all.slice(2),
    ]);
    expect((await host.files.read(WEB_CONFIG))!.toString()).toContain('<clear />');
  });

  test('an entry that appears twice in files is an error of configuration', async () => {
    const host = await iisHost();
    await put(
      host,
      WEB_CONFIG,
      webConfig('<staticContent><mimeMap fileExtension=".css" mimeType="a/b" /></staticContent>'),
    );
    expect(await run(host, ['list', 'config', SITE, '/section:staticContent'])).toMatchObject({
      exitCode: 183,
      stdout: expect.stringContaining(
        "Cannot add duplicate collection entry of type 'mimeMap' with unique key attribute 'fileExtension' set to '.css'",
      ) as string,
    });
  });

  test('search finds where something is set', async () => {
    const host = await iisHost();
    await lines(host, 'set', 'config', SITE, '/section:directoryBrowse', '/enabled:true');
    const search = (...args: string[]) => lines(host, 'search', 'config', ...args);
    const [server, site] = ['', `/${SITE}`].map(place => `CONFIGSEARCH "MACHINE/WEBROOT/APPHOST${place}"`);
    expect(await search('/section:directoryBrowse')).toEqual([server, site]);
    expect(await search(SITE, '/section:directoryBrowse', '/enabled')).toEqual([site]);
    expect(await search('/section:directoryBrowse', '/enabled:false')).toEqual([server]);
    expect((await run(host, ['search', 'config', SITE, '/section:asp'])).exitCode).toBe(1);
  });
});
