import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { upload } from '../support/lab-bucket.ts';
import { zip } from '../support/zip.ts';

let dir: string;
beforeEach(async () => {
  dir = await scratch();
});
const lab = () => ['--lab', join(dir, 'lab')];
const run = (...args: string[]) => cli(dir, [...args, ...lab()]);

async function apply(resources: string) {
  await writeFile(
    join(dir, 'site.yaml'),
    `converge: 1\nrequires: { os: windows }\nresources:\n${resources.replace(/^/gm, '  ')}\n`,
  );
  return run('apply', 'site.yaml');
}

const config = () =>
  readFile(join(dir, 'lab/windows/C/Windows/System32/inetsrv/config/applicationHost.config'), 'utf8');
const iis = 'windows_feature: { IIS-WebServer: , IIS-IPSecurity: , IIS-HttpCompressionDynamic: }';
const security = 'system.webServer/security/ipSecurity';

it('a site whose pool is neither there nor declared is not made', async () => {
  await apply(iis);
  const before = await config();
  const { code, stderr } = await apply(
    `${iis}\niis_site:\n  shop: { bindings: ["http/*:80:a.com"], physical_path: c:\\inetpub\\wwwroot, app_pool: nope }`,
  );
  expect(code).toBe(4);
  expect(stderr).toContain("`iis_site:shop` needs `iis_app_pool:nope`, which isn't there");
  expect(stderr).toContain('declare the `iis_app_pool`, or correct its name');
  expect(await config()).toBe(before);
});

it('two sites on one binding are a mistake that shows both, whatever the case', async () => {
  const { code, stderr } = await apply(
    `${iis}\niis_site:\n  a: { bindings: ["http/*:80:shop.com"] }\n  b: { bindings: ["http://SHOP.com:80"] }`,
  );
  expect(code).toBe(1);
  expect(stderr).toContain('`iis_site:b` and `iis_site:a` both want the binding http/*:80:shop.com');
  expect(stderr.match(/site\.yaml:\d+/g)).toEqual(['site.yaml:7', 'site.yaml:6']);
});

it('a locked section says how to unlock it, is not tried again, and nothing is written', async () => {
  await apply(iis);
  const before = await config();
  const { code, stderr } = await apply(
    `${iis}\niis_config:\n  ${security}: { path: Default Web Site, commit: site, attributes: { allowUnlisted: false } }`,
  );
  expect(code).toBe(4);
  expect(stderr).toContain('error[iis-section-locked]');
  expect(stderr).toContain('add `unlock: true`');
  expect(await config()).toBe(before);
  const { stdout } = await run('lab', 'processes');
  expect(stdout.match(/appcmd\.exe set config/g)).toHaveLength(1);
});

it.each([
  ['an archive', 'Shop', 'c:/inetpub/shop/web.config belongs to the archive in c:/inetpub/shop'],
  ['Beanstalk', 'Default Web Site', 'c:/inetpub/wwwroot/web.config belongs to Elastic Beanstalk'],
])('the web.config that %s brought is not written', async (_, site, message) => {
  await upload(join(dir, 'lab'), 'content', {
    'shop.zip': zip([{ name: 'web.config', content: '<configuration/>' }]),
  });
  const shop = `${iis}\niis_website:\n  Shop: { bindings: [http://shop.com:80], source: s3://content/shop.zip }`;
  expect((await apply(shop)).code).toBe(0);
  await mkdir(join(dir, 'lab/windows/C/Program Files/Amazon/ElasticBeanstalk'), { recursive: true });
  const { code, stderr } = await apply(
    `${shop}\niis_config:\n  system.webServer/urlCompression: { path: ${site}, commit: site, attributes: { doDynamicCompression: true } }`,
  );
  expect(code).toBe(4);
  expect(stderr).toContain(message);
  expect(await readFile(join(dir, 'lab/windows/C/inetpub/Shop/web.config'), 'utf8')).toBe('<configuration/>');
});

it('a web.config that nobody brought may be written', async () => {
  await apply(iis);
  const applied = await apply(
    `${iis}\niis_config:\n  system.webServer/urlCompression: { path: Default Web Site, commit: site, attributes: { doDynamicCompression: false } }`,
  );
  expect(applied, applied.stderr).toMatchObject({ code: 0 });
  const written = join(dir, 'lab/windows/C/inetpub/wwwroot/web.config');
  expect(await readFile(written, 'utf8')).toContain('doDynamicCompression="false"');
});

it('without an administrator nothing is changed, and how to go on is said once', async () => {
  await run('lab', 'windows', '--elevated', 'no');
  const { code, stderr } = await apply(iis);
  expect(code).toBe(4);
  expect(stderr.match(/error\[not-elevated\]/g)).toHaveLength(1);
  expect(stderr).toContain('run converge elevated');
});

it('an impossible time is a mistake of the manifest', async () => {
  const { code, stderr } = await apply('scheduled_task:\n  t: { command: c:\\x.exe, at: "25:00" }');
  expect(code).toBe(1);
  expect(stderr).toContain('`at`: expected');
});

it('a tool that is missing is named', async () => {
  await run('lab', 'fault', 'missing', '--on', 'windows', '--set', 'program=schtasks.exe', '--times', '3');
  const { code, stderr } = await apply('scheduled_task:\n  t: { command: c:\\x.exe, every: 30m }');
  expect(code).toBe(4);
  expect(stderr).toContain('schtasks.exe');
  expect(stderr).toContain('correct its path, or declare what installs it');
});

it.each([
  ['iis_app_pool:\n  p: {}', 'IIS-WebServer'],
  ['service:\n  W3SVC: { state: running }', 'IIS-WebServer'],
  [`${iis.replace('IIS-IPSecurity: , ', '')}\niis_config:\n  ${security}: { items: [] }`, 'IIS-IPSecurity'],
  [
    `${iis}\niis_app_pool:\n  p: { identity_type: SpecificUser, user_name: svc, password: "\${secret('env:PATH')}" }`,
    'IIS-ManagementScriptingTools',
  ],
])('what IIS lacks is named by its feature: %s', async (resources, feature) => {
  if (resources.startsWith('windows_feature')) await apply(resources.split('\n', 1)[0]!);
  const { code, stderr } = await apply(resources);
  expect(code).toBe(4);
  expect(stderr).toContain(`declare \`windows_feature: { ${feature}: {} }\``);
});

it('a service that nobody installs is told how to go on', async () => {
  const { stderr } = await apply('service:\n  Nope: { state: running }');
  expect(stderr).toContain('correct its name, or name what installs it with `require:`');
});
