import type { CommandResult, Files } from '../../io/ports.ts';

/** A stand-in for a program that would change the machine itself, whatever folder it is started in. */
export type Program = (args: readonly string[], files: Files) => Promise<CommandResult>;
