import type { CliIo } from './cli-io.ts';

/** Whether this runs in a step of GitHub Actions, whose runner sets the variable in each. */
export const isForGithub = ({ env }: Pick<CliIo['host'], 'env'>): boolean => env.GITHUB_ACTIONS === 'true';

/** Whether stderr can show lines that move: a dumb terminal has no cursor. */
export const isForCursor = ({ stderr, host }: CliIo): boolean =>
  Boolean(stderr.isTTY && stderr.stream?.columns && !host.env.CI && host.env.TERM !== 'dumb');
