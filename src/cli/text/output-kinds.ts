import type { CliIo } from './cli-io.ts';

/** Whether this runs in a step of GitHub Actions, whose runner sets the variable in each. */
export const isForGithub = ({ env }: Pick<CliIo['host'], 'env'>): boolean => env.GITHUB_ACTIONS === 'true';

/**
 * Whether a runner of CI reads along, which takes some lines for commands: each sets its variable in every
 * step (Azure Pipelines, "Predefined variables", TeamCity, "Predefined build parameters").
 */
export const isForRunner = (host: Pick<CliIo['host'], 'env'>): boolean =>
  isForGithub(host) || host.env.TF_BUILD !== undefined || host.env.TEAMCITY_VERSION !== undefined;

/** Whether stderr can show lines that move: a dumb terminal has no cursor. */
export const isForCursor = ({ stderr, host }: CliIo): boolean =>
  Boolean(stderr.isTTY && stderr.stream?.columns && !host.env.CI && host.env.TERM !== 'dumb');
