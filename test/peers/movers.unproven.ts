import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test, vi } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { cli } from '../support/cli.ts';
import { runMark } from '../support/run-mark.ts';
import { endAll, start } from '../support/start.ts';
import { proxyOf, STEPS } from './movers-proxy.ts';
import { describeWith, folder, freePort, run } from './s3-programs.ts';

const minute = 60_000;
const names = Array.from({ length: 40 }, (_, n) => `vm${n + 10}`);
/** Those that are due in every round; the others are due once an hour. */
const often = names.slice(0, 8);
const password = 'correct horse battery';

/** One lab with 40 VMs, one agent and 4 workers that share them over a real Redis, and one clock for all. */
async function world() {
  const dir = folder();
  const clockFile = join(dir, 'clock');
  let ahead = 0;
  writeFileSync(clockFile, '0');
  const host = { ...nodeHost(), cwd: dir };
  const lab = await openLab(join(dir, 'lab'), { host, seeded: false, lockTimeout: 0 });
  const proxy = await proxyOf(lab, join(dir, 'proxy'));
  const { s3 } = lab.settings;
  writeFileSync(join(dir, 'ca.pem'), proxy.vcenter.ca);
  const { username, password: secret } = lab.settings.vsphere;
  const home = `{ type: vsphere, url: '${proxy.vcenter.url}', username: '${username}', password: "\${secret('env:VC')}", ca: ca.pem, limits: { cycles: 40 } }`;
  const dr = `{ type: aws, region: ${lab.settings.region}, endpoint: '${proxy.store}' }`;
  const vms = names.map(name => {
    const every = often.includes(name) ? '5 minutes, rpo: 1h' : '1 hour, rpo: 4h';
    return `    ${name}: { repository: 's3://movers-dr/points', schedule: every ${every} }\n`;
  });
  writeFileSync(
    join(dir, 'm.yaml'),
    `converge: 1\ntargets: { home: ${home}, dr: ${dr} }\nresources:\n  protected_vm:\n${vms.join('')}`,
  );
  await mkdir(join(dir, 'empty'));
  await lab.command({ do: 'bucket-content', bucket: 'movers-dr', folder: join(dir, 'empty') });
  for (const name of names) await lab.command({ do: 'add-vm', name, disks: [{ bytes: 2 ** 20 }] });
  const image = join(dir, 'disk.raw');
  let writes = 0;
  /** Each VM has written something since its last point. */
  const write = async () => {
    const content = Buffer.alloc(2 ** 20);
    for (const name of often) {
      content.writeUInt32LE(++writes, 4_096 * (writes % 200));
      content.write(`${name} ${writes}`, 65_536 * (writes % 16));
      writeFileSync(image, content);
      await lab.command({ do: 'set-disk', vm: name, index: 0, image });
    }
  };

  const port = await freePort();
  const redisDir = join(dir, 'redis');
  await mkdir(redisDir);
  const redisOptions = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--appendonly',
    'yes',
    '--dir',
    redisDir,
  ];
  let redis: ChildProcess;
  const redisCli = (...args: string[]) =>
    run('redis-cli', ['-p', String(port), ...args], { REDISCLI_AUTH: password });
  const startRedis = async () => {
    redis = start('redis-server', [...redisOptions, '--requirepass', password], {
      env: { PATH: process.env.PATH, ...runMark },
      stdio: 'ignore',
    });
    await vi.waitFor(() => redisCli('ping'), { timeout: 20_000, interval: 100 });
  };
  await startRedis();

  const env = {
    ...{
      VC: secret,
      QUEUE: password,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    },
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const movers = new Map<string, { child: ChildProcess; log: string; address: string }>();
  const startMover = (name: string, n: number, args: string[], skew = 0) => {
    const log = join(dir, `${name}.log`);
    const address = `127.0.0.${10 + n}`;
    // Machines of their own: each with locks, a state folder and an address of its own.
    const child = start(
      process.execPath,
      [
        ...['--import', resolve(import.meta.dirname, 'movers-preload.mjs')],
        ...[resolve(import.meta.dirname, '../../dist/converge.js'), ...args],
        ...['m.yaml', '--state', join(dir, `state-${name}`)],
        ...['--queue', `redis://127.0.0.1:${port}`, '--queue-password', 'env:QUEUE'],
      ],
      {
        cwd: dir,
        env: {
          ...{ PATH: process.env.PATH, HOME: dir, ...runMark, ...env },
          ...{ MOVER_CLOCK: clockFile, MOVER_SKEW: String(skew), MOVER_ADDRESS: address },
          CONVERGE_RUNTIME_DIRECTORY: join(dir, `run-${name}`),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    for (const from of [child.stdout!, child.stderr!])
      from.on('data', piece => writeFileSync(log, piece as Buffer, { flag: 'a' }));
    movers.set(name, { child, log, address });
  };
  const worker = (n: number) => startMover(`w${n}`, n, ['worker', '--slots', '8'], n === 3 ? 10 * minute : 0);
  const said = (name: string) => {
    const { log } = movers.get(name)!;
    return existsSync(log) ? readFileSync(log, 'utf8') : '';
  };
  /** Runs a command beside them, at the clock of the test. */
  const converge = (...args: string[]) =>
    cli(dir, args, {
      env,
      clock: { now: () => Date.now() + ahead, sleep: host.clock.sleep },
    });
  const advance = async (ms: number) => {
    ahead += ms;
    // First the store: a mover that is ahead of it for a moment would else take it to have a wrong clock.
    await lab.command({ do: 'clock', offset: ahead });
    writeFileSync(clockFile, String(ahead));
  };
  /** The newest point of each VM that a mover told of. */
  const newest = () => {
    const found = new Map<string, number>();
    for (const { log } of movers.values()) {
      const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
      for (const [, vm, point] of text.matchAll(/^(vm\d+): point (\d+),/gm))
        found.set(vm!, Math.max(found.get(vm!) ?? 0, Number(point)));
    }
    return found;
  };
  /** Waits until so many of the VMs have a point that they hadn't in `since`. */
  const moved = (vms: readonly string[], count: number, since = new Map<string, number>()) =>
    vi.waitFor(
      () => {
        const now = newest();
        const fresh = vms.filter(name => (now.get(name) ?? 0) > (since.get(name) ?? 0));
        expect(fresh.length).toBeGreaterThanOrEqual(count);
        return now;
      },
      { timeout: 240_000, interval: 200 },
    );
  const end = async () => {
    for (const { child } of movers.values()) endAll(child);
    endAll(redis);
    proxy.close();
    await lab.close();
  };
  return {
    ...{ dir, lab, proxy, movers, worker, said, converge, advance, write, newest, moved, end, startMover },
    ...{ redisCli, startRedis, redisDir, redis: () => redis },
  };
}

describeWith('many movers over a real Redis', 'redis-server', ['--version'], () => {
  test('whatever dies, stops, is cut off or emptied: every point verifies, none is made twice, and each VM is in time again', async () => {
    const it = await world();
    const { movers, proxy, said } = it;
    const table: string[] = [];
    const address = (name: string) => movers.get(name)!.address;
    try {
      it.startMover('agent', 0, ['agent', '--slots', '4']);
      for (const n of [1, 2, 3, 4]) it.worker(n);
      await it.write();
      let state = await it.moved(names, names.length);

      /** A round: VMs are due, and the lease of whoever was stopped before has run out. */
      const round = async (count: number, begin: () => Promise<void> | void = () => {}) => {
        await it.write();
        await begin();
        await it.advance(7 * minute);
        state = await it.moved(often, count, state);
      };

      // Each step of a cycle. In a round two movers are killed and two are stopped, each at another step.
      for (let n = 0; n < STEPS.length; n += 2) {
        const stepAt = (ahead: number) => STEPS[(n + ahead) % STEPS.length]!;
        const plan = [
          { name: 'w1', step: stepAt(0), signal: 'SIGKILL' },
          { name: 'w2', step: stepAt(1), signal: 'SIGKILL' },
          { name: 'w3', step: stepAt(4), signal: 'SIGSTOP' },
          { name: 'w4', step: stepAt(5), signal: 'SIGSTOP' },
        ] as const;
        const hits = new Set<string>();
        const awake = Promise.withResolvers<void>();
        await round(often.length - plan.length, () => {
          proxy.before = async ({ from, step }) => {
            const hit = plan.find(
              one => address(one.name) === from && one.step === step && !hits.has(one.name),
            );
            if (!hit) return;
            hits.add(hit.name);
            process.kill(movers.get(hit.name)!.child.pid!, hit.signal);
            // What a killed one asked for still happens; what a stopped one asked for, when it is awake.
            if (hit.signal === 'SIGSTOP') await awake.promise;
          };
        });
        const before = new Map(plan.map(({ name }) => [name, said(name).length]));
        for (const { name, signal } of plan)
          if (hits.has(name) && signal === 'SIGKILL') it.worker(Number(name.slice(1)));
        // The next round is later than any lease, and all VMs are moved; then those that were stopped wake.
        await round(often.length, () => {
          proxy.before = async () => {};
        });
        for (const { name, step, signal } of plan) {
          if (!hits.has(name)) continue;
          if (signal === 'SIGSTOP') process.kill(movers.get(name)!.child.pid!, 'SIGCONT');
          else table.push(`${signal} at ${step}`);
        }
        awake.resolve();
        for (const { name, step, signal } of plan) {
          if (!hits.has(name) || signal !== 'SIGSTOP') continue;
          const words = () => /error\[([\w-]+)\]/.exec(said(name).slice(before.get(name)))?.[1];
          await vi.waitFor(() => expect(words()).toBeDefined(), { timeout: 10_000 }).catch(() => {});
          table.push(`${signal} at ${step}, beyond the lease; awake again it says ${words() ?? 'nothing'}`);
        }
      }

      // The queue: killed with its file, killed and empty, full.
      await round(often.length, async () => {
        endAll(it.redis());
        await it.startRedis();
      });
      table.push('Redis killed and started again');
      endAll(it.redis());
      await round(often.length);
      table.push('Redis away for a whole round: the agent moves all in its own slots');
      expect(said('agent').match(/error\[queue-away\]/g)?.length).toBeGreaterThanOrEqual(1);
      rmSync(it.redisDir, { recursive: true });
      await mkdir(it.redisDir);
      await it.startRedis();
      await vi.waitFor(() => expect(said('agent')).toContain('the queue is back'), { timeout: 30_000 });
      await round(often.length);
      table.push('Redis back, and empty');
      await round(often.length, async () => {
        await it.redisCli('config', 'set', 'maxmemory', '1mb');
      });
      expect(said('agent')).toMatch(/memory of the queue at .* is full/);
      await it.redisCli('config', 'set', 'maxmemory', '0');
      table.push('Redis out of memory');

      // One worker is cut off from the store, another one from vCenter.
      await round(often.length, () => {
        proxy.before = async ({ from, side }) => {
          if (side === 'store' && from === address('w1')) throw new Error('cut');
          if (side === 'vcenter' && from === address('w2')) throw new Error('cut');
        };
      });
      proxy.before = async () => {};
      table.push('store cut off for one worker, vCenter for another one');

      // A rolling update: each ends by SIGTERM in the midst of a round, and another one takes its place.
      await round(often.length, async () => {
        for (const n of [1, 2, 3, 4]) {
          const { child } = movers.get(`w${n}`)!;
          const ended = new Promise(done => child.once('exit', done));
          child.kill('SIGTERM');
          await ended;
          it.worker(n);
        }
      });
      table.push('rolling update of all workers');
      const before = it.newest();
      await it.advance(60 * minute);
      await it.moved(names, names.length, before);

      const status = await it.converge('status', 'm.yaml', '--format', 'json');
      const { vms } = JSON.parse(status.stdout) as { vms: { vm: string; state: string }[] };
      expect(vms.filter(({ state: one }) => one !== 'kept')).toEqual([]);
      const verified = await it.converge('verify', 'm.yaml');
      expect(verified.code, verified.stdout + verified.stderr).toBe(0);
      for (const name of names) {
        const { stdout } = await it.converge('points', name, 'm.yaml', '--format', 'json');
        const points = JSON.parse(stdout) as { generation: number; time: string }[];
        const generations = points.map(({ generation }) => generation);
        expect(generations).toEqual(generations.map((_, n) => n + 1));
        expect(new Set(points.map(({ time }) => time)).size).toBe(points.length);
      }
      const { lines } = await it.lab.command({ do: 'show' });
      expect(lines.filter(line => /converge-/.test(line))).toEqual([]);
    } finally {
      console.log(table.map(row => `| ${row} |`).join('\n'));
      if (process.env.MOVERS_LOGS) console.log([...movers.keys()].map(n => `== ${n}\n${said(n)}`).join('\n'));
      await it.end();
    }
  }, 900_000);
});
