import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** What is in a PFX file; undefined when the password doesn't open it or it isn't one. */
export function openPfx(bytes: Buffer, passphrase: string): X509Certificate | undefined {
  try {
    const { context } = createSecureContext({ pfx: bytes, passphrase });
    // The certificate that the key is for, as DER.
    const certificate = (context as { getCertificate(): Buffer | null }).getCertificate();
    return certificate ? new X509Certificate(certificate) : undefined;
  } catch {
    return undefined;
  }
}

/** SHA-1 as Windows shows it. */
export const thumbprintOf = ({ fingerprint }: X509Certificate): string => fingerprint.replaceAll(':', '');
