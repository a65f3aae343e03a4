import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeContext } from '../../src/app/app-context.ts';
import { servePages } from '../../src/app/operation/surface/open.ts';
import { nodeHost } from '../../src/io/node.ts';
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

const env = { VC: 'x', PAGE_TOKEN: 'a-token-that-stays-from-run-to-run', SHORT: 'short' };

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

  for (const [args, missing] of [
    [['--listen', '0.0.0.0:0'], '--tls-cert, --tls-key, --token, --name are missing'],
    [['--token', 'env:SHORT'], 'could be guessed'],
    [['--listen', 'nowhere'], 'expected HOST:PORT'],
  ] as const) {
    const refused = await converge('open', 'm.yaml', ...args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(missing);
  }

  const host = { ...nodeHost(), cwd: dir, env: { PATH: process.env.PATH, ...env } };
  const context = makeContext({ host, interrupt: new AbortController().signal }, () => ({
    diagnostics() {},
    notice() {},
    run: () => Promise.reject(new Error('nothing is run')),
  }));
  const options = { paths: ['m.yaml'], lab: 'lab', lockTimeout: 0, token: 'env:PAGE_TOKEN' };
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
    expect(await (await get('/report')).text()).toContain('Were the recovery point objectives kept?');
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
}, 60_000);
