/**
 * When VMs of a dead worker have a point again: `node bench/operation/dead-worker.ts [here]`. An agent,
 * two workers and a Redis, all real, share 12 VMs of a lab. One worker is killed with SIGKILL while it is
 * at two of them. Each is on a machine of its own, by its word, so that nobody can tell that it is
 * dead: its leases have to run out, after five minutes. With `here` they are on one machine. Nothing is
 * asserted; `docs/scaling.md` holds what a run gave.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '../../test/support/free-port.ts';
import { type Mover, moverLab } from './mover-lab.ts';

const isElsewhere = process.argv[2] !== 'here';
const it = await moverLab(12, '2 minutes', '10m');
const port = await freePort();
await mkdir(join(it.cwd, 'redis'));
const redis = spawn(
  'redis-server',
  ['--bind', '127.0.0.1', '--port', `${port}`, '--appendonly', 'yes', '--dir', join(it.cwd, 'redis')],
  { stdio: 'ignore' },
);
const all: Mover[] = [];
const mover = (name: string, kind: string, slots: number): Mover => {
  const queue = ['--queue', `redis://127.0.0.1:${port}`, '--log-format', 'json'];
  const args = [kind, 'm.yaml', '--state', name, '--slots', `${slots}`, ...queue];
  const made = it.start(args, isElsewhere ? name : undefined);
  all.push(made);
  return made;
};
/** VMs that it has been at for so long, ms. */
const atOf = ({ told }: Mover, since: number): string[] => {
  const at = new Map<string, number>();
  for (const { event, vm, at: when } of told)
    if (event === 'moves') at.set(vm!, when);
    else if (event === 'moved') at.delete(vm!);
  return [...at].flatMap(([vm, when]) => (Date.now() - when >= since ? [vm] : []));
};
try {
  await it.run(['apply', 'm.yaml', '--yes', '--state', 'first']);
  const agent = mover('agent', 'agent', 1);
  const [other, dying] = [mover('other', 'worker', 2), mover('dying', 'worker', 2)];
  while (!all.every(({ told }) => told.some(({ event }) => event === 'begins' || event === 'works')))
    await setTimeout(100);
  // Each snapshot takes long, so that it has the leases of its VMs when it dies.
  const times = it.names.length;
  const rule = { kind: 'slow-task', ms: 10_000, method: 'CreateSnapshot_Task', times } as const;
  // One for each VM, and again for the next round if it wasn't at two for so long.
  for (let n = 0; atOf(dying, 3_000).length < 2; n++) {
    if (n % 240 === 0) await it.lab.command({ do: 'fault', on: 'vsphere', rule });
    await setTimeout(500);
  }
  const held = atOf(dying, 3_000);
  dying.child.kill('SIGKILL');
  const died = Date.now();
  console.log(`killed while at ${held.join(' and ')}`);
  const pointOf = (vm: string) =>
    [agent, other]
      .flatMap(({ told }) => told)
      .find(one => one.event === 'moved' && one.vm === vm && one.result === 'made' && one.at > died);
  while (Date.now() - died < 8 * 60_000 && !it.names.every(pointOf)) await setTimeout(500);
  for (const vm of it.names) {
    const point = pointOf(vm);
    const after = point ? `${((point.at - died) / 1000).toFixed(0)} s after` : 'not within 8 min';
    console.log(`  ${vm}${held.includes(vm) ? ' (held)' : ''}: a point ${after}`);
  }
} finally {
  for (const { child } of all) child.kill('SIGTERM');
  await Promise.all(
    all.map(
      ({ child }) => child.exitCode ?? child.signalCode ?? new Promise(done => child.once('exit', done)),
    ),
  );
  redis.kill();
  await (redis.exitCode ?? new Promise(done => redis.once('exit', done)));
  await it.close();
}
