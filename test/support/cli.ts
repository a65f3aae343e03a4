import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import { runMark } from './run-mark.ts';
import { runtimeDirectory } from './runtime-directory.ts';

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** A folder of its own for one test, removed afterwards. */
export async function scratch(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'converge-test-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

export interface CliOptions {
  env?: Record<string, string>;
  interrupt?: AbortSignal;
  clock?: Clock;
  /** The person at the terminal. */
  ask?(question: string): Promise<string | undefined>;
  /** Of both outputs; without it they are no terminal. */
  columns?: number;
  /** Sees each piece of stderr as it comes: for a test that interrupts at a certain line. */
  onStderr?(text: string): void;
  /** The same of stdout. */
  onStdout?(text: string): void;
}

/** The machine that runs the tests may be an instance of somebody's, and has locks of its own. */
export const apart = { AWS_EC2_METADATA_DISABLED: 'true', CONVERGE_RUNTIME_DIRECTORY: runtimeDirectory };

/** Runs the CLI in this process through `main`, as a command typed in `cwd`. */
export async function cli(cwd: string, args: string[], options: CliOptions = {}): Promise<CliResult> {
  let stdout = '';
  let stderr = '';
  const code = await main(args, {
    stdout: {
      write: text => {
        stdout += text;
        options.onStdout?.(text);
      },
      isTTY: options.columns !== undefined,
      columns: options.columns ?? 100,
    },
    stderr: {
      write: text => {
        stderr += text;
        options.onStderr?.(text);
      },
      isTTY: options.columns !== undefined,
      columns: options.columns ?? 100,
    },
    ...(options.ask && { ask: options.ask }),
    host: {
      ...nodeHost(),
      ...(options.clock && { clock: options.clock }),
      cwd,
      env: { PATH: process.env.PATH, ...apart, ...runMark, ...options.env },
    },
    interrupt: options.interrupt ?? new AbortController().signal,
  });
  return { code, stdout, stderr };
}

/** Runs the real binary. `env` replaces the environment, so that nothing extra is in PATH. */
export function binary(
  cwd: string,
  args: string[],
  env: Record<string, string> = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: cwd },
  file = join(import.meta.dirname, '../../bin/converge'),
): Promise<CliResult> {
  return new Promise(done => {
    execFile(
      file,
      args,
      { cwd, env: { ...apart, ...runMark, ...env }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        done({ code: error ? (typeof error.code === 'number' ? error.code : 255) : 0, stdout, stderr });
      },
    );
  });
}
