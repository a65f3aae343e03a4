import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/**
 * Starts a program that goes on running, in a process group of its own: programs of Python and Node are often
 * shims that start another one, which has to end with them.
 */
export const start = (program: string, args: string[], options: SpawnOptions): ChildProcess =>
  spawn(program, args, { ...options, detached: true });

/** Ends a program that `start` started, and all that it started. */
export function endAll({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // All of them have ended.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
