/**
 * Measures recovery in EC2 against the lab and writes bench/RECOVERY.md: `node bench/recovery.ts
 * [--rounds 5] [--machines 100] [--out FILE]`, after `npm run build`. coldsnap is measured beside it
 * (.ci/peers.d/ec2.sh brings it).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

const scratch = mkdtempSync(join(tmpdir(), 'converge-bench-'));
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
  const converge = [process.execPath, join(import.meta.dirname, '../dist/converge.js')];
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

One machine with one disk: ${one.calls} calls (at most 25); each disk more: ${perDisk.toFixed(1)} (at most 6).

Of one machine: ${counts(one.byAction)}.

## Puts

A disk of 256 MiB of noise into a new snapshot of the lab's EBS direct, which another process serves on the same
cores; ${values.rounds} rounds, one after the other and back again. Whole processes, so that starting counts. The lab writes every
block in every round. converge reads its repository from a folder and checks each block; coldsnap reads a raw file.

| what | MB/s | least-most | MB per second of its CPU | memory, MiB |
|---|---|---|---|---|
${put.rows.map(it => `| ${it.name} | ${it.rate.toFixed(0)} | ${it.least.toFixed(0)}-${it.most.toFixed(0)} | ${it.perCpu.toFixed(0)} | ${it.memory.toFixed(0)} |`).join('\n')}

${put.lines.map(line => `- ${line}`).join('\n')}
`;
}
