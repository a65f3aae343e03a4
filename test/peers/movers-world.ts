import type { ChildProcess } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, vi } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { cli } from '../support/cli.ts';
import { freePort } from '../support/free-port.ts';
import { runMark } from '../support/run-mark.ts';
import { endAll, start } from '../support/start.ts';
import { type Line, MoverLog } from './mover-log.ts';
import { proxyOf } from './movers-proxy.ts';
import { folder, run } from './s3-programs.ts';

const minute = 60_000;

interface Mover {
  child: ChildProcess;
  address: string;
  ended: Promise<number | null>;
}

export const dist = resolve(import.meta.dirname, '../../dist');

/** All that Redis holds only for a time is over when the clock of the test is moved. */
const expireAll = `for _, key in ipairs(redis.call('KEYS', 'converge:*')) do
  if redis.call('PTTL', key) > 0 then redis.call('DEL', key) end
end`;

/**
 * One lab with VMs, and processes that share them over a real Redis, each as a machine of its own.
 *
 * @param often VMs that are due every five minutes; the others once an hour
 * @param password of Redis; undefined: there is none, and an agent moves by itself
 */
export async function moversWorld(names: readonly string[], often: readonly string[], password?: string) {
  const dir = folder();
  const clockFile = join(dir, 'clock');
  let ahead = 0;
  /** Whole at any time: a mover that read it half would take the clock for one that was put back. */
  const tellTime = () => {
    writeFileSync(`${clockFile}-next`, String(ahead));
    renameSync(`${clockFile}-next`, clockFile);
  };
  tellTime();
  const now = () => Date.now() + ahead;
  const { sleep } = nodeHost().clock;
  // The time of the store and of vCenter is that of the test, and so is what they hold signatures against.
  const host = { ...nodeHost(), cwd: dir, clock: { now, sleep } };
  const lab = await openLab(join(dir, 'lab'), { host, seeded: false, lockTimeout: 0 });
  const proxy = await proxyOf(lab, join(dir, 'proxy'));
  const { s3 } = lab.settings;
  writeFileSync(join(dir, 'ca.pem'), proxy.vcenter.ca);
  const { username, password: secret } = lab.settings.vsphere;
  const secretOf = (name: string) => `"\${secret('env:${name}')}"`;
  const home = `{ type: vsphere, url: '${proxy.vcenter.url}', username: '${username}', password: ${secretOf('VC')}, ca: ca.pem, limits: { cycles: 40 } }`;
  const dr = `{ type: aws, region: ${lab.settings.region}, endpoint: '${proxy.store}', access_key_id: ${s3.accessKeyId}, secret_access_key: ${secretOf('AWS_KEY')} }`;
  const targets = `targets: { home: ${home}, dr: ${dr} }`;
  const declare = (file: string, rpo: string) => {
    const vms = names.map(name => {
      const every = often.includes(name) ? `5 minutes, rpo: ${rpo}` : '1 hour, rpo: 4h';
      return `    ${name}: { repository: 's3://movers-dr/points', schedule: every ${every} }\n`;
    });
    writeFileSync(join(dir, file), `converge: 1\n${targets}\nresources:\n  protected_vm:\n${vms.join('')}`);
  };
  declare('m.yaml', '1h');
  await mkdir(join(dir, 'empty'));
  await lab.command({ do: 'bucket-content', bucket: 'movers-dr', folder: join(dir, 'empty') });
  for (const name of names) await lab.command({ do: 'add-vm', name, disks: [{ bytes: 2 ** 20 }] });

  const image = join(dir, 'disk.raw');
  const content = Buffer.alloc(2 ** 20);
  let writes = 0;
  /** Each VM has written something since its last point. */
  const write = async (vms: readonly string[]) => {
    for (const name of vms) {
      content.writeUInt32LE(++writes, 4_096 * (writes % 200));
      content.write(`${name} ${writes}`, 65_536 * (writes % 16));
      writeFileSync(image, content);
      await lab.command({ do: 'set-disk', vm: name, index: 0, image });
    }
  };

  const port = await freePort();
  const redisDir = join(dir, 'redis');
  const url = `redis://127.0.0.1:${port}`;
  let redis: ChildProcess;
  const redisCli = (...args: string[]) =>
    run('redis-cli', ['-p', String(port), ...args], { REDISCLI_AUTH: password! });
  const startRedis = async () => {
    await mkdir(redisDir, { recursive: true });
    redis = start(
      'redis-server',
      [
        ...['--bind', '127.0.0.1', '--port', String(port), '--appendonly', 'yes'],
        ...['--dir', redisDir, '--requirepass', password!],
      ],
      { env: { PATH: process.env.PATH, ...runMark }, stdio: 'ignore' },
    );
    await vi.waitFor(() => redisCli('ping'), { timeout: 30_000, interval: 100 });
  };
  /** Its port is free afterwards. */
  const endRedis = async () => {
    const ended = new Promise(done => redis.once('exit', done));
    endAll(redis);
    await ended;
  };
  if (password !== undefined) await startRedis();

  const env = {
    ...{ VC: secret, ...(password !== undefined && { QUEUE: password }), AWS_EC2_METADATA_DISABLED: 'true' },
    AWS_KEY: s3.secretAccessKey,
  };
  const movers = new Map<string, Mover>();
  const logs = new Map<string, MoverLog>();
  /** @param n of its address @param skew by which its clock is wrong, ms @param file of the program */
  const startMover = (
    name: string,
    n: number,
    args: string[],
    { skew = 0, manifests = 'm.yaml', file = join(dist, 'converge.js'), sleeps = '', heap = '' } = {},
  ) => {
    const log = logs.get(name) ?? new MoverLog();
    logs.set(name, log);
    const address = `127.0.0.${10 + n}`;
    const child = start(
      process.execPath,
      [
        // As bin/converge does.
        '--max-semi-space-size=2',
        ...(heap === '' ? [] : ['--expose-gc']),
        ...['--import', resolve(import.meta.dirname, 'movers-preload.mjs'), file, ...args, manifests],
        ...['--state', join(dir, `state-${name}`), '--log-format', 'json'],
        ...(password === undefined ? [] : ['--queue', url, '--queue-password', 'env:QUEUE']),
      ],
      {
        cwd: dir,
        env: {
          ...{ PATH: process.env.PATH, HOME: dir, ...runMark, ...env },
          ...{
            MOVER_CLOCK: clockFile,
            MOVER_SKEW: String(skew),
            MOVER_ADDRESS: address,
            MOVER_SLEEPS: sleeps,
            MOVER_HEAP: heap,
          },
          CONVERGE_RUNTIME_DIRECTORY: join(dir, `run-${name}`),
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    for (const from of [child.stdout!, child.stderr!])
      from.setEncoding('utf8').on('data', piece => log.add(piece as string));
    const ended = new Promise<number | null>(done => child.once('exit', code => done(code)));
    movers.set(name, { child, address, ended });
  };
  const text = (name: string): string => logs.get(name)!.text;
  /** What a mover told, from a place in its log on. */
  const lines = (name: string, from = 0): Line[] => logs.get(name)!.lines(from);
  const codes = (name: string, from = 0): string[] =>
    lines(name, from).flatMap(({ diagnostics = [] }) => diagnostics.map(({ code }) => code));
  /** VMs whose cycles it has begun, and not ended. */
  const at = (name: string, from = 0): string[] => {
    const told = lines(name, from);
    const ended = new Set(told.flatMap(({ event, cycle }) => (event === 'moved' ? [cycle] : [])));
    return told.flatMap(({ event, cycle, vm }) => (event === 'moves' && !ended.has(cycle) ? [vm] : []));
  };
  const all = () => [...movers.keys()].flatMap(name => lines(name).map(line => ({ name, line })));
  /** The newest point of each VM that a mover told of. */
  const newest = () => {
    const found = new Map<string, number>();
    for (const { line } of all())
      if (line.point) found.set(line.vm, Math.max(found.get(line.vm) ?? 0, line.point.generation));
    return found;
  };
  /** Waits until so many of the VMs have a point that they hadn't in `since`. */
  const moved = (vms: readonly string[], count = vms.length, since = new Map<string, number>()) =>
    vi.waitFor(
      () => {
        const now = newest();
        const late = vms.filter(name => (now.get(name) ?? 0) <= (since.get(name) ?? 0));
        expect(vms.length - late.length, `late: ${late}`).toBeGreaterThanOrEqual(count);
        return now;
      },
      { timeout: 180_000, interval: 200 },
    );
  return {
    ...{
      dir,
      targets,
      lab,
      proxy,
      movers,
      lines,
      codes,
      text,
      at,
      all,
      newest,
      moved,
      write,
      declare,
      startMover,
    },
    ...{ redisCli, startRedis, endRedis, redisDir, port, now },
    state: (name: string) => join(dir, `state-${name}`),
    address: (name: string) => movers.get(name)!.address,
    /** Runs a command beside them, at the clock of the test. */
    converge: (...args: string[]) => cli(dir, args, { env, clock: host.clock }),
    async advance(minutes: number) {
      ahead += minutes * minute;
      tellTime();
      if (password !== undefined) await redisCli('eval', expireAll, '0').catch(() => {}); // it may be away
    },
    async end() {
      for (const { child } of movers.values()) endAll(child);
      if (password !== undefined) endAll(redis);
      proxy.close();
      await lab.close();
    },
  };
}
