import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeContext } from '../../src/app/app-context.ts';
import { servePages } from '../../src/app/operation/surface/open.ts';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';
import { cli, scratch } from '../support/cli.ts';

/** Days until the 15th of some month: evidence of a month then has all that the test does. */
function untilMidMonth(): number {
  const now = new Date();
  const day = now.getUTCDate();
  return (
    (day < 15 ? 15 : 15 + new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 0)).getUTCDate()) -
    day
  );
}

const env = {
  VC: 'x',
  PAGE_TOKEN: 'a-token-that-stays-from-run-to-run',
  SHORT: 'short',
  ODD: 'a-tökén-that-stays-from-run-to-run',
};

test('the page, a VM, its evidence and metrics, of a lab; and what would be unsafe is refused', async () => {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" }
resources:
  protected_vm:
    dc02: { repository: file:///dr, schedule: every 15 minutes, labels: [finance] }
`,
  );
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const passphrase = { cipher: 'aes-256-cbc', passphrase: 'x' };
  const { certPem, keyPem } = await labCertificates(join(dir, 'tls'), nodeHost().clock, nodeHost().random);
  for (const [name, text] of Object.entries({
    ...{ cert: certPem, key: keyPem },
    other: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    locked: keys.privateKey.export({ type: 'pkcs8', format: 'pem', ...passphrase }),
  }))
    await writeFile(join(dir, `${name}.pem`), text);
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env });
  await converge('lab', 'clock', `${untilMidMonth()}d`);
  await converge('apply', 'm.yaml');
  await converge('lab', 'clock', `${untilMidMonth() * 24 * 60 + 40}m`);
  await converge('apply', 'm.yaml');

  const report = await converge('report', 'm.yaml', '--format', 'json', '--group', 'label:finance');
  expect(report.code).toBe(0);
  const evidence = JSON.parse(report.stdout) as {
    vms: { attainment: { share: number; breaches: number } }[];
  };
  expect(evidence).toMatchObject({
    version: 1,
    vms: [{ vm: 'dc02', points: 2, state: 'kept', target_seconds: 1800 }],
  });
  // 30 of the first 40 minutes, and whatever has passed since.
  expect(evidence.vms[0]!.attainment).toMatchObject({ breaches: 1, share: expect.closeTo(0.75, 1) });
  expect((await converge('report', 'm.yaml', '--group', 'web*', '--format', 'json')).stderr).toContain(
    'error[group-of-nobody]',
  );
  expect((await converge('report', 'm.yaml', '--month', '2026-13')).stderr).toContain('bad-month');
  expect((await converge('report', 'm.yaml')).stdout).toMatch(/^<!doctype html>/);
  // What could not be read is in it, and whoever has it made by a timer hears so.
  await writeFile(
    join(dir, 'away.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  protected_vm: { dc02: { repository: s3://somewhere/dr, schedule: every 15 minutes } }
`,
  );
  const nobody = { ...env, AWS_EC2_METADATA_DISABLED: 'true' };
  const away = await cli(dir, ['report', 'away.yaml', '--format', 'json'], { env: nobody });
  expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining('[aws-no-credentials]') });
  expect(JSON.parse(away.stdout)).toMatchObject({
    unseen: [expect.any(String)],
    attainment: { breaches: 0 },
  });

  for (const [args, missing] of [
    [['--listen', '0.0.0.0:0'], '--tls-cert, --tls-key, --token, --name are missing'],
    [['--token', 'env:SHORT'], 'could be guessed'],
    [['--listen', 'nowhere'], 'expected HOST:PORT'],
    [['--token', 'env:ODD'], 'no program can send'],
    [['--name', 'two names'], 'error[bad-listen]'],
    [['--name', 'a.example.com:0'], 'error[bad-listen]'],
    [['--tls-cert', 'none.pem', '--tls-key', 'file:key.pem'], 'none.pem: there is no such file'],
    [['--tls-cert', 'key.pem', '--tls-key', 'file:key.pem'], 'key.pem holds no certificate'],
    [['--tls-cert', 'cert.pem', '--tls-key', 'file:cert.pem'], 'file:cert.pem holds no private key'],
    [['--tls-cert', 'cert.pem', '--tls-key', 'file:other.pem'], 'is not the key of --tls-cert cert.pem'],
    [['--tls-cert', 'cert.pem', '--tls-key', 'file:locked.pem'], 'is kept by a passphrase'],
    [['--tls-cert', 'none.pem'], '--tls-cert and --tls-key go together'],
  ] as const) {
    const refused = await converge('open', 'm.yaml', ...args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(missing);
  }

  const told: string[] = [];
  const host = { ...nodeHost(), cwd: dir, env: { PATH: process.env.PATH, ...env } };
  const context = makeContext({ host, interrupt: new AbortController().signal }, () => ({
    diagnostics: found => void told.push(...found.map(({ message }) => message)),
    notice() {},
    run: () => Promise.reject(new Error('nothing is run')),
  }));
  const options = { paths: ['m.yaml'], lab: 'lab', lockTimeout: 0, token: 'env:PAGE_TOKEN' };
  // A certificate that browsers refuse is served, and said; a proxy's name has the proxy's port.
  const tls = { tlsCert: 'cert.pem', tlsKey: 'file:key.pem', name: ['localhost', 'dr.example.com:443'] };
  const secure = await servePages(context, { ...options, ...tls });
  expect(secure.link).toMatch(/^https:\/\/localhost:\d+\//);
  expect(told).toEqual(["--tls-cert cert.pem isn't for dr.example.com"]);
  await secure.close();
  const proxied = await servePages(context, { ...options, name: ['dr.example.com:443'] });
  const statusAs = (...names: string[]) =>
    new Promise<number | undefined>((done, failed) => {
      const headers = ['authorization', `Bearer ${env.PAGE_TOKEN}`, ...names.flatMap(name => ['host', name])];
      request(`${proxied.origin}/?state=kept`, { headers, setHost: false }, answer => {
        answer.resume();
        done(answer.statusCode);
      })
        .on('error', failed)
        .end();
    });
  const own = new URL(proxied.origin).host;
  expect(await statusAs('dr.example.com')).toBe(200);
  for (const wrong of [['other.example.com'], ['dr.example.com:444'], [own, 'dr.example.com'], [own, own]])
    expect(await statusAs(...wrong), wrong.join()).toBe(421);
  await proxied.close();
  const served = await servePages(context, options, async () => ({
    movers: [{ id: 'a', host: 'here', since: 0, at: 0, slots: 4, running: [] }],
  }));
  try {
    const get = (path: string) =>
      fetch(`${served.origin}${path}`, { headers: { authorization: `Bearer ${env.PAGE_TOKEN}` } });
    const page = await (await get('/')).text();
    expect(page).toMatch(
      /<svg class="t" role=img[^>]*aria-label="last 24 h: kept 7\d\.\d % of the time, 1 breach/,
    );
    expect(page).toContain('<h2 id=mo>Agents</h2>');
    // It comes anew by itself to whoever asked for that, and stays what it shows.
    expect((await get('/')).headers.has('refresh')).toBe(false);
    const followed = await get('/?follow=1&state=kept');
    expect(followed.headers.get('refresh')).toBe('10');
    expect(await followed.text()).toContain('<a href="/?state=kept">Stop following</a>');
    const link = /href="(\/vm\?[^"]+)"/.exec(page)![1]!.replaceAll('&#38;', '&');
    expect(await (await get(link)).text()).toContain('<h1>dc02</h1>');
    expect(await (await get('/metrics')).text()).toMatch(/^converge_vm_age_seconds\{vm="dc02"/m);
    for (const asked of ['/report', '/report?month=&group='])
      expect(await (await get(asked)).text()).toContain('Were the recovery point objectives kept?');
    expect(await (await get('/report')).text()).toMatch(
      /<form action="\/report".* name=month value="20\d\d-\d\d"/,
    );
    for (const nothing of ['/report?month=2020-13', '/vm?vm=none', '/etc/passwd'])
      expect((await get(nothing)).status).toBe(404);
    // With mistakes in the manifests the page says so, and a scrape fails: nothing looks well.
    await writeFile(join(dir, 'm.yaml'), 'converge: 1\nresources: { protected_vm: { dc02: {} } }\n');
    expect(await (await get('/?state=kept')).text()).toContain('What could not be seen');
    const other = await servePages(context, options);
    const headers = { authorization: `Bearer ${env.PAGE_TOKEN}` };
    expect((await fetch(`${other.origin}/metrics`, { headers })).status).toBe(503);
    await other.close();
  } finally {
    await served.close();
  }
}, 300_000);
