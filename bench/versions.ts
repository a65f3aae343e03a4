/**
 * Measures two checkouts of converge side by side: `node bench/versions.ts BEFORE AFTER [--rounds 9]`. Both
 * must be built. Each works on files of its own, so that neither meets the other's state; the rounds are
 * interleaved.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Contender, measure, medians, type Sample } from './measure.ts';
import { fileWorld, mistakes } from './worlds.ts';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '9' } },
  allowPositionals: true,
});
const [before, after] = positionals.map(path => join(resolve(path), 'bin/converge'));
if (before === undefined || after === undefined)
  throw new Error('say two checkouts: node bench/versions.ts BEFORE AFTER');

/** What one checkout is asked to do, always in the same order. */
function work(dir: string, converge: string): Contender[] {
  const run = (name: string, cwd: string, ...args: string[]): Contender => ({
    name,
    command: [converge, ...args],
    cwd,
  });
  const files = (count: number) => fileWorld(join(dir, `files-${count}`), count).dir;
  const [ten, thousand, many] = [files(10), files(1000), files(10_000)];
  const first = fileWorld(join(dir, 'first'), 1000).dir;
  for (const cwd of [ten, thousand]) {
    const { status, stderr } = spawnSync(converge, ['apply', 'manifests'], { cwd, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${converge} could not prepare ${cwd}: ${stderr}`);
  }
  return [
    run('version', dir, '--version'),
    run('validate 1000', thousand, 'validate', 'manifests'),
    run('converged 10', ten, 'apply', 'manifests'),
    run('converged 1000', thousand, 'apply', 'manifests'),
    run('plan 1000', thousand, 'plan', 'manifests'),
    run('plan 10000', many, 'plan', 'manifests'),
    {
      ...run('first 1000', first, 'apply', 'manifests'),
      before() {
        rmSync(join(first, 'files'), { recursive: true, force: true });
        mkdirSync(join(first, 'files'));
      },
    },
    { ...run('200 mistakes', mistakes(join(dir, 'mistakes'), 200).dir, 'validate', 'manifests'), exit: 1 },
  ];
}

const scratch = mkdtempSync(join(tmpdir(), 'converge-'));
try {
  mkdirSync(join(scratch, 'a'));
  mkdirSync(join(scratch, 'b'));
  const sides = [work(join(scratch, 'a'), before), work(join(scratch, 'b'), after)] as const;
  const samples = new Map<Contender, Sample[]>(sides.flat().map(one => [one, []]));
  for (const one of samples.keys()) measure(one, scratch);
  const loads = [loadavg()[0]!];
  for (let round = 0; round < Number(values.rounds); round++) {
    // Whoever goes first finds the caches as the neighbour left them: the sides take turns at it.
    for (const [i, one] of sides[0].entries())
      for (const side of round % 2 === 0 ? [one, sides[1][i]!] : [sides[1][i]!, one])
        samples.get(side)!.push(measure(side, scratch));
    loads.push(loadavg()[0]!);
  }
  process.stdout.write(`${values.rounds} rounds, load ${Math.min(...loads)} to ${Math.max(...loads)}\n`);
  process.stdout.write(
    '| what | before: ms, CPU ms, MiB | after | ratio: clock, CPU, memory |\n| --- | --- | --- | --- |\n',
  );
  const said = ({ wall, cpu, memory }: Sample) =>
    `${wall.toFixed(0)}, ${cpu.toFixed(0)}, ${(memory / 2 ** 20).toFixed(0)}`;
  for (const [i, one] of sides[0].entries()) {
    const [old, now] = [medians(samples.get(one)!), medians(samples.get(sides[1][i]!)!)];
    const ratios = [now.wall / old.wall, now.cpu / old.cpu, now.memory / old.memory];
    process.stdout.write(
      `| ${one.name} | ${said(old)} | ${said(now)} | ${ratios.map(ratio => ratio.toFixed(2)).join(', ')} |\n`,
    );
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
