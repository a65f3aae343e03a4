import type { Code } from '../diagnostics/codes.ts';
import { type Diagnostic, Failure, world } from '../diagnostics/diagnostic.ts';
import { ours, own } from '../diagnostics/own-words.ts';
import type { ReadIo } from '../engine/model/io.ts';
import { endWords } from '../io/errors.ts';
import type { Command, CommandResult } from '../io/ports.ts';

/** What an exit code other than 0 means; what is left out is as for any other. */
interface Exit {
  code?: Code;
  why?: string;
  hint?: string;
}

/** A program of the host, and how it tells that it failed. */
export interface Tool {
  /** For messages: "sc". */
  name: string;
  /** Of a failure whose exit code isn't among `exits`. */
  failed: Code;
  hint?: string;
  exits?: Readonly<Record<number, Exit>>;
  /** Where its own words stand, the first that has any; they are said where no `why` is known. */
  words?: readonly ('stdout' | 'stderr')[];
}

/** Characters of a program's own words that are said. */
const mostSaid = 400;

/** Whether a program did what it was asked to: in time, and with 0 or one of `fine`. */
export const succeeded = ({ exitCode, timedOut }: CommandResult, fine: readonly number[] = []): boolean =>
  !timedOut && (exitCode === 0 || fine.includes(exitCode));

/**
 * Runs a program that has to succeed. Rejects with a Failure (world).
 * @param what a clause for the message: "starting the service x failed"
 * @param fine exit codes beside 0 that are as good
 */
export async function runTool(
  io: Pick<ReadIo, 'run'>,
  tool: Tool,
  command: Command,
  what: string,
  fine: readonly number[] = [],
): Promise<CommandResult> {
  const result = await io.run(command);
  if (succeeded(result, fine)) return result;
  throw new Failure(toolFailure(tool, what, result));
}

/** What a program that failed says: the meaning of its exit code, or the code and its own words. */
export function toolFailure(tool: Tool, what: string, result: CommandResult): Diagnostic {
  const exit = result.timedOut ? {} : (tool.exits?.[result.exitCode] ?? {});
  const told = exit.hint ?? tool.hint;
  const hint = told === undefined ? undefined : ours(told);
  const why = exit.why === undefined ? unknown(tool, result) : ours(exit.why);
  return world(exit.code ?? tool.failed, own`${what}: ${why}`, hint === undefined ? {} : { hint });
}

function unknown({ name, words = [] }: Tool, result: CommandResult): string {
  const how = result.timedOut ? own`took too long and was stopped` : endWords(result.exitCode);
  const texts = words.map(word => result[word].trim().replace(/\s+/g, ' ').slice(0, mostSaid));
  return [`${name} ${how}`, ...texts.filter(text => text !== '').slice(0, 1)].join(': ');
}
