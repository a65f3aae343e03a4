/** The page of bench/recovery.ts. */
import { cpus } from 'node:os';
import type { FailoverResult } from './failovers.ts';
import type { PutResults } from './puts.ts';
import type { ReadinessResult } from './readiness.ts';
import { type TimesResult, timesSection } from './times-report.ts';

/** What one part found, when, and the load average before and after. */
interface Part<T> {
  at: string;
  loads: number[];
  found: T;
}

export interface Measured {
  few?: Part<FailoverResult[]>;
  many?: Part<FailoverResult>;
  puts?: Part<PutResults>;
  readiness?: Part<ReadinessResult>;
  times?: Part<TimesResult>;
}

const whenOf = ({ at, loads }: Part<unknown>): string =>
  `${at} (load average ${loads.map(load => load.toFixed(1)).join(' to ')})`;

/** The page. Throws when a part was never measured. */
export function report({ few, many, puts, readiness, times }: Measured): string {
  if (!few || !many || !puts || !readiness || !times)
    throw new Error('each part has to be measured once before there is a page');
  const failovers = [...few.found, many.found];
  const put = puts.found;
  const last = many.found;
  const [one, four] = failovers as [FailoverResult, FailoverResult];
  const [ours, theirs] = put.rows as [PutResults['rows'][number], PutResults['rows'][number]];
  const met = (isMet: boolean) => (isMet ? 'met' : '**missed**');
  const ready = readiness.found;
  const middle = (of: 'seconds' | 'cpu') =>
    ready.known.map(one => one[of]).toSorted((a, b) => a - b)[ready.known.length >> 1]!;
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

Made by \`node bench/recovery.ts\`, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores: the failovers of few machines
on ${whenOf(few)}, of many on ${whenOf(many)}, the puts on ${whenOf(puts)}. Whatever ran beside
it is in the times by the clock and, since the cores are shared, in the CPU seconds (up to twice those of a quiet
machine); it isn't in the counts. Under load a program of many threads gets a larger share than one of a single thread. All of it against the lab, never AWS.

## Failovers to warm points

\`failover PLAN --test\`, from the command to its end, all probes passed. Calls are counted on the wire, S3's not among
them; bytes of packs are those that S3 answered with. The last row's calls went through the buckets of tokens that
AWS documents for an account (\`bench/recovery/account.ts\` names the source of each), by the real clock; what they
refused at first is told, and was asked for again.

| machines | disks each | calls | bytes of packs | seconds | refused at first |
|---|---|---|---|---|---|
${rows.join('\n')}

One machine with one disk: ${one.calls} calls (at most 25: ${met(one.calls <= 25)}); each disk more: ${perDisk.toFixed(1)} (at most 6: ${met(perDisk <= 6)}).
No byte of packs: ${met(failovers.every(({ packs }) => packs === 0))}. ${last.machines} machines in one plan within the account's limits: ${met(Object.keys(last.refused).length === 0)}.

Of one machine: ${counts(one.byAction)}.

Of ${last.machines}: ${counts(last.byAction)}.

${timesSection(times.found, whenOf(times))}
## Readiness

\`converge readiness PATHS\` of ${ready.machines} targets, half of them Debian and half Windows, each with one disk of some MiB whose
point was just made; from the command to its end, in one process with the lab, whose CPU time is counted with it. Measured ${whenOf(readiness)}.

| what is known before | seconds | of CPU | bytes read of packs |
|---|---|---|---|
| nothing | ${ready.cold.seconds.toFixed(1)} | ${ready.cold.cpu.toFixed(1)} | ${ready.packs} |
| every finding, by the ids of its blocks | ${middle('seconds').toFixed(1)}, median of ${ready.known.map(({ seconds }) => seconds.toFixed(1)).join(', ')} | ${middle('cpu').toFixed(1)} | 0 |

At most 10 s with findings known: ${met(middle('seconds') <= 10)}, and of CPU: ${met(middle('cpu') <= 10)}. That asked AWS ${ready.calls} times, S3 ${ready.s3} times.

## Puts of a cycle

Exactly the blocks of 512 KiB that changed, StartSnapshot and CompleteSnapshot for each disk: counted by
\`test/recovery/calls.test.ts\` on the wire.

## The rate of puts

A disk of 512 MiB of noise into a new snapshot of the lab's EBS direct, which another process serves on the same
cores; ${put.loads.length / 2} rounds, one after the other and back again. Whole processes, so that starting counts, and converge's
waiting until the snapshot is complete, too. The lab writes every block in every round. converge reads its repository
from a folder and checks each block; coldsnap reads a raw file. Everything lies in memory. Medians; seconds of CPU are
for 10^9 bytes.

| what | MB/s | least-most | CPU s/GB | of the lab, s/GB | memory, MiB |
|---|---|---|---|---|---|
${put.rows.map(it => `| ${it.name} | ${it.rate.toFixed(0)} | ${it.least.toFixed(0)}-${it.most.toFixed(0)} | ${it.cpu.toFixed(2)} | ${it.lab.toFixed(2)} | ${it.memory.toFixed(0)} |`).join('\n')}

- load average of these rounds: ${Math.min(...put.loads).toFixed(1)} to ${Math.max(...put.loads).toFixed(1)}
- converge to coldsnap: ${(ours.rate / theirs.rate).toFixed(2)} of its rate, ${(ours.cpu / theirs.cpu).toFixed(2)} of its CPU time; ahead of it in ${put.ahead} of ${put.loads.length / 2} rounds
- at least 150 MB/s: ${met(ours.rate >= 150)}; ahead of coldsnap: ${met(ours.rate > theirs.rate)}

Where converge's CPU time goes: ${put.parts.map(({ part, share }) => `${part} ${(share * 100).toFixed(0)} %`).join('; ')}.

## Memory

| disk | MiB | seconds |
|---|---|---|
${put.disks.map(it => `| ${it.name} | ${it.memory.toFixed(0)} | ${it.seconds.toFixed(1)} |`).join('\n')}

At most 300 MiB: ${met(put.disks.every(({ memory }) => memory <= 300) && ours.memory <= 300)}.
`;
}
