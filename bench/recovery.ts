/**
 * Measures recovery in EC2 against the lab and writes bench/RECOVERY.md: `node bench/recovery.ts
 * [--rounds 5] [--machines 100] [--out FILE]`, after `npm run build`. coldsnap is measured beside it
 * (.ci/peers.d/ec2.sh brings it).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FailoverResult, warmFailover } from './recovery/failovers.ts';
import { type PutResults, puts } from './recovery/puts.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    machines: { type: 'string', default: '100' },
    out: { type: 'string', default: join(import.meta.dirname, 'RECOVERY.md') },
  },
});
if (spawnSync('coldsnap', ['--version'], { stdio: 'ignore' }).error)
  throw new Error('coldsnap is not here: .ci/peers.d/ec2.sh brings it');

// In memory where there is such a folder: making 2,000 files a GB says how busy a disk is, and no more.
const inMemory = '/dev/shm';
const scratch = mkdtempSync(join(existsSync(inMemory) ? inMemory : tmpdir(), 'converge-bench-'));
// Locks of what is measured are nobody else's.
process.env.CONVERGE_RUNTIME_DIRECTORY = join(scratch, 'run');
try {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const loads = [loadavg()[0]!];
  const failovers: FailoverResult[] = [];
  const many = Number(values.machines);
  for (const [n, world] of [
    { machines: 1, disks: 1 },
    { machines: 1, disks: 4 },
    { machines: 4, disks: 1 },
    { machines: many, disks: 1, limited: true },
  ].entries()) {
    say(`a warm failover of ${world.machines} with ${world.disks}`);
    failovers.push(await warmFailover(join(scratch, `failover-${n}`), world));
    loads.push(loadavg()[0]!);
  }
  say('puts');
  mkdirSync(join(scratch, 'puts'));
  // As bin/converge starts it.
  const converge = [
    process.execPath,
    '--max-semi-space-size=2',
    join(import.meta.dirname, '../dist/converge.js'),
  ];
  const put = await puts(join(scratch, 'puts'), converge, Number(values.rounds));
  loads.push(loadavg()[0]!);
  const text = report(failovers, put, loads);
  writeFileSync(values.out, text);
  process.stdout.write(text);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function report(failovers: FailoverResult[], put: PutResults, loads: number[]): string {
  const [one, four] = failovers as [FailoverResult, FailoverResult];
  const [ours, theirs] = put.rows as [PutResults['rows'][number], PutResults['rows'][number]];
  const last = failovers.at(-1)!;
  const met = (isMet: boolean) => (isMet ? 'met' : '**missed**');
  const perDisk = (four.calls - one.calls) / (four.disks - one.disks);
  const counts = (of: Record<string, number>) =>
    Object.entries(of)
      .map(([what, count]) => `${what} ${count}`)
      .join(', ') || 'none';
  const rows = failovers.map(
    it =>
      `| ${it.machines} | ${it.disks} | ${it.calls} | ${it.packs} | ${it.seconds.toFixed(1)} | ${counts(it.refused)} |`,
  );
  return `# Recovery in EC2, measured

Made by \`node bench/recovery.ts\`, ${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, load average ${Math.min(...loads).toFixed(1)} to
${Math.max(...loads).toFixed(1)}: whatever ran beside it is in the times, not in the counts. All of it against the lab, never AWS.

## Failovers to warm points

\`failover PLAN --test\`, from the command to its end, all probes passed. Calls are counted on the wire, S3's not among
them; bytes of packs are those that S3 answered with. The last row's calls went through buckets of tokens as an account
is believed to have them (\`bench/recovery/account.ts\`); what they refused at first is told, and was asked for again.

| machines | disks each | calls | bytes of packs | seconds | refused at first |
|---|---|---|---|---|---|
${rows.join('\n')}

One machine with one disk: ${one.calls} calls (at most 25: ${met(one.calls <= 25)}); each disk more: ${perDisk.toFixed(1)} (at most 6: ${met(perDisk <= 6)}).
No byte of packs: ${met(failovers.every(({ packs }) => packs === 0))}. ${values.machines} machines in one plan within the account's limits: ${met(Object.keys(last.refused).length === 0)}.

Of one machine: ${counts(one.byAction)}.

Of ${values.machines}: ${counts(last.byAction)}.

## Puts of a cycle

Exactly the blocks of 512 KiB that changed, StartSnapshot and CompleteSnapshot for each disk: counted by
\`test/recovery/calls.test.ts\` on the wire.

## The rate of puts

A disk of 512 MiB of noise into a new snapshot of the lab's EBS direct, which another process serves on the same
cores; ${values.rounds} rounds, one after the other and back again. Whole processes, so that starting counts, and converge's
waiting until the snapshot is complete, too. The lab writes every block in every round. converge reads its repository
from a folder and checks each block; coldsnap reads a raw file. Everything lies in memory. Medians; seconds of CPU are
for 10^9 bytes.

| what | MB/s | least-most | CPU s/GB | of the lab, s/GB | memory, MiB |
|---|---|---|---|---|---|
${put.rows.map(it => `| ${it.name} | ${it.rate.toFixed(0)} | ${it.least.toFixed(0)}-${it.most.toFixed(0)} | ${it.cpu.toFixed(2)} | ${it.lab.toFixed(2)} | ${it.memory.toFixed(0)} |`).join('\n')}

- load average of these rounds: ${Math.min(...put.loads).toFixed(1)} to ${Math.max(...put.loads).toFixed(1)}
- converge to coldsnap: ${(ours.rate / theirs.rate).toFixed(2)} of its rate, ${(ours.cpu / theirs.cpu).toFixed(2)} of its CPU time; ahead of it in ${put.ahead} of ${values.rounds} rounds
- at least 150 MB/s: ${met(ours.rate >= 150)}; ahead of coldsnap: ${met(ours.rate > theirs.rate)}

Where converge's CPU time goes: ${put.parts.map(({ part, share }) => `${part} ${(share * 100).toFixed(0)} %`).join('; ')}.

## Memory

| disk | MiB | seconds |
|---|---|---|
${put.disks.map(it => `| ${it.name} | ${it.memory.toFixed(0)} | ${it.seconds.toFixed(1)} |`).join('\n')}

At most 300 MiB: ${met(put.disks.every(({ memory }) => memory <= 300) && ours.memory <= 300)}.
`;
}
