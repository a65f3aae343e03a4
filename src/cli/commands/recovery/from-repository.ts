import type { Command } from 'commander';
import type { BundleOrigin } from '../../../app/recovery/open/with-declared.ts';

/** Options in the place of PATHS, for where none are left. */
export const fromRepository = (command: Command): Command =>
  command
    .option(
      '--repository <URL>',
      'instead of PATHS: what the repository keeps of them, s3://BUCKET/PREFIX or file:///FOLDER',
    )
    .option(
      '--key <SOURCE>',
      'with --repository: key of an encrypted one, env:NAME, file:PATH or credential:NAME',
    )
    .option('--region <REGION>', 'with --repository: AWS region of its bucket')
    .option('--profile <NAME>', 'with --repository: profile of the AWS configuration files, for all of AWS')
    .option('--endpoint <URL>', 'with --repository: address of another S3 service');

/** Where a plan is from that no manifest said. */
export const originLines = (from: BundleOrigin | undefined): string[] =>
  from === undefined
    ? []
    : [
        from.point === undefined
          ? `by the plan as it was applied at ${new Date(from.time).toISOString()}`
          : `by the bundle of ${from.vm} of ${new Date(from.time).toISOString()} (${from.point.slice(0, 8)})`,
        ...from.remarks.map(remark => `  ${remark}`),
      ];
