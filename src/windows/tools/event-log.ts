import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import { system32 } from './programs.ts';

/** Characters: an event takes some 31,000, and a command line with its quotes 32,767. */
const mostText = 8_000;
/** ms. */
const patience = 30_000;

/**
 * Writes one event into the Application log of this machine. Source: eventcreate (Microsoft, "Windows
 * Commands"), whose ids are 1 to 1000 and which only an administrator may use.
 *
 * @param source who says it, as the log shows it
 * @throws Failure `alert-undelivered`
 */
export async function writeEvent(
  { platform, env, run }: Pick<ReadIo, 'env' | 'run'> & { platform: NodeJS.Platform },
  source: string,
  { type, id, text }: { type: string; id: number; text: string },
): Promise<void> {
  if (platform !== 'win32')
    throw undelivered(
      'this machine has none',
      'let an agent on Windows tell it, or give the route another way',
    );
  // The log would read %%1 as a message of the system's own.
  const safe = text.slice(0, mostText).replaceAll('%%', '% %');
  const args = ['/L', 'APPLICATION', '/SO', source, '/T', type, '/ID', String(id), '/D', safe];
  const file = system32({ env }, 'eventcreate.exe');
  const { exitCode, stdout, stderr } = await run({ file, args, timeout: patience });
  if (exitCode !== 0)
    throw undelivered(
      (stderr || stdout).trim() || `eventcreate ended with ${exitCode}`,
      'the agent has to run as an administrator or as SYSTEM, as the task of `converge service` does',
    );
}

const undelivered = (why: string, hint: string): Failure =>
  new Failure(
    world('alert-undelivered', own`an alert could not be written into the event log: ${why}`, { hint }),
  );
