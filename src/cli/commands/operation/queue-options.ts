import { type Command, Option } from 'commander';

/** Cycles at once, when nothing else is said. */
export const usualSlots = '4';

/** How a queue is named. */
export function withQueue(command: Command, isRequired = false): Command {
  return command
    .addOption(
      new Option(
        '--queue <URL>',
        'share the work through Redis or Valkey there: redis://[USER@]HOST[:PORT], rediss:// when encrypted',
      ).makeOptionMandatory(isRequired),
    )
    .option('--queue-password <SOURCE>', 'its password: env:NAME, file:PATH or credential:NAME')
    .option('--queue-ca <FILE>', 'with rediss://: authority that signed the certificate (PEM)');
}
