import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { evidenceOf } from '../../src/operation/evidence.ts';
import { evidencePage } from '../../src/operation/page/evidence-page.ts';
import { page as pageOf } from '../../src/operation/page/page.ts';
import { vmPage } from '../../src/operation/page/vm-page.ts';
import type { PlanStatus } from '../../src/operation/rehearsals.ts';
import { type Served, serve } from '../../src/operation/server/serve.ts';
import { aVm, hour, now } from '../operation/a-status.ts';
import { manyVms } from '../operation/many-vms.ts';
import { describeWith } from './s3-programs.ts';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const token = 'the-token-of-this-test-alone';

/** What would run, and ask elsewhere, if it weren't text. */
const evil = `<script>document.title='ran'</script><img src="http://127.0.0.1:1/x" onerror="document.title='ran'">`;

const atWork: PlanStatus = {
  ...{ plan: evil, address: 'recovery_plan:web', repository: 's3://dr/vms', state: 'unscheduled' },
  run: {
    ...{ number: 2, kind: 'failover', state: 'running', began: now - hour },
    machines: { all: 2, launched: 1, probed: 0 },
    steps: [{ at: now - hour, text: `launched ${evil} as i-1` }],
  },
};

const view = () => {
  const { status, tracks } = manyVms(14);
  const hostile = aVm({ vm: evil, uuid: 'u-evil', state: 'breached', reason: 'overdue', kept: false });
  return {
    status: { ...status, vms: [hostile, ...status.vms], plans: [atWork] },
    tracks,
    alerts: [
      {
        rule: 'breached',
        severity: 'critical' as const,
        subjects: [evil],
        text: `vCenter home is away ${evil}`,
        since: now - hour,
      },
    ],
    movers: [
      {
        id: 'mover-1',
        host: evil,
        since: now - hour,
        at: now - 4_000,
        slots: 4,
        running: [{ vm: 'sql006', since: now - hour, done: 41, total: 100 }],
      },
    ],
  };
};

const pagesBy: Record<string, () => string> = {
  '/': () => pageOf(view()),
  '/vm': () => vmPage(view().status.vms[2]!, view().tracks[0], now),
  '/report': () => {
    const { status, tracks } = view();
    return evidencePage(
      evidenceOf(status, status.vms, tracks, { month: '2026-11', from: now - 24 * hour, to: now }),
    );
  },
};

describeWith('the page in a browser', 'chromium-headless-shell', ['--version'], () => {
  let served: Served;
  let browser: Browser;
  let ids = 0;
  beforeAll(async () => {
    served = await serve({
      host: '127.0.0.1',
      port: 0,
      token,
      newId: () => `session-${ids++}`,
      failed: () => {},
      async answer({ pathname }) {
        const body = pagesBy[pathname]?.();
        return body === undefined ? undefined : { status: 200, type: 'text/html; charset=utf-8', body };
      },
    });
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium-headless-shell',
      // A container's root has no sandbox to go into.
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
  }, 300_000);
  afterAll(async () => {
    await browser.close();
    await served.close();
  });

  /** A browser that has opened the link; what it says on its console, and whom it asks. */
  async function opened(options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', message => said.push(message.text()));
    page.on('request', one => asked.push(one.url()));
    await page.goto(`${served.origin}/?token=${token}`);
    return { context, page, said, asked };
  }

  const findings = async (page: Page): Promise<string[]> => {
    // In a world of its own, since the page's policy lets no script in.
    await page.evaluate(await readFile(axe, 'utf8'));
    const found = await page.evaluate(
      async () =>
        (
          await (
            globalThis as unknown as {
              axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
            }
          ).axe.run()
        ).violations,
    );
    return found.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.html).join(' ')}`);
  };
  const fits = (page: Page) =>
    page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth');

  test('axe finds nothing, in the light, in the dark, on a phone; nothing scrolls sideways at 200 %', async () => {
    for (const path of Object.keys(pagesBy)) {
      const light = await opened();
      await light.page.goto(`${served.origin}${path}`);
      expect(await findings(light.page)).toEqual([]);
      await light.page.emulateMedia({ colorScheme: 'dark' });
      expect(await findings(light.page)).toEqual([]);
      // A window of 1280 that is enlarged to 200 % has 640 of its pixels; a phone has 360.
      for (const width of [640, 360]) {
        await light.page.setViewportSize({ width, height: 800 });
        expect(await findings(light.page)).toEqual([]);
        expect(await fits(light.page)).toBe(true);
      }
      expect(light.said).toEqual([]);
    }
  }, 120_000);

  test('hostile names do nothing, nobody else is asked, and the token is gone from the address', async () => {
    const { page, asked, context } = await opened();
    expect(page.url()).toBe(`${served.origin}/`);
    expect(await page.title()).not.toBe('ran');
    expect(await page.locator('img,script').count()).toBe(0);
    expect(await page.getByText(evil, { exact: true }).count()).toBeGreaterThan(0);
    expect(asked.filter(url => !url.startsWith(served.origin) && !url.startsWith('data:'))).toEqual([]);
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(cookie!.value).not.toContain(token);
  });

  test('without scripts, by keyboard alone: past the tiles, into the search, to a VM; and it prints', async () => {
    const { page } = await opened({ javaScriptEnabled: false });
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('To the content');
    for (let n = 0; n < 30 && (await page.locator('input:focus').count()) === 0; n++)
      await page.keyboard.press('Tab');
    await page.keyboard.type('sql');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/?find=sql');
    await page.goto(`${served.origin}/`);
    await page.locator('tbody a').first().focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/vm?*');
    expect(await page.locator('h1').count()).toBe(1);
    await page.goto(`${served.origin}/report`);
    const pdf = await page.pdf();
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });

  test('another origin gets nothing: no fetch, no frame, no link, no other name, no change', async () => {
    const { page, context } = await opened();
    const other = await serve({
      host: '127.0.0.1',
      port: 0,
      token,
      newId: () => 'other',
      failed: () => {},
      answer: async () => ({ status: 200, type: 'text/html', body: `<a href="${served.origin}/">x</a>` }),
    });
    onTestFinished(() => other.close());
    // The same machine by another port: it gets the cookie, and is another origin.
    await page.goto(`${other.origin.replace('127.0.0.1', 'localhost')}/?token=${token}`);
    const [answer] = await Promise.all([
      page.waitForResponse(response => response.url() === `${served.origin}/`),
      page.click('a'),
    ]);
    expect(answer.status()).toBe(403);
    const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    const plain = (headers: Record<string, string>, method = 'GET') =>
      new Promise<number>((resolve, reject) => {
        request(`${served.origin}/`, { method, headers: { cookie, ...headers } }, response => {
          response.resume();
          resolve(response.statusCode!);
        })
          .on('error', reject)
          .end();
      });
    expect(await plain({})).toBe(200);
    expect(await plain({ host: 'evil.example.com' })).toBe(421);
    expect(await plain({}, 'POST')).toBe(405);
    expect(await plain({ cookie: '' })).toBe(401);
  });
});
