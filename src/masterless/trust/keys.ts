import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { sha256 } from '../../values/digest.ts';

/** A key that content may be signed with, by the id that signatures name. */
export interface TrustedKey {
  id: string;
  key: KeyObject;
  /** The file it came from, for messages. */
  name: string;
}

/** A new Ed25519 pair as PEM: PKCS#8 for whoever signs, SPKI for the instances. */
export function newKeyPair(): { id: string; privatePem: string; publicPem: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    id: keyId(publicKey),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
}

/** 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
export function keyId(key: KeyObject): string {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
  return sha256(spki).slice(0, 16);
}

/** Throws a Failure (given) that names where the text came from, never the text. */
export function parsePrivateKey(pem: string, name: string): KeyObject {
  if (/PUBLIC KEY/.test(pem))
    throw new Failure(
      given('wrong-key', `${name} holds a public key, and signing takes the private one`, {
        hint: 'name the .key file that `converge sign --new-key` wrote beside it',
      }),
    );
  return ed25519(
    () => createPrivateKey(pem),
    name,
    'private',
    'the .key file of `converge sign --new-key NAME`',
  );
}

/** Throws a Failure (given) when the text is not a public Ed25519 key in PEM. */
export function parsePublicKey(pem: string, name: string): TrustedKey {
  // Node would quietly derive the public half; a signing key has no business on an instance.
  if (/PRIVATE KEY/.test(pem)) {
    throw new Failure(
      given('private-key-here', `${name} holds a private key, and a public one belongs there`, {
        hint: 'put the .pub file there, and make a new pair: this key may have been seen',
      }),
    );
  }
  const key = ed25519(
    () => createPublicKey(pem),
    name,
    'public',
    'the .pub file of `converge sign --new-key`',
  );
  return { id: keyId(key), key, name };
}

function ed25519(read: () => KeyObject, name: string, kind: string, way: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read();
  } catch {
    key = undefined;
  }
  if (key?.asymmetricKeyType === 'ed25519') return key;
  const found = key ? `a key of another kind (${key.asymmetricKeyType})` : 'no key in PEM';
  throw new Failure(
    given('wrong-key', `${name}: expected a ${kind} Ed25519 key, found ${found}`, { hint: `use ${way}` }),
  );
}
