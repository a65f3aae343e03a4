import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One program to run, the same way each time. */
export interface Contender {
  name: string;
  command: string[];
  cwd: string;
  /** The exit code that says the work was done; default 0. */
  exit?: number;
  /** Brings the world to where the work starts; not measured. */
  before?(): void;
}

export interface Sample {
  /** Start to end, in ms. */
  wall: number;
  /** User and system time, in ms; the kernel's counter has steps of 10. */
  cpu: number;
  /** Largest resident size, in bytes. */
  memory: number;
}

/** Runs it once under GNU time. Throws when it ends with another exit code: then it didn't do the work. */
export function measure({ name, command, cwd, exit = 0, before }: Contender, scratch: string): Sample {
  before?.();
  const told = join(scratch, 'time');
  const started = performance.now();
  const { status, stderr, error } = spawnSync('time', ['-q', '-f', '%U %S %M', '-o', told, ...command], {
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 1 << 28,
  });
  const wall = performance.now() - started;
  if (error) throw error;
  if (status !== exit) throw new Error(`${name} ended with ${status}: ${String(stderr).slice(0, 2000)}`);
  const [user = 0, system = 0, kib = 0] = readFileSync(told, 'utf8').trim().split(' ').map(Number);
  return { wall, cpu: (user + system) * 1000, memory: kib * 1024 };
}

/** The middle of each number by itself. */
export function medians(samples: readonly Sample[]): Sample {
  const middle = (of: (sample: Sample) => number): number => {
    const sorted = samples.map(of).sort((a, b) => a - b);
    const half = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  };
  return { wall: middle(s => s.wall), cpu: middle(s => s.cpu), memory: middle(s => s.memory) };
}
