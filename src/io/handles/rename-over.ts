import { rename } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { codeOf } from './code-of.ts';

/** Milliseconds between attempts, two seconds in all. */
const pauses = [20, 50, 100, 200, 400, 600, 600];

/** How Windows answers while a program has the file open that didn't allow for that. */
const inUse = new Set(['EPERM', 'EACCES', 'EBUSY']);

/** What happens on this machine; a test has its own. */
const machine = { rename, pause: (ms: number) => setTimeout(ms), platform: process.platform };

/**
 * Renames, over what is there. On Windows a file that anybody has open can't be replaced, and virus scanners
 * and indexers open each new file for a moment: it is tried again for two seconds. Not by `retry`, which
 * needs the host's clock: this room is below it and knows only Node.
 */
export async function renameOver(
  from: string,
  to: string,
  { rename, pause, platform }: typeof machine = machine,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const wait = pauses[attempt];
      if (platform !== 'win32' || wait === undefined || !inUse.has(codeOf(error) ?? '')) throw error;
      await pause(wait);
    }
  }
}
