/**
 * Imports that run back up or around, from before there was a table. The list only shrinks: an entry that is
 * mended must go, and nothing may join.
 */
export const known: readonly string[] = [
  'app/catalog.ts -> app/aws/instance.ts',
  'app/catalog.ts -> app/aws/host-facts.ts',
  'app/connections.ts -> app/aws/aws.ts',
  'app/content.ts -> app/aws/aws.ts',
  'app/open-session.ts -> app/aws/aws-secrets.ts',
  'app/catalog.ts -> app/lab/lab-host.ts',
  'app/open-session.ts -> app/lab/lab-host.ts',
  'app/open-session.ts -> app/lab/lab-dir.ts',
  'app/connections.ts -> app/repository/repositories.ts',
  'app/content.ts -> app/repository/repositories.ts',
  'app/aws/instance.ts -> app/lab/lab-dir.ts',
  'cli/cli-context.ts -> cli/progress/events.ts',
  'cli/text-reporter.ts -> cli/progress/summary.ts',
  'cli/text-reporter.ts -> cli/progress/events.ts',
  'cli/text-reporter.ts -> cli/progress/choose.ts',
  'cli/program.ts -> cli/commands/index.ts',
  'app/user-types.ts -> app/catalog.ts',
  'app/content.ts -> app/connections.ts',
  'cli/github.ts -> cli/cli-context.ts',
];
