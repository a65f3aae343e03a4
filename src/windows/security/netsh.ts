import type { WriteIo } from '../../engine/model/io.ts';
import { runTool, type Tool } from '../../programs/run-tool.ts';
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
  const command = { file: system32(io, 'netsh.exe'), args, timeout: limit };
  await runTool(io, tool, command, `${what} was not changed`);
}

const tool: Tool = {
  name: 'netsh',
  failed: 'netsh-failed',
  hint: 'run converge as an administrator, and check the values',
  words: ['stdout', 'stderr'],
};
