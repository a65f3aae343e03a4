import { hash } from 'node:crypto';
import { resolve } from 'node:path';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Host, Random } from '../../io/ports.ts';
import { readCredential } from '../../io/service/credential.ts';

/** A user's key of an encrypted repository. */
export interface Key {
  /** 8 hex digits that may be shown anywhere. */
  id: string;
  /** 32 bytes. */
  secret: Buffer;
}

const PREFIX = 'converge-key-';
/** Crockford's base 32: no letter that is easily mistaken for a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const SECRET_BYTES = 32;
const CHECK_BYTES = 3;

const digest = (purpose: string, secret: Buffer) =>
  // Node 22 takes no object of options here.
  hash('sha256', Buffer.concat([Buffer.from(`converge/1 ${purpose}\0`), secret]), 'buffer');
const keyOf = (secret: Buffer): Key => ({ id: digest('key-id', secret).toString('hex', 0, 4), secret });

/** 280 bits of secret and checksum as 56 digits in seven groups of eight, made to be printed. */
export function createKey(random: Random): Key & { text: string } {
  const secret = random.bytes(SECRET_BYTES);
  const all = Buffer.concat([secret, digest('key-check', secret).subarray(0, CHECK_BYTES)]);
  let bits = BigInt(`0x${all.toString('hex')}`);
  let digits = '';
  for (let n = 0; n < 56; n++, bits >>= 5n) digits = ALPHABET[Number(bits & 31n)]! + digits;
  return { ...keyOf(secret), text: PREFIX + digits.match(/.{8}/g)!.join('-') };
}

/**
 * Reads the printed form; case, blanks and dashes don't matter. Throws a Failure that never holds
 * any of the text. `from` says where the text came from.
 */
export function parseKey(text: string, from: string): Key {
  const wrong = (why: string) =>
    new Failure(
      given('bad-key', own`${from} holds no converge key: ${why}`, {
        hint: own`a key begins with ${PREFIX} and has 56 letters and digits; \`converge key create\` makes one`,
      }),
    );
  const compact = text.trim().toLowerCase();
  if (!compact.startsWith(PREFIX)) throw wrong(`it doesn't begin with ${PREFIX}`);
  const digits = compact.slice(PREFIX.length).replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1');
  if (digits.length !== 56) throw wrong(`it has ${digits.length} letters and digits, not 56`);
  let bits = 0n;
  for (const digit of digits) {
    const value = ALPHABET.indexOf(digit);
    if (value < 0) throw wrong('it has a character that no key has');
    bits = (bits << 5n) | BigInt(value);
  }
  const all = Buffer.from(bits.toString(16).padStart((SECRET_BYTES + CHECK_BYTES) * 2, '0'), 'hex');
  const secret = all.subarray(0, SECRET_BYTES);
  if (!digest('key-check', secret).subarray(0, CHECK_BYTES).equals(all.subarray(SECRET_BYTES)))
    throw wrong('its check digits are wrong, so it was mistyped or cut');
  return keyOf(secret);
}

/**
 * `env:NAME`, `credential:NAME` or `file:PATH` (against the working directory). The value itself is never
 * shown.
 */
export async function readKey(spec: string, host: Pick<Host, 'env' | 'files' | 'cwd'>): Promise<Key> {
  const [, scheme, name] = /^(env|file|credential):(.+)$/s.exec(spec) ?? [];
  if (!scheme || !name)
    throw new Failure(
      given('bad-key-reference', '--key takes env:NAME, file:PATH or credential:NAME', {
        hint: 'write `file:` before the path; a key itself on the command line could be read by every user of this machine',
      }),
    );
  if (scheme === 'env') {
    const text = host.env[name];
    if (!text)
      throw new Failure(
        given('key-not-found', `the environment variable ${name} isn't set`, {
          hint: `put the key into ${name}`,
        }),
      );
    return parseKey(text, `environment variable ${name}`);
  }
  if (scheme === 'credential') {
    const found = await readCredential(name, host);
    if ('bytes' in found) return parseKey(found.bytes.toString('utf8'), `credential ${name}`);
    throw new Failure(
      given('key-not-found', `the key ${spec} can't be read: ${found.why}`, {
        hint: 'hand it over in the unit of the service: LoadCredential=NAME:FILE',
      }),
    );
  }
  const bytes = await host.files.read(resolve(host.cwd, name));
  if (!bytes)
    throw new Failure(
      given('key-not-found', `there is no key file ${name}`, {
        hint: 'a path is relative to the working directory; `converge key create --to FILE` makes a key',
      }),
    );
  if (bytes.length > 4096)
    throw new Failure(given('bad-key', `${name} has ${bytes.length} bytes; a key file has about 80`));
  return parseKey(bytes.toString('utf8'), `file ${name}`);
}
