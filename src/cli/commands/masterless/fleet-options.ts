import type { Command } from 'commander';
import { withLab } from '../../context/options.ts';

/** What finds the instances of an environment. */
export const withFleetOptions = (command: Command): Command =>
  withLab(
    command
      .requiredOption('--self <URL>', 'the bucket that configures the instances, s3://BUCKET/PREFIX')
      .option('--region <REGION>', 'of the instances and the bucket (default: AWS_REGION)'),
  );
