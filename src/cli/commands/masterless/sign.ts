import { basename } from 'node:path';
import { makeSigningKeys, type SignOptions, signFile } from '../../../app/masterless/sign.ts';
import { version } from '../../../app/version.ts';
import type { Statement } from '../../../masterless/trust/envelope.ts';
import type { Define } from '../../context/define.ts';
import { withLab } from '../../context/options.ts';

const examples = `
Examples:
  converge sign --new-key deploy
  converge sign web.yaml --environment customername-taupe --key file:deploy.key --to s3://cust-deployment-data/
  converge sign web.zip --environment customername-taupe --key env:OLD_KEY --key env:NEW_KEY`;

export const sign: Define = (program, context, exit) => {
  const command = program
    .command('sign [FILE]')
    .description('sign what instances are to apply: a manifest, or a zip of manifests, modules and data')
    .option(
      '--new-key <NAME>',
      'make a pair of keys, NAME.key for whoever signs and NAME.pub for the instances',
    )
    .option('--environment <ENV>', 'the Beanstalk environment that it is for')
    .option(
      '--key <SOURCE>',
      'the private key, env:NAME, file:PATH or credential:NAME; may be repeated',
      (one, all: string[] = []) => [...all, one],
    )
    .option('--to <URL>', 'put content and signature there, s3://BUCKET/PREFIX, in place of this folder')
    .option('--sequence <N>', 'must rise with everything signed (default: seconds since 1970)')
    .option('--expires <DURATION>', 'how long instances may take it', '365d')
    .option('--minimum-version <VERSION>', 'the oldest converge that may apply it', version)
    .option('--replaces-up-to <N>', 'a rollback: it may replace content up to this sequence');
  withLab(command)
    .addHelpText('after', examples)
    .action(async (file: string | undefined, options: SignOptions) => {
      const { newKey, to } = options;
      if (newKey !== undefined) {
        const id = await makeSigningKeys(context, newKey);
        context.print([
          `key ${id}: ${newKey}.key signs (keep it secret), ${newKey}.pub goes to the instances`,
        ]);
        return exit(0);
      }
      const { statement, names } = await signFile(context, file, options);
      const { environment, sequence, expires } = statement;
      context.print([
        `signed ${basename(file!)} for ${environment}: sequence ${sequence}, until ${expires}`,
        `${names.join(' and ')} are in ${to ?? 'this folder'}`,
      ]);
      context.say(rollbackNote(statement));
      exit(0);
    });
};

/** Whoever means everything by a large number would sign for nobody without knowing. */
function rollbackNote({ sequence, issued, replaces_up_to: replaced = 0 }: Statement): string[] {
  if (replaced <= sequence) return [];
  const isDefaultEnough = replaced < Date.parse(issued) / 1000;
  const how = isDefaultEnough ? 'as the default is' : `with --sequence ${replaced + 1} or more`;
  return [`a rollback: instances take nothing else up to ${replaced}; sign what follows higher, ${how}`];
}
