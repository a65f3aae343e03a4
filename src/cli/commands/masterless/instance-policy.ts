import { Option } from 'commander';
import { contentUrl } from '../../../app/aws/content-bucket.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { isEnvironmentName } from '../../../masterless/instance/environment-name.ts';
import { instancePolicy } from '../../../masterless/instance/policy.ts';
import type { Define } from '../../define.ts';

export const instancePolicyCommand: Define = (program, context, exit) => {
  program
    .command('instance-policy <ENV...>')
    .description("print the IAM policy for the role of an environment's instances: all that --self needs")
    .requiredOption('--self <URL>', 's3://BUCKET/PREFIX, where their content lies')
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
      const strange = environments.find(one => !isEnvironmentName(one));
      if (strange !== undefined)
        throw new Failure(
          given('wrong-environment', `${strange} is no name of a Beanstalk environment`, {
            hint: '4 to 40 letters, digits and hyphens',
          }),
        );
      const { bucket, prefix } = contentUrl(self);
      if (/[*?$]/.test(bucket + prefix))
        throw new Failure(
          given('content-url', `${self} holds a character that a policy reads as many names: * ? $`, {
            hint: 'the role would get more than its own content: use a prefix without them',
          }),
        );
      const root = [bucket, prefix.replace(/^\/+|\/+$/g, '')].filter(Boolean).join('/');
      context.print(`${JSON.stringify(instancePolicy(environments, root, partition), null, 2)}\n`);
      exit(0);
    });
};
