import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { plural } from '../../src/io/units.ts';
import { bullQueue } from '../../src/queue/bull-queue.ts';
import { endAll } from '../support/start.ts';
import type { Line } from './mover-log.ts';
import { STEPS, type Step } from './movers-proxy.ts';
import { dist, moversWorld } from './movers-world.ts';
import { describeWith } from './s3-programs.ts';

const names = Array.from({ length: 40 }, (_, n) => `vm${n + 10}`);
/** Those that are written to and looked at in every round. */
const often = names.slice(0, 12);
const password = 'correct horse battery';
const workers = [1, 2, 3, 4];
const waiting = { timeout: 120_000, interval: 100 };

const codesOf = ({ diagnostics = [] }: Line): string[] => diagnostics.map(({ code }) => code);

/** A mover that is to die, or to stop, at a step of a cycle. */
interface Fault {
  signal: 'SIGKILL' | 'SIGSTOP';
  step: Step;
}
interface Hit extends Fault {
  name: string;
  n: number;
}

describeWith('many movers over a real Redis', 'redis-server', ['--version'], () => {
  let it: Awaited<ReturnType<typeof moversWorld>>;
  let state = new Map<string, number>();
  const table: string[][] = [];
  const row = (...cells: string[]) => void table.push(cells);
  /** The worker that is at each address now. */
  const current = new Map<number, string>();

  /** The clock of the third is ten minutes ahead. */
  const skewOf = (n: number) => (n === 3 ? 10 * 60_000 : 0);
  let started = 0;
  const worker = async (n: number, file?: string) => {
    const name = `w${n}.${++started}`;
    it.startMover(name, n, ['worker', '--slots', '2'], { skew: skewOf(n), ...(file && { file }) });
    current.set(n, name);
    await ready(name, 'works');
    return name;
  };
  const ready = (name: string, event: string) =>
    vi.waitFor(
      () =>
        expect(
          it.lines(name).map(line => line.event),
          it.text(name),
        ).toContain(event),
      waiting,
    );
  const live = () => ['agent', ...current.values()];

  /** VMs are due, and the lease of whoever was stopped before has run out. */
  const round = async (begin: () => unknown = () => {}) => {
    await it.write(often);
    await begin();
    await it.advance(7);
    state = await it.moved(often, often.length, state);
  };
  /** No mover that lives is at a VM. */
  const quiet = (but: readonly string[] = []) =>
    vi.waitFor(() => {
      const busy = live().flatMap(name => (but.includes(name) ? [] : it.at(name)));
      expect(busy).toEqual([]);
    }, waiting);
  const noSnapshots = async () => {
    const { lines } = await it.lab.command({ do: 'show' });
    expect(lines.filter(line => /converge-/.test(line))).toEqual([]);
  };

  /** One round in which each worker meets a fault at its step, and one in which all VMs are in time again. */
  const faultyRound = async (faults: readonly Fault[]): Promise<Fault[]> => {
    const plan = faults.map((fault, at): Hit => {
      const n = workers[at]!;
      return { ...fault, n, name: current.get(n)! };
    });
    const hits: Hit[] = [];
    const awake = Promise.withResolvers<void>();
    it.proxy.before = async ({ from, step }) => {
      const hit = plan.find(one => it.address(one.name) === from && one.step === step);
      if (!hit || hits.includes(hit)) return;
      hits.push(hit);
      process.kill(it.movers.get(hit.name)!.child.pid!, hit.signal);
      // What a killed one asked for still happens; what a stopped one asked for, when it is awake.
      if (hit.signal === 'SIGSTOP') await awake.promise;
    };
    await it.write(often);
    const before = state;
    await it.advance(7);
    await vi.waitFor(() => {
      const now = it.newest();
      const held = hits.flatMap(({ name }) => it.at(name));
      const left = often.filter(vm => !held.includes(vm) && now.get(vm)! <= before.get(vm)!);
      expect(left).toEqual([]);
    }, waiting);
    it.proxy.before = async () => {};
    await quiet(hits.map(({ name }) => name));
    const stuck = hits.map(hit => ({ hit, vms: it.at(hit.name), from: it.text(hit.name).length }));
    for (const { n, signal } of hits) if (signal === 'SIGKILL') await worker(n);
    await round();
    for (const { name, signal } of hits)
      if (signal === 'SIGSTOP') process.kill(it.movers.get(name)!.child.pid!, 'SIGCONT');
    awake.resolve();
    await quiet();
    for (const { hit, vms, from } of stuck) {
      const { signal, step, name } = hit;
      const isNext = (vm: string) => (line: Line) =>
        line.vm === vm && (line.point?.generation ?? 0) > before.get(vm)!;
      const next = vms.map(vm => it.all().find(one => one.name !== name && isNext(vm)(one.line)));
      expect(next).not.toContain(undefined);
      const removed = next.filter(one => codesOf(one!.line).includes('orphan-removed')).length;
      const woke = vms.map(vm => it.lines(name, from).find(line => line.event === 'moved' && line.vm === vm));
      const words = new Set(woke.map(line => (line ? (codesOf(line)[0] ?? line.result) : 'nothing')));
      row(
        signal === 'SIGKILL' ? '`kill -9`' : '`SIGSTOP` beyond the lease',
        step,
        `others made the next points of ${plural(vms.length, 'VM')}, and removed ${plural(removed, 'snapshot')} of it`,
        signal === 'SIGKILL' ? '' : `it says ${[...words].map(word => `\`${word}\``).join(', ')}`,
      );
    }
    await noSnapshots();
    return plan.filter(one => !hits.includes(one));
  };

  beforeAll(async () => {
    it = await moversWorld(names, often, password);
    it.startMover('agent', 0, ['agent', '--slots', '1']);
    await it.write(names);
    await ready('agent', 'begins');
    await Promise.all(workers.map(n => worker(n)));
    state = await it.moved(names);
    await quiet();
  });
  afterAll(async () => {
    console.log(table.map(cells => `| ${cells.join(' | ')} |`).join('\n'));
    if (process.env.MOVERS_LOGS) for (const name of it.movers.keys()) console.log(name, it.text(name));
    await it.end();
  });

  afterEach(() => {
    it.proxy.before = async () => {};
  });

  test('killed or stopped beyond its lease in any step of a cycle, a mover costs no point and leaves nothing', async () => {
    const half = STEPS.length / 2;
    // Neighbours in a list of four are killed and stopped at different steps.
    let faults = STEPS.flatMap((step, n): Fault[] => [
      { signal: 'SIGKILL', step },
      { signal: 'SIGSTOP', step: STEPS[(n + Math.floor(half)) % STEPS.length]! },
    ]);
    const tries = faults.length;
    for (let n = 0; faults.length > 0 && n < tries; n++)
      faults = [...faults.slice(4), ...(await faultyRound(faults.slice(0, 4)))];
    expect(faults).toEqual([]);
  });

  test('with the queue killed, away, emptied or full, and with movers that are cut off, all VMs stay in time', async () => {
    await it.endRedis();
    await it.startRedis();
    await round();
    row('Redis killed, and started again with its file', '', 'it goes on', 'yes');

    await it.endRedis();
    await round();
    expect(it.codes('agent')).toContain('queue-away');
    row('Redis away for a whole round', '', '`queue-away`; the agent moves all in its own slot', 'yes');
    rmSync(it.redisDir, { recursive: true });
    await it.startRedis();
    const back = () => it.lines('agent').findLast(({ event }) => event === 'queue')?.diagnostics;
    await vi.waitFor(() => expect(back()).toEqual([]), waiting);
    await round();
    row('Redis back, and empty', '', 'what is due is offered anew', 'yes');

    await round(() => it.redisCli('config', 'set', 'maxmemory', '1mb'));
    expect(back()).toMatchObject([{ message: expect.stringContaining('is full') }]);
    const times = it.codes('agent').filter(code => code === 'queue-away').length;
    await round();
    expect(it.codes('agent').filter(code => code === 'queue-away')).toHaveLength(times);
    await it.redisCli('config', 'set', 'maxmemory', '0');
    await vi.waitFor(() => expect(back()).toEqual([]), waiting);
    row('Redis out of memory', '', '`queue-away`; the agent moves all in its own slot', 'yes');

    await round(() => {
      const [one, two] = [it.address(current.get(1)!), it.address(current.get(2)!)];
      it.proxy.before = async ({ from, side }) => {
        if ((side === 'store' && from === one) || (side === 'vcenter' && from === two))
          throw new Error('cut');
      };
    });
    it.proxy.before = async () => {};
    const cut = [1, 2].map(n =>
      [...new Set(it.codes(current.get(n)!).filter(code => /^(aws|vsphere)-/.test(code)))]
        .map(code => `\`${code}\``)
        .join(', '),
    );
    row('store cut off for one worker, vCenter for another', '', `they say ${cut.join(' and ')}`, 'yes');
    await quiet();
  });

  test('ended by SIGTERM in the midst of a cycle a worker undoes it, and drained it ends it; both are 0', async () => {
    await quiet();
    const [stopped, drained] = [current.get(3)!, current.get(4)!];
    const held = Promise.withResolvers<void>();
    const reached = new Set<string>();
    it.proxy.before = async ({ from, step }) => {
      if (step !== 'read' || ![stopped, drained].some(name => it.address(name) === from)) return;
      reached.add(from);
      await held.promise;
    };
    await it.write(often);
    await it.advance(7);
    await vi.waitFor(() => expect(reached.size).toBe(2), waiting);
    const from = it.text(stopped).length;
    expect(it.at(stopped)).not.toEqual([]);
    it.movers.get(stopped)!.child.kill('SIGTERM');
    const draining = it.converge('agent', 'drain', '--state', it.state(drained));
    expect(await it.movers.get(stopped)!.ended, it.text(stopped)).toBe(0);
    held.resolve();
    expect(await it.movers.get(drained)!.ended, it.text(drained)).toBe(0);
    expect((await draining).code).toBe(0);
    const how = [stopped, drained].map(name => [it.lines(name).at(-1)?.how, it.at(name)]);
    expect(how).toEqual([
      ['stopped', []],
      ['drained', []],
    ]);
    // All of these are read, and no reading of its came to an end.
    expect(it.lines(stopped, from).filter(({ vm, point }) => point && often.includes(vm))).toEqual([]);
    it.proxy.before = async () => {};
    for (const n of [3, 4]) await worker(n);
    state = await it.moved(often, often.length, state);
    await quiet();
    await noSnapshots();
    row(
      'SIGTERM for one worker, `drain` for another',
      'read',
      'the one undoes its cycles, the other ends them',
    );
  });

  test('replaced one by one by another version the workers stay in time; what is garbled or declared otherwise is said once', async () => {
    await quiet();
    const other = join(it.dir, 'other');
    cpSync(dist, other, { recursive: true });
    for (const chunk of readdirSync(join(other, 'chunks')).filter(name => name.endsWith('.js'))) {
      const file = join(other, 'chunks', chunk);
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace(/(version: )"\d+\.\d+\.\d+"/, '$1"99.0.0"'));
    }
    for (const n of workers) {
      const { child, ended } = it.movers.get(current.get(n)!)!;
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      await worker(n, join(other, 'converge.js'));
      await round();
    }
    const said = live().flatMap(name =>
      it
        .lines(name)
        .flatMap(({ diagnostics = [] }) =>
          diagnostics.flatMap(({ code, message }) =>
            code === 'queue-other-version' ? `${name} ${message}` : [],
          ),
        ),
    );
    expect(said).not.toEqual([]);
    expect(new Set(said).size).toBe(said.length);
    row('workers replaced one by one by another version', '', '`queue-other-version` once for each', 'yes');

    await quiet();
    const { redisCli, port, declare } = it;
    const key = await redisCli('--raw', 'keys', 'converge:*-usual:meta');
    const domain = /^converge:(.*)-usual:meta$/m.exec(key)![1]!;
    const strange = bullQueue({
      ...{ host: '127.0.0.1', port, user: undefined, password, mover: 'x' },
      ...{ isEncrypted: false, ca: undefined },
    });
    await strange.add({ domain, lane: 'usual' }, { wake: 1, vm: 7 } as never, 'strange', 1);
    await strange.close();
    declare('other.yaml', '2h');
    it.startMover('w9', 9, ['worker', '--slots', '2'], { manifests: 'other.yaml' });
    await ready('w9', 'works');
    await round();
    const all = () => [...live(), 'w9'].flatMap(name => it.codes(name));
    await vi.waitFor(() => expect(all()).toContain('queue-garbled'), waiting);
    expect(it.lines('w9').filter(({ event }) => event === 'moves')).toEqual([]);
    expect(it.codes('w9').filter(code => code === 'queue-other-manifests')).toHaveLength(1);
    row('a garbled wake-up', '', '`queue-garbled`, taken out', 'yes');
    row('a worker with other manifests', '', '`queue-other-manifests` once; it moves nothing', 'yes');
    endAll(it.movers.get('w9')!.child);
    await it.movers.get('w9')!.ended;
  });

  test('every point verifies, no snapshot was made two of, none is left, and each VM is in time', async () => {
    const before = it.newest();
    await it.advance(60);
    await it.moved(names, names.length, before);
    await quiet();
    await noSnapshots();
    const status = await it.converge('status', 'm.yaml', '--format', 'json');
    expect(status.code, status.stderr).toBe(0);
    const { vms } = JSON.parse(status.stdout) as { vms: { vm: string; state: string }[] };
    expect(vms.filter(({ state: one }) => one !== 'kept')).toEqual([]);
    const verified = await it.converge('verify', 'm.yaml');
    expect(verified.code, verified.stdout + verified.stderr).toBe(0);
    for (const name of names) {
      const { stdout } = await it.converge('points', name, 'm.yaml', '--format', 'json');
      const points = JSON.parse(stdout) as { generation: number; time: string }[];
      expect(points.map(({ generation }) => generation)).toEqual(points.map((_, n) => n + 1));
      expect(new Set(points.map(({ time }) => time)).size).toBe(points.length);
    }
  });
});
