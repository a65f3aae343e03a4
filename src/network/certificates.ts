import { X509Certificate } from 'node:crypto';

/**
 * The certificates of a text in PEM, each by itself, or what is wrong with it as the end of a sentence. Where
 * one of many can't be read, Node takes those before it and says nothing; of a key alone it says nothing
 * either.
 */
export function certificatesIn(text: string): { found: string[] } | { problem: string } {
  const found = text.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?(?=-----BEGIN|$)/g) ?? [];
  if (found.length === 0) return { problem: 'holds no certificate in PEM' };
  const broken = found.findIndex(one => !isReadable(one));
  if (broken < 0) return { found };
  return {
    problem:
      found.length === 1
        ? "holds a certificate that can't be read"
        : `holds ${found.length} certificates, of which number ${broken + 1} can't be read`,
  };
}

function isReadable(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
