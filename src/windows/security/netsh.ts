import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { WriteIo } from '../../engine/model/io.ts';
import { system32 } from '../tools/programs.ts';

/** Milliseconds. */
const limit = 2 * 60_000;

/**
 * One change by netsh, which ends with 1 for whatever goes wrong and says why in the language of the
 * machine, on stdout. Rejects with a Failure (world) that holds its words.
 * @param what for messages, "the firewall rule x"
 */
export async function netsh(io: WriteIo, args: string[], what: string): Promise<void> {
  await io.step(`netsh ${args.slice(0, 5).join(' ')}`);
  const result = await io.run({ file: system32(io, 'netsh.exe'), args, timeout: limit });
  if (result.exitCode === 0 && !result.timedOut) return;
  const said = (result.stdout.trim() || result.stderr.trim()).replace(/\s+/g, ' ').slice(0, 400);
  const how = result.timedOut
    ? 'netsh took too long and was stopped'
    : said || `exit code ${result.exitCode}`;
  throw new Failure(
    world('netsh-failed', `${what} was not changed: ${how}`, {
      hint: 'run converge as an administrator, and check the values',
    }),
  );
}
