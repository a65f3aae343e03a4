import type { Command } from 'commander';
import type { Context } from '../app/context.ts';

/** Adds one command to the program. `exit` takes the exit code that the command ended with. */
export type Define = (program: Command, context: Context, exit: (code: number) => void) => void;
