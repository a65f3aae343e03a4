/**
 * How large the page is and how long it takes to make: `node bench/operation/page.ts`. With 200 and 10,000
 * VMs and their last 24 hours; then the same as a browser gets it from the server, if there is one
 * (Debian's chromium-headless-shell). CPU time is beside the time that passes, since others may be at
 * work. Nothing is asserted; `docs/scaling.md` holds what a run gave.
 */
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { page, shownOf } from '../../src/operation/page/page.ts';
import { serve } from '../../src/operation/server/serve.ts';
import { manyVms } from '../../test/operation/many-vms.ts';

const browserAt = '/usr/bin/chromium-headless-shell';
const token = 'the-token-of-this-measurement';

interface Took {
  wall: number;
  cpu: number;
}

function timed(work: () => void): Took {
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  work();
  const { user, system } = process.cpuUsage(cpu);
  return { wall: performance.now() - began, cpu: (user + system) / 1000 };
}

const inWords = ({ wall, cpu }: Took): string => `${wall.toFixed(1)} ms (${cpu.toFixed(1)} of CPU)`;

function median(all: readonly Took[]): Took {
  const middle = (of: keyof Took) => all.map(one => one[of]).sort((a, b) => a - b)[all.length >> 1]!;
  return { wall: middle('wall'), cpu: middle('cpu') };
}

for (const count of [200, 10_000]) {
  const { status, tracks } = manyVms(count);
  const asked = { page: 1 };
  // As the server does: points are read of what is shown alone.
  const shown = new Set(shownOf(status.vms, asked).rows.map(({ uuid }) => uuid));
  const view = { status, tracks: tracks.filter(({ uuid }) => shown.has(uuid)) };
  let body = '';
  /** Of a look that no page was made of yet. */
  const make = () => {
    const vms = [...status.vms];
    shownOf(vms, asked);
    body = page({ ...view, status: { ...status, vms } }, asked);
  };
  const first = timed(make);
  const rest = Array.from({ length: 21 }, () => timed(make));
  console.log(
    `${count} VMs: ${(Buffer.byteLength(body) / 1024).toFixed(0)} KiB, the first ${inWords(first)}, median of 21 ${inWords(median(rest))}`,
  );
  if (!existsSync(browserAt)) continue;
  const served = await serve({
    ...{ host: '127.0.0.1', port: 0, token, newId: () => `${Math.random()}` },
    failed: error => console.error(error),
    answer: async () => {
      make();
      return { status: 200, type: 'text/html; charset=utf-8', body };
    },
  });
  const browser = await chromium.launch({ executablePath: browserAt });
  try {
    const tab = await browser.newPage();
    await tab.goto(`${served.origin}/?token=${token}`);
    const seen: { answered: number; shown: number; rows: number }[] = [];
    for (let n = 0; n < 15; n++) {
      await tab.goto(`${served.origin}/`);
      // As text: this process has no page, and knows none of its names.
      const text = `(() => {
        const { responseEnd, requestStart, domContentLoadedEventEnd } = performance.getEntriesByType('navigation')[0];
        const rows = document.querySelectorAll('table.v tbody tr').length;
        return { answered: responseEnd - requestStart, shown: domContentLoadedEventEnd - requestStart, rows };
      })()`;
      seen.push(await tab.evaluate(text));
    }
    const middle = (of: 'answered' | 'shown') =>
      seen
        .map(one => one[of])
        .sort((a, b) => a - b)
        [seen.length >> 1]!.toFixed(0);
    console.log(
      `  in Chromium, median of 15: whole after ${middle('answered')} ms, read after ${middle('shown')} ms, ${seen[0]!.rows} rows`,
    );
  } finally {
    await browser.close();
    await served.close();
  }
}
