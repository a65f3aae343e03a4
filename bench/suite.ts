/** What is measured, and what each measurement has to show. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Sample } from './measure.ts';
import { type FileWorld, fileWorld, mistakes, puppetManifest, tofuWorld } from './worlds.ts';

/** Rounds of what takes seconds, and of what takes much longer. */
export type Weight = 'light' | 'heavy';

export interface Case extends Contender {
  weight: Weight;
}

export type Medians = ReadonlyMap<string, Sample>;

export interface Target {
  /** "a converged run of 1000 files at least 3x faster than Puppet". */
  what: string;
  /** The cases it is about; it is not measured when one of them wasn't. */
  cases: string[];
  /** What came out, and by how much it is met (1 is just met, below that it is missed). */
  judge(of: (name: string) => Sample): { found: string; margin: number };
}

const ms = (value: number): string => `${Math.round(value)} ms`;
const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** Both by the clock and by the processor's time: the smaller of the two decides. */
const faster = (what: string, ours: string, theirs: string, times: number): Target => ({
  what,
  cases: [ours, theirs],
  judge(of) {
    const [wall, cpu] = [of(theirs).wall / of(ours).wall, of(theirs).cpu / of(ours).cpu];
    return {
      found: `${wall.toFixed(1)}x by the clock, ${cpu.toFixed(1)}x in CPU`,
      margin: Math.min(wall, cpu) / times,
    };
  },
});

const within = (what: string, name: string, limit: number): Target => ({
  what,
  cases: [name],
  judge: of => ({ found: `${ms(of(name).wall)}, CPU ${ms(of(name).cpu)}`, margin: limit / of(name).wall }),
});

const smaller = (what: string, name: string, limit: string | number): Target => ({
  what,
  cases: typeof limit === 'number' ? [name] : [name, limit],
  judge(of) {
    const most = typeof limit === 'number' ? limit : of(limit).memory;
    return {
      found: `${mib(of(name).memory)}, allowed ${mib(most)}`,
      margin: most / of(name).memory,
    };
  },
});

export const targets: Target[] = [
  {
    what: '`--version` within 40 ms of the bare runtime',
    cases: ['version', 'bare runtime'],
    judge(of) {
      const more = of('version').wall - of('bare runtime').wall;
      return { found: `${ms(more)} more`, margin: 40 / Math.max(more, 0.1) };
    },
  },
  within('`validate` of 10 resources under 150 ms', 'validate 10', 150),
  within('`validate` of 1,000 resources under 600 ms', 'validate 1000', 600),
  faster('converged run of 10 files at least 4x faster than Puppet', 'converged 10', 'puppet 10', 4),
  faster('converged run of 100 files at least 4x faster than Puppet', 'converged 100', 'puppet 100', 4),
  faster('converged run of 1,000 files at least 3x faster than Puppet', 'converged 1000', 'puppet 1000', 3),
  faster('first run of 1,000 files at least 2x faster than Puppet', 'first 1000', 'puppet first 1000', 2),
  smaller('memory of a converged run of 1,000 at most Puppet’s', 'converged 1000', 'puppet 1000'),
  smaller('memory of a first run of 1,000 at most Puppet’s', 'first 1000', 'puppet first 1000'),
  faster('converged plan of 1,000 faster than `tofu plan`', 'plan 1000', 'tofu plan 1000', 1),
  {
    what: 'plan of 100,000 resources within 11x of 10,000',
    cases: ['plan 10000', 'plan 100000'],
    judge(of) {
      const [small, large] = [of('plan 10000'), of('plan 100000')];
      const [wall, cpu] = [large.wall / small.wall, large.cpu / small.cpu];
      return {
        found: `${wall.toFixed(1)}x by the clock, ${cpu.toFixed(1)}x in CPU`,
        margin: 11 / Math.max(wall, cpu),
      };
    },
  },
  smaller('plan of 100,000 resources under 1 GiB', 'plan 100000', 2 ** 30),
  within('a chain of 100,000 is planned (within a minute)', 'plan chain 100000', 60_000),
  within('200 mistakes shown within 600 ms', '200 mistakes', 600),
];

/** Makes the worlds below `scratch`, brings those that are to be in sync there, and says what to run. */
export function prepare(
  scratch: string,
  root: string,
  { puppet, tofu }: { puppet: boolean; tofu: boolean },
): Case[] {
  const converge = [join(root, 'bin/converge')];
  const ours = (name: string, world: { dir: string }, ...args: string[]): Case => ({
    name,
    command: [...converge, ...args],
    cwd: world.dir,
    weight: 'light',
  });
  const heavy = (one: Case): Case => ({ ...one, weight: 'heavy' });
  const cases: Case[] = [
    { name: 'bare runtime', command: [process.execPath, '-e', '0'], cwd: scratch, weight: 'light' },
    {
      name: 'parsing floor',
      command: [process.execPath, join(root, 'bench/yaml-floor.ts'), '1000'],
      cwd: root,
      weight: 'light',
    },
    ours('version', { dir: scratch }, '--version'),
  ];

  const forPuppet = (name: string, world: FileWorld): Case => ({
    name,
    command: [
      'puppet',
      'apply',
      '--confdir',
      join(scratch, 'puppet/conf'),
      '--vardir',
      join(scratch, 'puppet/var'),
      puppetManifest(world),
    ],
    cwd: world.dir,
    weight: 'light',
  });
  for (const count of [10, 100, 1000]) {
    const world = fileWorld(join(scratch, `files-${count}`), count);
    const run = ours(`converged ${count}`, world, 'apply', 'manifests');
    bringThere(run);
    if (count !== 100) cases.push(ours(`validate ${count}`, world, 'validate', 'manifests'));
    cases.push(run);
    if (count === 1000) cases.push(ours('plan 1000', world, 'plan', 'manifests'));
    if (!puppet) continue;
    const peer = forPuppet(`puppet ${count}`, world);
    bringThere(peer);
    cases.push(peer);
  }

  const first = fileWorld(join(scratch, 'first'), 1000);
  const empty = (folder: string) => () => {
    rmSync(join(first.dir, folder), { recursive: true, force: true });
    mkdirSync(join(first.dir, folder));
  };
  cases.push({ ...ours('first 1000', first, 'apply', 'manifests'), before: empty('files') });
  if (puppet) cases.push({ ...forPuppet('puppet first 1000', first), before: empty('puppet-files') });

  if (tofu) {
    const dir = tofuWorld(join(scratch, 'tofu'), 1000);
    for (const args of [['init'], ['apply', '-auto-approve']])
      bringThere({ name: `tofu ${args[0]}`, command: ['tofu', ...args], cwd: dir });
    cases.push({ name: 'tofu plan 1000', command: ['tofu', 'plan'], cwd: dir, weight: 'light' });
  }

  cases.push(
    { ...ours('200 mistakes', mistakes(join(scratch, 'mistakes'), 200), 'validate', 'manifests'), exit: 1 },
    heavy(ours('plan 10000', fileWorld(join(scratch, 'files-10000'), 10_000), 'plan', 'manifests')),
    heavy(ours('plan 100000', fileWorld(join(scratch, 'files-100000'), 100_000), 'plan', 'manifests')),
    heavy(
      ours(
        'plan chain 100000',
        fileWorld(join(scratch, 'chain'), 100_000, { chain: true }),
        'plan',
        'manifests',
      ),
    ),
  );
  return cases;
}

function bringThere({ name, command: [program, ...args], cwd }: Contender): void {
  const { status, stderr } = spawnSync(program!, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`${name} could not be prepared: ${String(stderr).slice(0, 2000)}`);
}
