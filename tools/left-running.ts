/**
 * Processes that carry a mark in their environment, which children inherit whatever started them: a shim, a
 * shell, a daemon that left its session. `node tools/left-running.ts NAME=VALUE` fails when there are any.
 */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

export interface Running {
  pid: number;
  parent: number;
  /** As it was started, words with blanks between. */
  command: string;
}

/** Linux only: elsewhere nobody can be asked, and none are found. @param mark `NAME=VALUE` */
export async function carrying(mark: string): Promise<Running[]> {
  const found: Running[] = [];
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    // Whatever ends while it is looked at, or belongs to another user, is none of ours.
    const read = (file: string) => readFile(`/proc/${name}/${file}`, 'utf8').catch(() => '');
    if (!(await read('environ')).split('\0').includes(mark)) continue;
    const parent = /^PPid:\s*(\d+)/m.exec(await read('status'))?.[1];
    const command = (await read('cmdline')).split('\0').join(' ').trim();
    if (parent !== undefined) found.push({ pid: Number(name), parent: Number(parent), command });
  }
  return found;
}

/** Those that are still there after a while: what was told to end needs a moment for it. */
export async function leftRunning(
  mark: string,
  isExpected: (running: Running) => boolean = () => false,
): Promise<Running[]> {
  for (let look = 1; ; look++) {
    const left = (await carrying(mark)).filter(one => !isExpected(one));
    if (left.length === 0 || look === 50) return left;
    await setTimeout(100);
  }
}

export const told = (left: readonly Running[]): string =>
  left.map(({ pid, command }) => `  ${pid} ${command.slice(0, 200)}`).join('\n');

if (process.argv[1] === import.meta.filename) {
  const left = await leftRunning(process.argv[2]!);
  if (left.length > 0) {
    console.error(`left running by the tests:\n${told(left)}`);
    process.exitCode = 1;
  }
}
