import { expect, test } from 'vitest';
import { probe } from '../../src/recovery/failover/probe.ts';
import { probesOf } from '../../src/recovery/failover/probes-of.ts';
import type { MachineCloud } from '../../src/recovery/model/machines.ts';
import type { Probe, Prober, Reached } from '../../src/recovery/model/probes.ts';
import { nobody } from './begun.ts';

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);

/** Machines that answer with what is said, and a clock whose waits pass at once. */
function on(more: Partial<MachineCloud> = {}, prober: Prober = nobody) {
  let now = 0;
  const machines = {
    checks: async () => ({ system: 'ok', instance: 'ok' }),
    console: async () => 'GRUB\nweb01 login: ',
    picture: async () => png,
    ...more,
  } as unknown as MachineCloud;
  const clock = {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  return { machines, prober, clock };
}

const machine = { instance: 'i-1', address: '10.9.1.4' };
const one = async (
  asked: Probe,
  with_: ReturnType<typeof on>,
  of: typeof machine | { instance: string } = machine,
) => (await probe(of, [asked], with_)).results[0]!;
const answering = (reached: Reached): Prober => ({ tcp: async () => reached, http: async () => reached });

test('each kind says where it ran and what it saw', async () => {
  const all: Probe[] = [
    { kind: 'picture', within: 0 },
    { kind: 'status', within: 0 },
    { kind: 'console', text: 'login:', within: 0 },
    { kind: 'tcp', port: 22, within: 0 },
    { kind: 'http', port: 80, path: '/', status: 200, contains: 'ok', within: 0 },
  ];
  const { results, picture } = await probe(
    machine,
    all,
    on({}, answering({ state: 'answered', status: 200, body: Buffer.from('all ok') })),
  );
  expect(results.map(({ probe: what, from, outcome }) => [what, from, outcome])).toEqual([
    ['picture of the console', 'EC2', 'passed'],
    ['status checks', 'EC2', 'passed'],
    ['console says "login:"', 'EC2', 'passed'],
    ['TCP port 22', 'this machine', 'passed'],
    ['HTTP GET / at port 80 says 200 with "ok"', 'this machine', 'passed'],
  ]);
  expect(picture).toEqual(png);
});

const tcp: Probe = { kind: 'tcp', port: 3389, within: 0 };
const http: Probe = { kind: 'http', port: 80, path: '/', status: 200, contains: 'ok', within: 0 };
test.for<[string, Probe, ReturnType<typeof on>, string]>([
  ['no answer at a port', tcp, on(), 'not run'],
  ['no answer over HTTP', http, on(), 'not run'],
  ['a port that is closed', tcp, on({}, answering({ state: 'refused', why: '' })), 'failed'],
  ['another status', http, on({}, answering({ state: 'answered', status: 302 })), 'failed'],
  [
    'another text',
    http,
    on({}, answering({ state: 'answered', status: 200, body: Buffer.from('no') })),
    'failed',
  ],
  ['no picture', { kind: 'picture', within: 0 }, on({ picture: async () => undefined }), 'not run'],
  [
    'something that is not a picture',
    { kind: 'picture', within: 0 },
    on({ picture: async () => Buffer.from('<html>') }),
    'failed',
  ],
  ['no console', { kind: 'console', text: 'x', within: 0 }, on({ console: async () => '' }), 'not run'],
  ['another console', { kind: 'console', text: 'x', within: 0 }, on(), 'failed'],
  [
    'a check that is not over',
    { kind: 'status', within: 0 },
    on({ checks: async () => ({ system: 'ok', instance: 'initializing' }) }),
    'failed',
  ],
])('%s is no pass', async ([, asked, world, outcome]) => {
  expect(await one(asked, world)).toMatchObject({ outcome });
});

test('a machine without an address was not probed over a network', async () => {
  const well = on({}, answering({ state: 'answered', status: 200, body: Buffer.from('ok') }));
  for (const asked of [tcp, http])
    expect(await one(asked, well, { instance: 'i-1' })).toMatchObject({ outcome: 'not run' });
});

test('each probe has its own time, and passes as soon as it can', async () => {
  let looks = 0;
  const slow = on({ console: async () => (++looks < 4 ? 'GRUB' : 'login:') });
  expect(await one({ kind: 'console', text: 'login:', within: 60_000 }, slow)).toMatchObject({
    outcome: 'passed',
  });
  expect(looks).toBe(4);
  const never = on({ console: async () => 'GRUB' });
  expect(await one({ kind: 'console', text: 'login:', within: 7_000 }, never)).toMatchObject({
    outcome: 'failed',
    saw: 'its last lines: GRUB',
  });
  expect(never.clock.now()).toBe(10_000);
});

test('the picture shows what the other probes leave', async () => {
  const order: string[] = [];
  const world = on({
    checks: async () =>
      order.push('checks') < 3 ? { system: 'ok', instance: 'no' } : { system: 'ok', instance: 'ok' },
    picture: async () => {
      order.push('picture');
      return png;
    },
  });
  await probe(
    machine,
    [
      { kind: 'picture', within: 0 },
      { kind: 'status', within: 60_000 },
    ],
    world,
  );
  expect(order).toEqual(['checks', 'checks', 'checks', 'picture']);
});

test('what is asked of a machine: its own probes, and always EC2’s checks', () => {
  const within = 15 * 60_000;
  expect(probesOf(undefined, 'web01', 'linux')).toEqual([{ kind: 'status', within }]);
  expect(probesOf(undefined, 'dc02', 'windows')).toEqual([
    { kind: 'status', within },
    { kind: 'tcp', port: 3389, within },
  ]);
  const declared = [
    { probe: 'http' as const, targets: ['WEB01'], within: '5m', contains: 'ok' },
    { probe: 'tcp' as const, targets: ['db01'], port: 5432 },
  ];
  expect(probesOf(declared, 'web01', 'linux')).toEqual([
    { kind: 'status', within: 300_000 },
    { kind: 'http', port: 80, path: '/', status: 200, contains: 'ok', within: 300_000 },
  ]);
  expect(probesOf([{ probe: 'status', within: '1m' }], 'web01', 'linux')).toEqual([
    { kind: 'status', within: 60_000 },
  ]);
});
