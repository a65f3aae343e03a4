import type { Command } from 'commander';
import type { CliContext } from './cli-context.ts';

/** Adds one command to the program. `exit` takes the exit code that the command ended with. */
export type Define = (program: Command, context: CliContext, exit: (code: number) => void) => void;
