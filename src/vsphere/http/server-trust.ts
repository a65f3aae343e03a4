import { isAbsolute, resolve } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { ReadFiles } from '../../io/ports.ts';
import { certificatesIn } from '../../network/certificates.ts';
import type { Network } from '../../network/network.ts';

/** What makes a server's certificate good: a pin, or a chain to `ca`, or to the system's authorities. */
export interface Trust {
  /** PEM text. */
  ca?: string | undefined;
  /** SHA-256 of the certificate (DER), hex with or without colons. It alone decides when given. */
  sha256?: string | undefined;
  /** SHA-1 of the certificate, as a server that is trusted itself names another's; alone, too. */
  sha1?: string | undefined;
  /** By which proxies it is reached, and whose authorities are the usual ones; none when left out. */
  network?: Network | undefined;
}

/** Upper-case hex pairs with colons, as browsers and openssl print it; undefined when it isn't 32 bytes. */
export function fingerprint(text: string): string | undefined {
  const hex = text.replace(/[:\s]/g, '').toUpperCase();
  return /^[0-9A-F]{64}$/.test(hex) ? hex.match(/../g)!.join(':') : undefined;
}

/**
 * Looks at what was given before any connection is made.
 * @throws Failure `vsphere-pin`, `vsphere-ca`
 */
export function checkTrust({ ca, sha256 }: Trust): void {
  if (sha256 !== undefined && fingerprint(sha256) === undefined) {
    throw new Failure(
      given('vsphere-pin', 'The `sha256` of the vSphere target is not a SHA-256 fingerprint.', {
        hint: 'It has 64 hex digits, with or without colons.',
      }),
    );
  }
  if (ca !== undefined) checkCa(ca, '');
}

/**
 * The PEM text that a target's `ca` means: itself, or that of the file it names.
 * @param cwd what a relative path resolves against
 * @throws Failure `vsphere-ca`
 */
export async function readCa(ca: string, files: ReadFiles, cwd: string): Promise<string> {
  if (ca.includes(BEGIN)) return ca;
  const path = isAbsolute(ca) ? ca : resolve(cwd, ca);
  const bytes = await files.read(path).catch(error => {
    if (!(error instanceof Failure)) throw error;
    throw wrongCa(` ${path}`, own`can't be read: ${error.message}`);
  });
  const text = bytes?.toString('latin1');
  if (text === undefined) throw wrongCa(` ${path}`, 'is not there');
  checkCa(text, ` ${path}`);
  return text;
}

function checkCa(text: string, path: string): void {
  const read = certificatesIn(text);
  if ('problem' in read) throw wrongCa(path, read.problem);
}

const BEGIN = '-----BEGIN CERTIFICATE-----';

const wrongCa = (path: string, problem: string): Failure =>
  new Failure(
    given('vsphere-ca', `The certificate authority${path} of the vSphere target ${problem}.`, {
      hint: 'vCenter offers its authority at https://HOST/certs/download.zip.',
    }),
  );
