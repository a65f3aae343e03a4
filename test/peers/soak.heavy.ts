import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { httpsReceiver } from '../support/https-receiver.ts';
import { moversWorld } from './movers-world.ts';

/** Of VMs, and minutes of the lab's clock; docs/scaling.md says of which it has figures. */
const count = Number(process.env.SOAK_VMS ?? 6);
const minutes = Number(process.env.SOAK_MINUTES ?? 270);

/** Minutes from which on and until when something is wrong. */
const away = { from: 60, to: 80 };
const slow = { from: 140, to: 160 };
const unmounted = { from: 180, to: 200 };
const full = { from: 205, to: 220 };
const firstCopy = { to: minutes - 45 };
/** Minutes at which all sessions of vCenter end. */
const dropped = [100, 101, 130];

const names = Array.from({ length: count }, (_, n) => `vm${n + 100}`);
const waiting = { timeout: 300_000, interval: 25 };

/** What an alert says in the shape `json`. */
interface Told {
  event: 'opened' | 'grown' | 'recovered' | 'reminder';
  rule: string;
  key: string;
  title: string;
}

let it: Awaited<ReturnType<typeof moversWorld>>;
let mounted = '';
beforeAll(async () => {
  it = await moversWorld([...names, 'nas01', 'full01'], []);
});
afterAll(async () => {
  await it.end();
  if (mounted !== '') await execa('umount', ['--lazy', mounted]);
});

const median = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!;

test(`hours of ${count} VMs with all that goes wrong in them`, { timeout: 3_600_000 }, async () => {
  const { dir, proxy, lab } = it;
  const receiver = await httpsReceiver();
  const [nas, small, heap] = [join(dir, 'nas'), join(dir, 'small'), join(dir, 'heap')];
  for (const folder of [join(nas, 'points'), small]) mkdirSync(folder, { recursive: true });
  const mount = await execa('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', small], { reject: false });
  if (mount.failed) console.log('LEFT OUT: a disk that is full, since this user may not mount one');
  else mounted = small;
  const bucket = 's3://movers-dr/points';
  const repositories = new Map([
    ...names.map(name => [name, bucket] as const),
    ['nas01', `file://${nas}/points`],
    ...(mount.failed ? [] : [['full01', `file://${small}/points`] as const]),
  ]);
  const webhook = `{ shape: json, url: '${receiver.url}', private: true, ca: ${JSON.stringify(receiver.ca)} }`;
  const declare = () => {
    const vms = [...repositories].map(
      ([name, url]) => `    ${name}: { repository: '${url}', schedule: every 15 minutes }\n`,
    );
    const routes = `  alert_route:\n    ops: { repository: '${bucket}', webhook: ${webhook} }\n`;
    const text = `converge: 1\n${it.targets}\nresources:\n  protected_vm:\n${vms.join('')}${routes}`;
    writeFileSync(join(dir, 'soak.yaml'), text);
  };
  declare();
  const applied = await it.converge('apply', 'soak.yaml');
  expect(applied.code, applied.stderr).toBe(0);
  await lab.command({ do: 'add-vm', name: 'big01', disks: [{ bytes: 2 ** 20 }] });
  repositories.set('big01', bucket);
  declare();

  let now = 0;
  let looks = 0;
  const released = Promise.withResolvers<void>();
  proxy.before = async ({ side, path }) => {
    if (side === 'store') {
      if (path.includes('prefix=points%2Froster')) looks++;
      if (now >= away.from && now < away.to) throw new Error('cut');
    } else if (path.startsWith('/folder/big01/')) await released.promise;
  };
  const began = it.now();
  it.startMover('agent', 0, ['agent', '--slots', '8'], { manifests: 'soak.yaml', sleeps: 'clock', heap });
  const { child } = it.movers.get('agent')!;
  const { pid } = child;
  /** After an outage each VM has a cycle: it may take as long as it goes on. */
  const settled = async () => {
    for (let said = -1; said < it.text('agent').length; ) {
      said = it.text('agent').length;
      const left = () => it.at('agent').filter(vm => vm !== 'big01');
      await vi.waitFor(
        () =>
          expect(left().length === 0 || it.text('agent').length > said, it.text('agent').slice(-8_000)).toBe(
            true,
          ),
        waiting,
      );
      if (left().length === 0) return;
    }
  };
  await vi.waitFor(() => expect(it.at('agent')).toEqual(['big01']), waiting);

  /** What is wrong from this minute on, and what no longer is. */
  const change = async () => {
    if (now === unmounted.from) {
      renameSync(nas, `${nas}-away`);
      mkdirSync(nas);
    }
    if (now === unmounted.to) {
      renameSync(nas, `${nas}-empty`);
      renameSync(`${nas}-away`, nas);
    }
    if (mounted !== '' && now === full.from)
      await execa('dd', ['if=/dev/zero', `of=${small}/filler`, 'bs=4k'], { reject: false });
    if (mounted !== '' && now === full.to) rmSync(join(small, 'filler'));
    const rule = dropped.includes(now)
      ? { kind: 'expire-sessions' }
      : now === slow.from
        ? { kind: 'slow-task', ms: 400, times: 1_000_000 }
        : now === slow.to
          ? { kind: 'clear' }
          : undefined;
    if (rule) await lab.command({ do: 'fault', on: 'vsphere', rule });
    if (now === firstCopy.to) released.resolve();
  };

  const told: { minute: number; one: Told }[] = [];
  const weighed: { minute: number; heap: number; resident: number; open: number }[] = [];
  for (now = 1; now <= minutes; now++) {
    await change();
    await it.write([...names.filter((_, n) => n % 15 === now % 15), 'nas01', 'full01']);
    const before = looks;
    await it.advance(1);
    // It has looked at the repository once more, and has done what was due.
    await vi.waitFor(() => {
      expect(child.exitCode, it.text('agent').slice(-4_000)).toBeNull();
      expect(child.signalCode).toBeNull();
      expect(looks).toBeGreaterThan(before);
    }, waiting);
    await settled();
    for (const one of receiver.got.slice(told.length) as Told[]) told.push({ minute: now, one });
    if (now % 15 > 0) continue;
    process.kill(pid!, 'SIGUSR2');
    const lines = await vi.waitFor(() => {
      const found = readFileSync(heap, 'utf8').trim().split('\n');
      expect(found).toHaveLength(now / 15);
      return found;
    }, waiting);
    const [, kib] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!;
    const open = readdirSync(`/proc/${pid}/fd`).length;
    weighed.push({ minute: now, heap: Number(lines.at(-1)) / 2 ** 20, resident: Number(kib) / 1024, open });
  }
  await vi.waitFor(() => expect(it.at('agent')).toEqual([]), waiting);
  const cpu = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number);
  console.log(
    [
      ...told.map(({ minute, one }) => `${minute}\t${one.event}\t${one.title}`),
      ...weighed.map(
        one =>
          `${one.minute}\t${one.heap.toFixed(1)} MiB in use\t${one.resident.toFixed(0)} resident\t${one.open} open`,
      ),
      `CPU ${(cpu[0]! + cpu[1]!) / 100} s, ${it.lines('agent').filter(({ point }) => point).length} points`,
    ].join('\n'),
  );

  // Points come in time but where something was wrong, and then as soon as that is over.
  const wrong = new Map([
    [bucket, [away]],
    [repositories.get('nas01'), [unmounted]],
    [repositories.get('full01'), [full]],
  ]);
  const late: string[] = [];
  for (const [vm, url] of repositories) {
    const times = it
      .lines('agent')
      .flatMap(line => (line.vm === vm && line.point ? [(Date.parse(line.point.time) - began) / 60_000] : []))
      .sort((a, b) => a - b);
    expect(minutes - times.at(-1)!, vm).toBeLessThanOrEqual(30);
    for (const [n, time] of times.entries()) {
      const before = times[n - 1] ?? (vm === 'big01' ? time : 0);
      const reason = wrong.get(url)?.find(({ from, to }) => before < to && time > from);
      const until = reason ? Math.max(before + 30, reason.to + 16) : before + 30;
      if (time > until) late.push(`${vm}: ${before.toFixed(0)} to ${time.toFixed(0)}`);
    }
  }
  const missed = late.filter(line => !line.startsWith('big01'));
  const said = it
    .lines('agent')
    .flatMap(({ vm, event, time, point, diagnostics = [] }) =>
      missed.some(line => line.startsWith(`${vm}:`))
        ? [
            [
              vm,
              event,
              ((Date.parse(time) - began) / 60_000).toFixed(1),
              ...(point ? [`point of ${((Date.parse(point.time) - began) / 60_000).toFixed(1)}`] : []),
              ...diagnostics.map(({ code }) => code),
            ].join(' '),
          ]
        : [],
    );
  expect(missed, said.join('\n')).toEqual([]);

  // One message for one cause, whatever the number of VMs, and one when it is over.
  const open = new Map<string, number>();
  for (const { one } of told) {
    if (one.event === 'opened') open.set(one.key, (open.get(one.key) ?? 0) + 1);
    if (one.event === 'recovered') open.set(one.key, open.get(one.key)! - 1);
    expect(open.get(one.key), one.title).toBeLessThanOrEqual(1);
  }
  expect([...open.values()].filter(left => left > 0)).toEqual([]);
  expect(told.length).toBeLessThanOrEqual(24);
  const rules = new Set(told.map(({ one }) => one.rule));
  expect(rules).toContain('repository-gone');
  expect(rules).toContain('never');

  // Nothing is kept that is over.
  const third = weighed.filter(({ minute }) => minute > 100 && minute <= 180);
  const last = weighed.slice(-5);
  expect(median(last.map(one => one.heap))).toBeLessThan(median(third.map(one => one.heap)) + 3);
  // Connections that are in use at that moment are among them.
  expect(median(last.map(one => one.open))).toBeLessThan(median(third.map(one => one.open)) + 16);
  const { lines } = await lab.command({ do: 'show' });
  expect(lines.filter(line => /converge-/.test(line))).toEqual([]);
});
