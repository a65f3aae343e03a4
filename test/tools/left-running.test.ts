import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { carrying, leftRunning } from '../../tools/left-running.ts';
import { endAll, start } from '../support/start.ts';

const tool = join(import.meta.dirname, '../../tools/left-running.ts');

describe.skipIf(process.platform !== 'linux')('what a run left running', () => {
  /** A shell that starts a sleep and goes on, as shims of Python do, with a mark of its own. */
  async function shim(script: string) {
    const value = randomUUID();
    const child = start('sh', ['-c', script], {
      env: { PATH: process.env.PATH, MARK: value },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    onTestFinished(() => endAll(child));
    // Listened for from the beginning: it may have ended by the time that its first word is read.
    const exited = once(child, 'exit');
    await once(child.stdout!, 'data');
    return { mark: `MARK=${value}`, child, exited };
  }
  const commands = async (mark: string) => (await carrying(mark)).map(({ command }) => command).sort();

  test('is found by its mark: the shim, and what it started', async () => {
    const { mark } = await shim('sleep 1000 & echo; wait');
    await expect.poll(() => commands(mark)).toEqual(['sh -c sleep 1000 & echo; wait', 'sleep 1000']);
  });

  test('is found though the shim has ended and it left the session', async () => {
    const { mark, exited } = await shim('setsid sleep 1000 & echo');
    await exited;
    await expect.poll(() => commands(mark)).toEqual(['sleep 1000']);
    const [left] = await carrying(mark);
    onTestFinished(() => void process.kill(left!.pid, 'SIGKILL'));
    const { status, stderr } = spawnSync(process.execPath, [tool, mark], { encoding: 'utf8' });
    expect(stderr).toBe(`left running by the tests:\n  ${left!.pid} sleep 1000\n`);
    expect(status).toBe(1);
  });

  test('is nothing once the group was ended, and nothing for another mark', async () => {
    const { mark, child } = await shim('sleep 1000 & echo; wait');
    endAll(child);
    expect(await leftRunning(mark)).toEqual([]);
    expect(spawnSync(process.execPath, [tool, mark]).status).toBe(0);
    expect(await carrying('MARK=of-nobody')).toEqual([]);
  });

  test('every test carries the mark of the run', () => {
    expect(process.env.CONVERGE_TEST_RUN).toMatch(/^[0-9a-f-]{36}$/);
  });
});
