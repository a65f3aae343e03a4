import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { type Diagnostic, Failure, given } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import { addressFamily } from '../../../io/ip-address.ts';
import { type ServedName, unusable } from '../../../operation/server/serve.ts';
import type { Context } from '../../app-context.ts';
import { readSecretFrom } from '../../session/read-secret.ts';

export interface CertificateSource {
  /** PEM file. */
  tlsCert: string;
  /** `env:NAME`, `file:PATH` or `credential:NAME`. */
  tlsKey: string;
}

export interface FoundCertificate {
  tls: { cert: string; key: string };
  /** Warnings: it has run out, or is for other names, of which browsers say next to nothing. */
  doubts: Diagnostic[];
}

/**
 * The certificate of a page and its key, both PEM.
 *
 * @param names that it is reached by
 * @throws Failure `page-certificate`; what `readSecretFrom` throws
 */
export async function readCertificate(
  context: Context,
  { tlsCert, tlsKey }: CertificateSource,
  names: readonly ServedName[],
): Promise<FoundCertificate> {
  const { files, cwd, clock } = context.io.host;
  const bytes = await files.read(resolve(cwd, tlsCert));
  if (!bytes) throw new Failure(wrong(`--tls-cert ${tlsCert}: there is no such file`, pem));
  const certificate = certificateIn(bytes);
  const key = await readSecretFrom(tlsKey, context);
  const opened = keyIn(key);
  const found = [
    certificate ? undefined : wrong(`--tls-cert ${tlsCert} holds no certificate`, pem),
    'why' in opened ? wrong(own`--tls-key ${tlsKey} ${opened.why}`, opened.wayOut) : undefined,
  ].filter(one => one !== undefined);
  if (found.length > 0 || !certificate || 'why' in opened) throw new Failure(found);
  if (!certificate.checkPrivateKey(opened.key))
    throw new Failure(
      wrong(
        `--tls-key ${tlsKey} is not the key of --tls-cert ${tlsCert}`,
        'give the key that it was made for',
      ),
    );
  const tls = { cert: bytes.toString(), key };
  const why = unusable(tls);
  if (why !== undefined) throw new Failure(wrong(own`--tls-cert ${tlsCert} can't be used: ${why}`, pem));
  const doubts = doubtsOf(certificate, names, clock.now()).map(why => ({
    ...wrong(own`--tls-cert ${tlsCert} ${why}`, 'browsers and scrapers will refuse it: have it made anew'),
    severity: 'warning' as const,
  }));
  return { tls, doubts };
}

const pem = 'give the certificate as PEM, with those between it and its authority below it';

const wrong = (message: string, hint: string): Diagnostic => given('page-certificate', message, { hint });

function certificateIn(bytes: Buffer): X509Certificate | undefined {
  try {
    return bytes.includes('-----BEGIN CERTIFICATE-----') ? new X509Certificate(bytes) : undefined;
  } catch {
    return undefined;
  }
}

function keyIn(text: string): { key: KeyObject } | { why: string; wayOut: string } {
  if (/^(-----BEGIN ENCRYPTED |Proc-Type: 4,ENCRYPTED)/m.test(text))
    return {
      why: 'is kept by a passphrase, and nobody is there to give it',
      wayOut: 'take it off (openssl pkey -in KEY), and let nobody else read the file',
    };
  try {
    return { key: createPrivateKey(text) };
  } catch {
    return { why: 'holds no private key', wayOut: 'give the private key as PEM' };
  }
}

function doubtsOf(certificate: X509Certificate, names: readonly ServedName[], now: number): string[] {
  const { validFromDate: from, validToDate: to } = certificate;
  const day = (date: Date): string => date.toISOString().slice(0, 10);
  const fits = (name: string) =>
    addressFamily(name) === undefined ? certificate.checkHost(name) : certificate.checkIP(name);
  const others = names.map(({ name }) => name).filter(name => !fits(name));
  return [
    ...(to.getTime() <= now ? [`ran out on ${day(to)}`] : []),
    ...(from.getTime() > now ? [`counts from ${day(from)} on`] : []),
    ...(others.length > 0 ? [`isn't for ${others.join(', ')}`] : []),
  ];
}
