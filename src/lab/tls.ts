import { createHash, type webcrypto } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../io/ports.ts';
import { readJson, writeJson } from './disks/write-json.ts';
import { provideMetadata } from './reflect.ts';

const DAY = 86_400_000;
const VALID = 365 * DAY;
const RENEW_BEFORE_END = 30 * DAY;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface LabCertificates {
  caPem: string;
  certPem: string;
  keyPem: string;
  /** SHA-256 of the server certificate in DER, lower-case hex: what a client pins. */
  sha256: string;
}

interface Kept extends LabCertificates {
  /** Milliseconds since the epoch. */
  notBefore: number;
  notAfter: number;
}

/**
 * A CA and a server certificate for 127.0.0.1, ::1 and localhost. They are kept in `dir` (mode 0600)
 * and made anew thirty days before they end, or when the clock is before they begin.
 */
export async function labCertificates(dir: string, clock: Clock, random: Random): Promise<LabCertificates> {
  const file = join(dir, 'certificates.json');
  const kept = await readJson<Kept>(file);
  const now = clock.now();
  if (kept && now >= kept.notBefore && now < kept.notAfter - RENEW_BEFORE_END) return published(kept);
  const made = await issue(now, random);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeJson(file, made);
  return published(made);
}

const published = ({ caPem, certPem, keyPem, sha256 }: Kept): LabCertificates => ({
  caPem,
  certPem,
  keyPem,
  sha256,
});

async function issue(now: number, random: Random): Promise<Kept> {
  // The library is large, and most commands never open a lab.
  provideMetadata();
  const x509 = await import('@peculiar/x509');
  const period = { notBefore: new Date(now - DAY), notAfter: new Date(now + VALID) };
  const serialNumber = () => `00${random.bytes(15).toString('hex')}`;
  const generate = () =>
    crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
  const caKeys = await generate();
  const keys = await generate();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...period,
    serialNumber: serialNumber(),
    name: 'CN=converge lab CA',
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    ...period,
    serialNumber: serialNumber(),
    subject: 'CN=converge lab',
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
        { type: 'dns', value: 'localhost' },
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  return {
    caPem: `${ca.toString('pem')}\n`,
    certPem: `${certificate.toString('pem')}\n`,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8.toString('base64').replace(/.{64}/g, '$&\n').trim()}\n-----END PRIVATE KEY-----\n`,
    sha256: createHash('sha256').update(Buffer.from(certificate.rawData)).digest('hex'),
    notBefore: period.notBefore.getTime(),
    notAfter: period.notAfter.getTime(),
  };
}
