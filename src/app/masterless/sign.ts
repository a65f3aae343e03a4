import { extname, join, resolve } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../io/duration.ts';
import { contentNames, signatureName } from '../../masterless/content/accept.ts';
import { isEnvironmentName } from '../../masterless/instance/environment-name.ts';
import { type Statement, sealStatement } from '../../masterless/trust/envelope.ts';
import { newKeyPair, parsePrivateKey } from '../../masterless/trust/keys.ts';
import { sha256 } from '../../values/digest.ts';
import { isVersion } from '../../values/version.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { writeNewSecret } from '../secret-file.ts';
import { openSession } from '../session/open-session.ts';
import { keepSecret, readSecret } from '../session/read-secret.ts';
import { withContentBucket } from './content-bucket.ts';

export interface SignOptions extends CommonOptions {
  newKey?: string;
  environment?: string;
  key?: string[];
  to?: string;
  sequence?: string;
  expires: string;
  minimumVersion: string;
  replacesUpTo?: string;
}

/**
 * A pair of keys, `NAME.key` for whoever signs and `NAME.pub` for the instances; neither may be there. Gives
 * its id.
 */
export async function makeSigningKeys(context: Context, name: string): Promise<string> {
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
  return id;
}

export interface Signed {
  statement: Statement;
  /** Names of content and signature, where they are. */
  names: string[];
}

/** Signs what instances are to apply, and puts content and signature here or into a bucket. */
export async function signFile(
  context: Context,
  file: string | undefined,
  options: SignOptions,
): Promise<Signed> {
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
    if (!/^(env|file|credential):./.test(source))
      throw new Failure(
        given('bad-key-reference', '--key takes env:NAME, file:PATH or credential:NAME', {
          hint: 'write `file:` before the path; a key itself on the command line could be read by every user of this machine',
        }),
      );
    const pem = await readSecret({ $secret: source }, host);
    keepSecret(context, source, pem);
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
      await withContentBucket(session, options.to, async bucket => {
        for (const [name, bytes] of written) await bucket.put(name, bytes);
      });
    } finally {
      await session.close();
    }
  }
  return { statement, names: written.map(([name]) => name) };
}

function statementOf(
  context: Context,
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
      given('wrong-environment', `${environment} is not a name of a Beanstalk environment`, {
        hint: '4 to 40 letters, digits and hyphens',
      }),
    );
  const life = parseDuration(options.expires);
  if (life === undefined)
    throw new Failure(
      given('bad-duration', `${options.expires} is not a duration`, { hint: 'write it like 30d' }),
    );
  if (!isVersion(options.minimumVersion))
    throw new Failure(
      given('wrong-value', `--minimum-version ${options.minimumVersion} is not a version`, {
        hint: 'write it like 1.2.3',
      }),
    );
  const seconds = Math.floor(now / 1000);
  return {
    converge_content: 1,
    environment,
    name: kind,
    sha256: sha256(content),
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
