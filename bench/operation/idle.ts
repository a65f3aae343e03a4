/**
 * What an agent uses while nothing is due: `node bench/operation/idle.ts [VMS] [MINUTES]`. The built
 * program looks after so many VMs of a lab whose points are new, serves its page, and waits. Every half
 * minute: resident memory and CPU time. Nothing is asserted; `docs/scaling.md` holds what a run gave.
 */
import { setTimeout } from 'node:timers/promises';
import { moverLab, usedBy } from './mover-lab.ts';

const vms = Number(process.argv[2] ?? 200);
const minutes = Number(process.argv[3] ?? 6);
const it = await moverLab(vms, '24 hours', '48h');
try {
  await it.run(['apply', 'm.yaml', '--yes', '--state', 'first']);
  const agent = it.start([
    ...['agent', 'm.yaml', '--state', 'agent', '--log-format', 'json', '--listen', '127.0.0.1:0'],
  ]);
  const pid = agent.child.pid!;
  while (!agent.told.some(({ event }) => event === 'begins')) await setTimeout(200);
  const begun = await usedBy(pid);
  console.log(
    `${vms} VMs: it begins after ${begun.cpu} ms of CPU, ${begun.resident.toFixed(0)} MiB resident`,
  );
  let [before, at] = [begun, Date.now()];
  for (let n = 1; n <= minutes * 2; n++) {
    await setTimeout(30_000);
    const now = await usedBy(pid);
    const share = (100 * (now.cpu - before.cpu)) / (Date.now() - at);
    console.log(
      `  ${n / 2} min: ${now.resident.toFixed(0)} MiB resident (${now.peak.toFixed(0)} at most), ${share.toFixed(2)} % of a core`,
    );
    [before, at] = [now, Date.now()];
  }
  const whole = (100 * (before.cpu - begun.cpu)) / (minutes * 60_000);
  const moved = agent.told.filter(({ event }) => event === 'moved').length;
  console.log(`  ${whole.toFixed(2)} % of a core over ${minutes} min; ${moved} cycles ran meanwhile`);
  agent.child.kill('SIGTERM');
  await new Promise(done => agent.child.once('exit', done));
} finally {
  await it.close();
}
