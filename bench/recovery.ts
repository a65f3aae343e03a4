/**
 * Measures recovery in EC2 against the lab and writes bench/RECOVERY.md: `node bench/recovery.ts [--part
 * few|many|puts|readiness|times|none] [--rounds 5] [--machines 100] [--scale 10]`, after `npm run build`.
 * coldsnap is measured beside it (.ci/peers.d/ec2.sh brings it). What each part found stays in
 * bench/recovery/measured.json, and the page is made of that: a part can be measured again by itself.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FailoverResult, warmFailover } from './recovery/failovers.ts';
import { puts } from './recovery/puts.ts';
import { readiness } from './recovery/readiness.ts';
import { type Measured, report } from './recovery/report.ts';
import { times } from './recovery/times.ts';

const few = [
  { machines: 1, disks: 1 },
  { machines: 1, disks: 4 },
  { machines: 4, disks: 1 },
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    machines: { type: 'string', default: '100' },
    part: { type: 'string', default: 'all' },
    scale: { type: 'string', default: '10' },
  },
});
if (['all', 'puts'].includes(values.part) && spawnSync('coldsnap', ['--version'], { stdio: 'ignore' }).error)
  throw new Error('coldsnap is not here: .ci/peers.d/ec2.sh brings it');

// In memory where there is such a folder: making 2,000 files a GB says how busy a disk is, and no more.
const inMemory = '/dev/shm';
const scratch = mkdtempSync(join(existsSync(inMemory) ? inMemory : tmpdir(), 'converge-bench-'));
// Locks of what is measured are nobody else's.
process.env.CONVERGE_RUNTIME_DIRECTORY = join(scratch, 'run');
const say = (text: string) => process.stderr.write(`${text}\n`);
const kept = join(import.meta.dirname, 'recovery/measured.json');
const measured: Measured = existsSync(kept) ? (JSON.parse(readFileSync(kept, 'utf8')) as Measured) : {};

/** Measures a part, unless another one was asked for, and keeps what came of it. */
async function part<K extends keyof Measured>(
  name: K,
  measure: () => Promise<NonNullable<Measured[K]>['found']>,
): Promise<void> {
  if (values.part !== 'all' && values.part !== name) return;
  say(`part ${name}`);
  const before = loadavg()[0]!;
  const found = await measure();
  const loads = [before, loadavg()[0]!];
  Object.assign(measured, { [name]: { at: new Date().toISOString().slice(0, 10), loads, found } });
  writeFileSync(kept, `${JSON.stringify(measured, null, 1)}\n`);
}

try {
  await part('few', async () => {
    const found: FailoverResult[] = [];
    for (const [n, world] of few.entries()) found.push(await warmFailover(join(scratch, `few-${n}`), world));
    return found;
  });
  await part('many', () =>
    warmFailover(join(scratch, 'many'), { machines: Number(values.machines), disks: 1, limited: true }),
  );
  await part('readiness', () => readiness(join(scratch, 'readiness'), Number(values.machines), 5));
  await part('times', () => times(join(scratch, 'times'), Number(values.scale), say));
  await part('puts', () => {
    mkdirSync(join(scratch, 'puts'));
    // As bin/converge starts it.
    const converge = ['--max-semi-space-size=2', join(import.meta.dirname, '../dist/converge.js')];
    return puts(join(scratch, 'puts'), [process.execPath, ...converge], Number(values.rounds));
  });
  writeFileSync(join(import.meta.dirname, 'RECOVERY.md'), report(measured));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
