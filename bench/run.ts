/**
 * Measures converge beside Puppet and OpenTofu and writes bench/RESULTS.md:
 * `node bench/run.ts [--rounds 7] [--heavy 3] [--out FILE]`. bench/peers/install.sh brings the peers.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure, type Sample } from './measure.ts';
import { report } from './report.ts';
import { prepare, targets } from './suite.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    heavy: { type: 'string', default: '3' },
    out: { type: 'string', default: join(import.meta.dirname, 'RESULTS.md') },
  },
});
const rounds = { light: Number(values.rounds), heavy: Number(values.heavy) };
const root = join(import.meta.dirname, '..');

// A setting of this machine's user that names providers to fetch is not a part of the work.
delete process.env.TF_CLI_CONFIG_FILE;

const versionOf = (program: string, ...args: string[]): string | undefined => {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim().split('\n')[0]! : undefined;
};
const puppet = versionOf('puppet', '--version');
const tofu = versionOf('tofu', 'version');
for (const [name, version] of Object.entries({ puppet, tofu }))
  if (version === undefined)
    process.stderr.write(`${name} IS NOT HERE: its targets are not measured (bench/peers/install.sh)\n`);
if (!existsSync(join(root, 'dist/converge.js'))) throw new Error('not built: run `npm run build` first');

const scratch = mkdtempSync(join(tmpdir(), 'converge-bench-'));
try {
  const cases = prepare(scratch, root, { puppet: puppet !== undefined, tofu: tofu !== undefined });
  // Once before it counts: caches of code and of files are warm for everybody.
  for (const one of cases) measure(one, scratch);
  const samples = new Map<string, Sample[]>(cases.map(({ name }) => [name, []]));
  const loads = [loadavg()[0]!];
  const last = Math.max(rounds.light, rounds.heavy);
  for (let round = 0; round < last; round++) {
    process.stderr.write(`round ${round + 1} of ${last}\n`);
    // There and back again, so that nobody always runs after the same neighbour.
    for (const one of round % 2 === 0 ? cases : cases.toReversed())
      if (round < rounds[one.weight]) samples.get(one.name)!.push(measure(one, scratch));
    loads.push(loadavg()[0]!);
  }
  const cores = cpus().length;
  const load = `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
  // One program alone, with the threads that collect its garbage, is a load of up to 1.7.
  const busy =
    Math.max(...loads) > 2 ? ', so other work ran beside it and the clock says less than CPU time' : '';
  const text = report({
    samples,
    targets,
    about: [
      `${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cores} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${release()}`,
      `load average ${load} on ${cores} cores${busy}`,
      `converge on Node ${process.versions.node}; Puppet ${puppet ?? 'not installed'}; ${tofu ?? 'OpenTofu not installed'}`,
    ],
  });
  writeFileSync(values.out, text);
  process.stdout.write(text);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
