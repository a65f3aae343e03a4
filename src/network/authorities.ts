import { isAbsolute, resolve } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import type { Host } from '../io/ports.ts';
import { certificatesIn } from './certificates.ts';

/** Variables that name a file of authorities which are trusted beside the usual ones. */
const variables = ['AWS_CA_BUNDLE', 'SSL_CERT_FILE'] as const;

/** Authorities that a target or a profile declares, beside those of the environment. */
export interface Declared {
  /** Path of a PEM file, or its text. */
  ca: string;
  /** Who says so, for messages: `\`ca\` of target dr`. */
  from: string;
}

/**
 * What servers are believed by, where the environment, or a target, names authorities beside those that Node
 * knows and those of NODE_EXTRA_CA_CERTS, which Node reads itself; undefined: by those alone.
 *
 * @throws Failure `ca-file`
 */
export async function authoritiesOf(
  { env, files, cwd }: Pick<Host, 'env' | 'files' | 'cwd'>,
  ...declared: readonly Declared[]
): Promise<SecureContext | undefined> {
  const named = variables.flatMap(name => (env[name] ? [{ from: name, ca: env[name] }] : []));
  const all: Declared[] = [...named, ...declared];
  if (all.length === 0) return undefined;
  const more = await Promise.all(
    all.map(async ({ from, ca }) => {
      const isText = ca.includes('-----BEGIN ');
      const what = isText ? 'The authorities' : `The file of authorities ${ca}`;
      const wrong = wrongly(what, from);
      const text = isText ? ca : await read(ca, wrong);
      const certificates = certificatesIn(text);
      if ('problem' in certificates) throw wrong(certificates.problem);
      return certificates.found;
    }),
  );
  return createSecureContext({ ca: [...getCACertificates('default'), ...more.flat()] });

  async function read(path: string, wrong: (problem: string) => Failure): Promise<string> {
    const bytes = await files.read(isAbsolute(path) ? path : resolve(cwd, path)).catch(error => {
      if (!(error instanceof Failure)) throw error;
      throw wrong(own`can't be read: ${error.message}`);
    });
    if (bytes === undefined) throw wrong('is not there');
    return bytes.toString('latin1');
  }
}

const wrongly =
  (what: string, from: string) =>
  (problem: string): Failure =>
    new Failure(
      given('ca-file', `${what}, which ${from} names, ${problem}.`, {
        hint: `Let ${from} name a file of certificates in PEM, or leave it out: the usual authorities are trusted anyway.`,
      }),
    );
