import type { Command } from 'commander';
import type { LabCommand } from '../../../app/lab/lab-world.ts';

/** One event: arguments and options to a command, which is carried out and answered. */
export type DefineEvent = (
  usage: string,
  description: string,
  /** What may be typed behind `converge lab`; one per line. */
  examples: string,
  build: (args: string[], options: Record<string, unknown>) => LabCommand | Promise<LabCommand>,
  extend?: (command: Command) => Command,
) => void;
