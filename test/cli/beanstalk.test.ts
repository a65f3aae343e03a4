import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { readLog } from '../../src/lab/windows/machine/process-log.ts';
import { windowsMachine } from '../lab/windows/fixture.ts';
import { cli, scratch } from '../support/cli.ts';
import { upload } from '../support/lab-bucket.ts';
import { zip } from '../support/zip.ts';

const manifests = resolve(import.meta.dirname, '../../manifests/beanstalk');
const article = resolve(import.meta.dirname, '../../../shared/000_c509eed1395fd0d9.txt');
const site = 'iis_website:CustName.NewWebServices';
const system32 = 'C:\\Windows\\System32';
const web = zip([
  { name: 'web.config', content: '<configuration/>' },
  { name: 'bin\\App.dll', content: 'code' },
]);

let dir: string;
const lab = () => join(dir, 'lab');
const run = (...args: string[]) => cli(dir, [...args, '--lab', lab()]);
const machine = () => windowsMachine(join(lab(), 'windows'));

/** Programs that the runs since the last look started, and those of them that changed something. */
async function programs(): Promise<{ started: string[]; changing: string[] }> {
  const log = await readLog(nodeHost().files, join(lab(), 'windows'));
  await run('lab', 'processes', '--clear');
  const words = log.map(({ program, args }) =>
    [program.slice(program.lastIndexOf('\\') + 1), ...args].join(' '),
  );
  return { started: words, changing: words.filter((_, index) => log[index]!.changed) };
}

async function plannedChanges(): Promise<string[]> {
  const { stdout } = await run('plan', manifests, '--format', 'json');
  const { resources } = JSON.parse(stdout) as { resources: { address: string; action: string }[] };
  return resources
    .filter(({ action }) => action !== 'none')
    .map(({ address, action }) => `${action} ${address}`);
}

const lines = (text: string) => text.split('\n').filter(line => /\S/.test(line) && !/^\s*#/.test(line));

it('the shipped example converges on a fresh lab by one command', async () => {
  dir = await scratch();
  const first = await run('apply', manifests);
  expect(first, first.stderr).toMatchObject({ code: 0 });
  expect(first.stdout).toContain('a second plan is empty');
  const index = await readFile(join(lab(), 'windows/C/inetpub/newwebservices/index.html'), 'utf8');
  expect(index).toContain('custname.newwebservices.zip');
  const second = await run('apply', manifests, '--detailed-exitcodes');
  expect(second, second.stderr).toMatchObject({ code: 0 });
  expect(second.stdout).toContain('Nothing to do: 13 in sync.');
});

it('a lab that has a bucket of one of these names keeps it as it is, and gets the others', async () => {
  dir = await scratch();
  await upload(lab(), 'cust-mobile-appdata', { 'own.txt': 'mine' });
  const first = await run('apply', manifests);
  expect(first, first.stderr).toMatchObject({ code: 0 });
  expect(await readdir(join(lab(), 'windows/C/inetpub/mobile/App_Data'))).toEqual(['own.txt']);
});

describe.each(['en', 'de'])("the article's instance, on a host that speaks %s", language => {
  beforeEach(async () => {
    dir = await scratch();
    await upload(lab(), 'cust-deployment-data', {
      'custname.newwebservices.zip': web,
      'AWSCLI.zip': zip([{ name: 'aws.exe', content: 'MZ' }]),
    });
    await upload(lab(), 'cust-mobile-appdata', { 'lists/blocked.txt': 'one', 'prices.xml': '<prices/>' });
    const spoken = language === 'de' ? 'speaks German' : 'speaks English';
    expect((await run('lab', 'windows', '--language', language)).stdout).toContain(spoken);
  });

  it('converges a blank host; the second apply changes nothing and starts nothing that does', async () => {
    const first = await run('apply', manifests);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(first.stdout).toContain('a second plan is empty');
    const { changing } = await programs();
    // The task is registered beside what IIS is told, at any time.
    const [tasks, rest] = [true, false].map(ofTasks =>
      changing
        .map(words => words.split(' ').slice(0, 3).join(' '))
        .filter(words => words.startsWith('schtasks.exe') === ofTasks),
    );
    expect(tasks).toEqual(['schtasks.exe /create /tn']);
    expect(rest).toEqual([
      'dism.exe /online /english',
      'appcmd.exe add backup',
      'appcmd.exe add apppool',
      'appcmd.exe add site',
      'appcmd.exe set app',
      'appcmd.exe set config',
    ]);

    const second = await run('apply', manifests, '--detailed-exitcodes');
    expect(second, second.stderr).toMatchObject({ code: 0 });
    expect(second.stdout).toContain('Nothing to do: 13 in sync.');
    const again = await programs();
    expect(again.changing).toEqual([]);
    expect(again.started.length).toBeLessThanOrEqual(8);
  });

  it('converges in one run where IIS is there already, as on an image of Beanstalk', async () => {
    const dism = [
      '/online',
      '/english',
      '/enable-feature',
      '/featurename:IIS-WebServer',
      '/all',
      '/norestart',
    ];
    expect((await (await machine()).run(`${system32}\\dism.exe`, dism)).exitCode).toBe(0);
    const first = await run('apply', manifests);
    expect(first, first.stderr).toMatchObject({ code: 0 });
    expect(first.stdout).toContain('a second plan is empty');
  });

  it('what is notified by several runs once', async () => {
    const more = join(dir, 'more.yaml');
    await writeFile(
      more,
      `converge: 1
requires: { os: windows }
resources:
  file:
    c:\\inetpub\\newwebservices\\one.txt: { content: one, notify: exec:reset }
    c:\\inetpub\\newwebservices\\two.txt: { content: two, notify: exec:reset }
  exec:
    reset: { command: [c:\\windows\\system32\\iisreset.exe, /noforce], refresh_only: true }
`,
    );
    const resets = async () =>
      (await programs()).started.filter(words => words.startsWith('iisreset.exe')).length;
    const applied = await run('apply', manifests, more);
    expect(applied, applied.stderr).toMatchObject({ code: 0 });
    expect(await resets()).toBe(1);
    await run('apply', manifests, more);
    expect(await resets()).toBe(0);
    for (const name of ['one.txt', 'two.txt'])
      await writeFile(join(lab(), 'windows/C/inetpub/newwebservices', name), 'drifted');
    await run('apply', manifests, more);
    expect(await resets()).toBe(1);
  });

  it('finds each drift, and repairs that alone', async () => {
    await run('apply', manifests);
    await programs();
    const appcmd = async (...args: string[]) => {
      const { exitCode, stdout } = await (await machine()).run(`${system32}\\inetsrv\\appcmd.exe`, args);
      expect(exitCode, stdout).toBe(0);
    };
    const name = 'CustName.NewWebServices';
    const task = 'scheduled_task:Sync_S3_Mobile_App_Data';
    const c = (path: string) => join(lab(), 'windows/C', path);
    const drifts: [string, () => Promise<unknown>, string, number][] = [
      [
        'a binding is deleted',
        () =>
          appcmd(
            'set',
            'site',
            name,
            "/-bindings.[protocol='http',bindingInformation='*:80:web.custname.com']",
          ),
        `update ${site}/iis_site:${name}`,
        1,
      ],
      [
        'the task is edited',
        async () => {
          const path = c('Windows/System32/Tasks/Sync_S3_Mobile_App_Data');
          const text = (await readFile(path)).toString('utf16le').replace('PT30M', 'PT1H');
          await writeFile(path, Buffer.from(text, 'utf16le'));
        },
        `update ${task}`,
        1,
      ],
      [
        'a row of the IP list is removed',
        () =>
          appcmd(
            'set',
            'config',
            name,
            '/section:system.webServer/security/ipSecurity',
            "/-[ipAddress='198.51.100.17']",
            '/commit:apphost',
          ),
        'update iis_config:system.webServer/security/ipSecurity',
        1,
      ],
      [
        'a file is changed',
        () => writeFile(c('inetpub/newwebservices/bin/App.dll'), 'tampered'),
        `update ${site}/archive:c:\\inetpub\\newwebservices`,
        0,
      ],
      ['the site is stopped', () => appcmd('stop', 'site', name), `update ${site}/iis_site:${name}`, 1],
      [
        'autostart is disabled',
        () => appcmd('set', 'apppool', name, '/autoStart:false'),
        `update ${site}/iis_app_pool:${name}`,
        1,
      ],
      [
        'the hosts file is emptied',
        () => writeFile(c('Windows/System32/drivers/etc/hosts'), ''),
        'create hosts_entry:services.custname.com',
        0,
      ],
      [
        'dynamic compression is turned off',
        () => appcmd('set', 'config', '/section:urlCompression', '/doDynamicCompression:false'),
        'update iis_config:system.webServer/urlCompression',
        1,
      ],
      [
        'a file of the app data is lost',
        () => rm(c('inetpub/mobile/App_Data/prices.xml')),
        'update s3_sync:c:\\inetpub\\mobile\\App_Data',
        0,
      ],
      [
        'the task is disabled',
        async () => {
          const args = ['/change', '/tn', 'Sync_S3_Mobile_App_Data', '/disable'];
          expect((await (await machine()).run(`${system32}\\schtasks.exe`, args)).exitCode).toBe(0);
        },
        `update ${task}`,
        1,
      ],
    ];
    for (const [what, drift, expected, calls] of drifts) {
      await drift();
      await programs();
      expect(await plannedChanges(), what).toEqual([expected]);
      const repaired = await run('apply', manifests);
      expect(repaired.stdout, what).toContain('Applied: 1 change');
      expect(repaired, what + repaired.stderr).toMatchObject({ code: 0 });
      const changing = (await programs()).changing.filter(
        words => !words.startsWith('appcmd.exe add backup'),
      );
      expect(changing, what).toHaveLength(calls);
      expect(await plannedChanges(), what).toEqual([]);
    }
  }, 300_000);
});

it('what the lab has to have can be put there by hand', async () => {
  dir = await scratch();
  await mkdir(join(dir, 'data/lists'), { recursive: true });
  await writeFile(join(dir, 'data/lists/a.txt'), 'one');
  await writeFile(
    join(dir, 'sync.yaml'),
    'converge: 1\nrequires: { os: windows }\nresources: { s3_sync: { c:\\data: { from: s3://app-data/ } } }\n',
  );
  expect((await run('lab', 'bucket-content', 'app-data', 'data')).stdout).toContain('1 object of');
  expect(await run('apply', 'sync.yaml')).toMatchObject({ code: 0 });
  expect(await readFile(join(lab(), 'windows/C/data/lists/a.txt'), 'utf8')).toBe('one');
  expect((await run('lab', 'bucket-content', 'App', 'data')).stderr).toContain(
    'App is not a name of a bucket',
  );
  expect((await run('lab', 'bucket-content', 'app', 'none')).stderr).toContain('is not a folder');
});

if (!existsSync(article)) console.error('SKIPPED: the article is not here; nobody counted its lines');

it.runIf(existsSync(article))("takes at most half of the article's lines, and no `require`", async () => {
  const text = await readFile(article, 'utf8');
  const printed = text.slice(
    text.indexOf("dism { 'IIS-ASPNET'"),
    text.indexOf('This was an interesting technical challenge'),
  );
  const ours = await readFile(join(manifests, 'web.yaml'), 'utf8');
  expect(lines(ours).length * 2).toBeLessThanOrEqual(lines(printed).length);
  expect(ours).not.toMatch(/^\s*(require|before|subscribe):/m);
});
