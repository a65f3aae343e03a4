import { Option } from 'commander';
import { type BundleOptions, writeBundle } from '../../../app/masterless/bundle.ts';
import { version } from '../../../app/version.ts';
import { platforms } from '../../../bundle/beanstalk.ts';
import { bytes } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';

const examples = `
Examples:
  converge bundle --for beanstalk-windows --self s3://cust-deployment-data/ --trust deploy.pub --node package/bin/node.exe
  converge bundle --for beanstalk-linux --self s3://cust-deployment-data/ --trust old.pub --trust new.pub -o web.zip`;

export const bundle: Define = (program, context, exit) => {
  program
    .command('bundle')
    .description(
      'write a zip that a Beanstalk environment is deployed with: converge, its Node, hooks and agent',
    )
    .addOption(
      new Option('--for <PLATFORM>', 'what its instances run')
        .choices(Object.keys(platforms))
        .makeOptionMandatory(),
    )
    .requiredOption('--self <URL>', 'where instances find their signed content, s3://BUCKET/PREFIX/')
    .requiredOption(
      '--trust <FILE>',
      'a public key of `converge sign --new-key` that instances trust; may be repeated',
      (one: string, all: string[] = []) => [...all, one],
    )
    .option('-o, --output <FILE>', 'the zip (default converge-PLATFORM.zip)')
    .option('--node <FILE>', 'the Node to put in, when npm did not install it on this machine')
    .addOption(
      new Option('--arch <ARCH>', 'processor of the instances; Windows has x64 alone')
        .choices(['x64', 'arm64'])
        .default('x64'),
    )
    .option('--every <DURATION>', 'how often the agent looks into the bucket', '5m')
    .option('--only-rollouts', 'the agent lets new content wait until a rollout comes to the instance')
    .addHelpText('after', examples)
    .action(async (options: BundleOptions) => {
      const { output, bytes: size, sha256, node, self, trust } = await writeBundle(context, options);
      context.print([
        `${output}: converge ${version} with Node ${node}, ${bytes(size)}, SHA-256 ${sha256}`,
        `instances apply what is in ${self} and is signed with ${trust.join(' or ')}`,
      ]);
      exit(0);
    });
};
