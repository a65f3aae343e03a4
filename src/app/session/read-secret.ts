import { isUtf8 } from 'node:buffer';
import { resolve } from 'node:path';
import { type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { SecretRef } from '../../engine/model/catalog.ts';
import { shortestSecret } from '../../engine/model/redact.ts';
import type { Host } from '../../io/ports.ts';
import { readCredential } from '../../io/service/credential.ts';
import { plural } from '../../io/units.ts';
import type { Context } from '../app-context.ts';

/**
 * Reads `env:NAME`, `file:PATH` or `credential:NAME` (one trailing newline dropped). Throws a Failure that
 * names only the reference.
 */
export async function readSecret({ $secret }: SecretRef, host: Host): Promise<string> {
  const colon = $secret.indexOf(':');
  const [source, name] = [$secret.slice(0, colon), $secret.slice(colon + 1)];
  if (source === 'env') {
    const value = host.env[name];
    if (value) return value;
    throw missing($secret, `the environment variable ${name} is ${value === '' ? 'empty' : 'not set'}`);
  }
  const isCredential = source === 'credential';
  const found = isCredential ? await readCredential(name, host) : undefined;
  const bytes = found
    ? 'bytes' in found
      ? found.bytes
      : undefined
    : await host.files.read(resolve(host.cwd, name));
  const what = isCredential ? `the credential ${name}` : `the file ${name}`;
  if (bytes && !isUtf8(bytes)) throw missing($secret, `${what} holds something else than UTF-8 text`);
  if (bytes) return bytes.toString('utf8').replace(/\r?\n$/, '');
  throw missing($secret, found && 'why' in found ? found.why : `${what} isn't there`);
}

const missing = (reference: string, why: string) =>
  new Failure(
    world('secret-missing', own`the secret ${reference} can't be read: ${why}`, {
      hint: own`set it for this run; \`file:\` is read relative to the working directory, \`credential:\` is for a service that has it by LoadCredential`,
    }),
  );

/**
 * The value of an option that takes `env:NAME`, `file:PATH` or `credential:NAME`; from then on it is in no
 * output.
 */
export async function readSecretFrom(source: string, context: Context): Promise<string> {
  if (!/^(env|file|credential):./s.test(source))
    throw new Failure(
      given('bad-secret-source', 'a secret is given as env:NAME, file:PATH or credential:NAME', {
        hint: 'a secret on the command line would be readable by every user of this machine',
      }),
    );
  const value = await readSecret({ $secret: source }, context.io.host);
  keepSecret(context, source, value);
  return value;
}

/** From now on `value` is in no output; says so when it is too short for that. */
export function keepSecret(
  { redactor, reporter }: Pick<Context, 'redactor' | 'reporter'>,
  reference: string,
  value: string,
): void {
  if (!redactor.add(value) || value.length >= shortestSecret) return;
  reporter.diagnostics([tooShort(reference, value.length)]);
}

const tooShort = (reference: string, length: number): Diagnostic => ({
  ...given(
    'short-secret',
    `the secret ${reference} has only ${plural(length, 'character')}: it is not taken out of what is said, ` +
      'where as few would be found everywhere',
    { hint: `use one of ${shortestSecret} characters or more` },
  ),
  severity: 'warning',
});
