import { type Command, Option } from 'commander';
import { serveLab } from '../../../app/lab/lab-world.ts';
import { defaultLabDir } from '../../../app/lab/open-lab.ts';
import type { CliContext } from '../../context/cli-context.ts';

/** `converge lab serve`: serves a lab folder until interrupted, for many commands and foreign clients. */
export function labServe(group: Command, context: CliContext, exit: (code: number) => void): void {
  group
    .command('serve')
    .description('serve a lab until Ctrl-C and print its endpoints, credentials and CA')
    .option('--lab [DIR]', `the lab's folder (default ${defaultLabDir})`)
    .addOption(new Option('--format <FORMAT>', 'how it is printed').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExamples:\n  converge lab serve\n  converge lab serve --lab /tmp/lab --format json',
    )
    .action(async (options: { lab?: string | true; format: string }) => {
      await serveLab(context, options.lab, (opened, dir) => {
        const { s3, vsphere, region } = opened.settings;
        if (options.format === 'json') {
          const answer = {
            version: 1,
            dir,
            vsphere: { url: opened.vsphere.url, ca: opened.vsphere.caFile, ...vsphere },
            s3: { url: opened.s3.url, region, ...s3 },
            api: { url: opened.api.url, region, ...s3 },
            metadata: { url: opened.metadata.url },
          };
          context.printJson(`${JSON.stringify(answer)}\n`);
        } else {
          // These credentials open nothing but the lab on this machine's loopback.
          context.print([
            `lab in ${dir}; nothing leaves this machine. Ctrl-C ends it.`,
            '',
            `vSphere   ${opened.vsphere.url}/sdk`,
            `  user    ${vsphere.username}`,
            `  password ${vsphere.password}`,
            `  CA      ${opened.vsphere.caFile}`,
            `S3        ${opened.s3.url}   region ${region}`,
            `  access key ${s3.accessKeyId}`,
            `  secret key ${s3.secretAccessKey}`,
            `EC2, EBS direct, Scheduler, SSM and Secrets Manager, with the same keys: ${opened.api.url}`,
            `Instance metadata: AWS_EC2_METADATA_SERVICE_ENDPOINT=${opened.metadata.url}`,
            '',
            `another terminal:  converge apply manifests/lab --lab ${dir}`,
          ]);
        }
      });
      exit(0);
    });
}
