import { createHash } from 'node:crypto';
import { basename, extname, join, resolve } from 'node:path';
import { withContentBucket } from '../../../app/aws/content-bucket.ts';
import { openSession } from '../../../app/open-session.ts';
import type { CommonOptions } from '../../../app/options.ts';
import { writeNewSecret } from '../../../app/secret-file.ts';
import { readSecret } from '../../../app/secrets.ts';
import { version } from '../../../app/version.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../../io/duration.ts';
import { contentNames, signatureName } from '../../../masterless/content/accept.ts';
import { isEnvironmentName } from '../../../masterless/instance/environment-name.ts';
import { type Statement, sealStatement } from '../../../masterless/trust/envelope.ts';
import { newKeyPair, parsePrivateKey } from '../../../masterless/trust/keys.ts';
import type { CliContext } from '../../cli-context.ts';
import type { Define } from '../../define.ts';
import { withLab } from '../../options.ts';

interface SignOptions extends CommonOptions {
  newKey?: string;
  environment?: string;
  key?: string[];
  to?: string;
  sequence?: string;
  expires: string;
  minimumVersion: string;
  replacesUpTo?: string;
}

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
      'the private key, env:NAME or file:PATH; may be repeated',
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
      if (options.newKey !== undefined) await makeKeys(context, options.newKey);
      else await signFile(context, file, options);
      exit(0);
    });
};

async function makeKeys(context: CliContext, name: string): Promise<void> {
  const { host } = context.io;
  const { id, privatePem, publicPem } = newKeyPair();
  for (const file of [`${name}.key`, `${name}.pub`]) {
    if (await host.files.stat(resolve(host.cwd, file)))
      throw new Failure(
        given('file-exists', `${file} exists already`, { hint: 'a key is never overwritten' }),
      );
  }
  await writeNewSecret(host, `${name}.key`, privatePem);
  await host.files.writeAtomic(resolve(host.cwd, `${name}.pub`), Buffer.from(publicPem), { mode: 0o644 });
  context.print(`key ${id}: ${name}.key signs (keep it secret), ${name}.pub goes to the instances\n`);
}

async function signFile(context: CliContext, file: string | undefined, options: SignOptions): Promise<void> {
  const { host } = context.io;
  const { environment, key: keys = [] } = options;
  const missing = file === undefined ? 'FILE' : environment === undefined ? '--environment' : '--key';
  if (file === undefined || environment === undefined || keys.length === 0)
    throw new Failure(
      given('missing-argument', `${missing} is missing`, { hint: 'see `converge sign --help`' }),
    );
  const content = await host.files.read(resolve(host.cwd, file));
  if (!content) throw new Failure(given('no-such-file', `${file} is not there`));
  const statement = statementOf(context, file, environment, content, options);
  const signers = [];
  for (const source of keys) {
    if (!/^(env|file):./.test(source))
      throw new Failure(
        given('bad-key-reference', '--key takes env:NAME or file:PATH', {
          hint: 'write `file:` before the path; a key itself on the command line could be read by every user of this machine',
        }),
      );
    const pem = await readSecret({ $secret: source }, host);
    context.redactor.add(pem);
    signers.push(parsePrivateKey(pem, source));
  }
  const written: [string, Buffer][] = [
    [statement.name, content],
    // Last: whoever reads in between finds the old signature, which the new content doesn't match yet.
    [signatureName(environment), sealStatement(statement, signers)],
  ];
  if (options.to === undefined) {
    for (const [name, bytes] of written)
      if (resolve(host.cwd, name) !== resolve(host.cwd, file))
        await host.files.writeAtomic(join(host.cwd, name), bytes, { mode: 0o644 });
  } else {
    const session = await openSession(context, options);
    try {
      await withContentBucket(context, session, options.to, async bucket => {
        for (const [name, bytes] of written) await bucket.put(name, bytes);
      });
    } finally {
      await session.close();
    }
  }
  const place = options.to ?? 'this folder';
  context.print(
    `signed ${basename(file)} for ${environment}: sequence ${statement.sequence}, until ${statement.expires}\n` +
      `${written.map(([name]) => name).join(' and ')} are in ${place}\n`,
  );
  // Who means everything by a large number would sign for nobody without knowing.
  const { sequence, issued, replaces_up_to: replaced = 0 } = statement;
  if (replaced > sequence) {
    const isDefaultEnough = replaced < Date.parse(issued) / 1000;
    const how = isDefaultEnough ? 'as the default is' : `with --sequence ${replaced + 1} or more`;
    context.say(
      `a rollback: instances take nothing else up to ${replaced}; sign what follows higher, ${how}\n`,
    );
  }
}

function statementOf(
  context: CliContext,
  file: string,
  environment: string,
  content: Buffer,
  options: SignOptions,
): Statement {
  const now = context.io.host.clock.now();
  const [yaml, zip] = contentNames(environment);
  const kind = { '.yaml': yaml, '.yml': yaml, '.zip': zip }[extname(file).toLowerCase()];
  if (kind === undefined)
    throw new Failure(
      given('wrong-content', `${file} is neither a .yaml nor a .zip`, { hint: 'zip a folder first' }),
    );
  if (!isEnvironmentName(environment))
    throw new Failure(
      given('wrong-environment', `${environment} is no name of a Beanstalk environment`, {
        hint: '4 to 40 letters, digits and hyphens',
      }),
    );
  const life = parseDuration(options.expires);
  if (life === undefined)
    throw new Failure(
      given('bad-duration', `${options.expires} is no duration`, { hint: 'write it like 30d' }),
    );
  const seconds = Math.floor(now / 1000);
  return {
    converge_content: 1,
    environment,
    name: kind,
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
    sequence: options.sequence === undefined ? seconds : whole(options.sequence, '--sequence'),
    issued: new Date(now).toISOString(),
    expires: new Date(now + life).toISOString(),
    minimum_version: options.minimumVersion,
    ...(options.replacesUpTo !== undefined && {
      replaces_up_to: whole(options.replacesUpTo, '--replaces-up-to'),
    }),
  };
}

function whole(text: string, name: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new Failure(given('bad-number', `${name} ${text}: expected a whole number`));
}
