import { Option } from 'commander';
import { policyFor } from '../../../app/masterless/instance-policy.ts';
import type { Define } from '../../context/define.ts';

export const instancePolicyCommand: Define = (program, context, exit) => {
  program
    .command('instance-policy <ENV...>')
    .description("print the IAM policy for the role of an environment's instances: all that --self needs")
    .requiredOption('--self <URL>', 's3://BUCKET/PREFIX, where their content is')
    .addOption(
      new Option('--partition <NAME>', 'the partition of AWS')
        .choices(['aws', 'aws-cn', 'aws-us-gov'])
        .default('aws'),
    )
    .addHelpText(
      'after',
      '\nExample:\n  converge instance-policy customername-taupe --self s3://cust-deployment-data/',
    )
    .action((environments: string[], { self, partition }: { self: string; partition: string }) => {
      context.printJson(`${JSON.stringify(policyFor(environments, self, partition), null, 2)}\n`);
      exit(0);
    });
};
