import { isAbsolute, resolve } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import type { Host } from '../io/ports.ts';
import { certificatesIn } from './certificates.ts';

/** Variables that name a file of authorities which are trusted beside the usual ones. */
const variables = ['AWS_CA_BUNDLE', 'SSL_CERT_FILE'] as const;

/**
 * What servers are believed by, where the environment names authorities beside those that Node knows and
 * those of NODE_EXTRA_CA_CERTS, which Node reads itself; undefined: by those alone.
 *
 * @throws Failure `ca-file`
 */
export async function authoritiesOf({
  env,
  files,
  cwd,
}: Pick<Host, 'env' | 'files' | 'cwd'>): Promise<SecureContext | undefined> {
  const named = variables.flatMap(name => (env[name] ? [{ name, path: env[name] }] : []));
  if (named.length === 0) return undefined;
  const more = await Promise.all(
    named.map(async ({ name, path }) => {
      const text = await files.read(isAbsolute(path) ? path : resolve(cwd, path)).catch(error => {
        if (!(error instanceof Failure)) throw error;
        throw wrong(name, path, own`can't be read: ${error.message}`);
      });
      if (text === undefined) throw wrong(name, path, 'is not there');
      const read = certificatesIn(text.toString('latin1'));
      if ('problem' in read) throw wrong(name, path, read.problem);
      return read.found;
    }),
  );
  return createSecureContext({ ca: [...getCACertificates('default'), ...more.flat()] });
}

const wrong = (variable: string, path: string, problem: string): Failure =>
  new Failure(
    given('ca-file', `The file of authorities ${path}, which ${variable} names, ${problem}.`, {
      hint: `Let ${variable} name a file of certificates in PEM, or unset it: the usual authorities are trusted anyway.`,
    }),
  );
