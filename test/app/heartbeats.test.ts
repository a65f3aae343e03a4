import { expect, test } from 'vitest';
import type { Route } from '../../src/app/alerts/routes.ts';
import type { Concerns } from '../../src/app/operation/agent/concerns.ts';
import { Heartbeats } from '../../src/app/operation/agent/heartbeats.ts';
import { look, type Site } from '../../src/app/operation/site/site.ts';

const minute = 60_000;
const concerns = { all: () => [], say: () => {} } as unknown as Concerns;
// No service has this name: each call of it fails at once, which shows that it was made.
const route = {
  title: 'alive',
  properties: { heartbeat: { url: 'https://no-such-host.invalid/x', when: 'always' } },
} as unknown as Route;
const siteAt = (now: () => number) =>
  ({ views: new Map(), session: { world: { host: { clock: { now } } } } }) as unknown as Site;

test('no sign of life goes out while a look at everything hangs, and again once it is through', async () => {
  const beats = new Heartbeats(new AbortController().signal, concerns);
  const site = siteAt(() => 0);
  const called = async (now: number) => [...(await beats.beat(site, [route], [], now)).keys()];
  expect(await called(0)).toEqual(['alive']);
  site.lookingSince = 10 * minute;
  expect(await called(20 * minute)).toEqual(['alive']);
  expect(await called(25 * minute + 1)).toEqual([]);
  expect(await called(99 * minute)).toEqual([]);
  site.lookingSince = undefined;
  expect(await called(100 * minute)).toEqual(['alive']);
});

test('a look says since when it goes on, until it ends, however it does', async () => {
  let during: number | undefined;
  const site = siteAt(() => 7);
  Object.defineProperty(site, 'catalog', {
    get() {
      during = site.lookingSince;
      throw new Error('ends here');
    },
  });
  await expect(look(site, {} as never, true)).rejects.toThrow('ends here');
  expect([during, site.lookingSince]).toEqual([7, undefined]);
});
