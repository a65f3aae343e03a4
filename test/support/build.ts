import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { leftRunning, told } from '../../tools/left-running.ts';
import { markRun } from './run-mark.ts';

const root = join(import.meta.dirname, '../..');

/** Builds dist/ once per test run; after it, ends whatever the run left running, which is a failure. */
export default function setup(): () => Promise<void> {
  execFileSync(process.execPath, ['tools/build.ts'], { cwd: root, stdio: 'inherit' });
  const mark = markRun(randomUUID());
  return async () => {
    const left = await leftRunning(mark, isWorker);
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    if (left.length > 0) throw new Error(`left running by the tests, and ended now:\n${told(left)}`);
  };
}

/** The workers of vitest are its own to end. */
const isWorker = ({ parent }: { parent: number }): boolean => parent === process.pid;
