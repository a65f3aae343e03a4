import { createCipheriv, createDecipheriv, hash, hkdfSync } from 'node:crypto';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Random } from '../../io/ports.ts';
import { bringBack, damaged, FORMAT, newerFormat, olderFormat } from '../model/damage.ts';
import type { Key } from './keys.ts';
import { CONFIG } from './names.ts';
import { demand, hex, listOf, members, nullOr, oneOf } from './shape.ts';

/** The master key, wrapped by one user key. Several may stand side by side while keys are rotated. */
export interface WrappedKey {
  key_id: string;
  /** 12 bytes, hex. */
  nonce: string;
  /** 32 bytes of master key and 16 of GCM tag, hex. */
  master: string;
}

/** `converge.json`, the one plaintext object. */
export interface RepositoryConfig {
  format: typeof FORMAT;
  /** 16 bytes, hex. */
  id: string;
  encryption: { cipher: 'AES-256-GCM'; keys: WrappedKey[] } | null;
}

const checksum = ({ format, id, encryption }: RepositoryConfig) =>
  hash('sha256', JSON.stringify([format, id, encryption]));

export const encodeConfig = (config: RepositoryConfig): Buffer =>
  Buffer.from(`${JSON.stringify({ ...config, checksum: checksum(config) }, null, 2)}\n`);

/** The checksum needs no key: what can be changed can be given a right one. */
const shape = members({
  format: oneOf(FORMAT),
  id: hex(16),
  encryption: nullOr(
    members({
      cipher: oneOf('AES-256-GCM'),
      keys: listOf(members({ key_id: hex(4), nonce: hex(12), master: hex(48) })),
    }),
  ),
});

/** `url` names the repository in messages. */
export function decodeConfig(url: string, bytes: Buffer): RepositoryConfig {
  let value: { [K in keyof RepositoryConfig]?: unknown } & { checksum?: unknown };
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw broken(url, 'it is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null || typeof value.format !== 'number')
    throw broken(url, 'it is not a repository configuration');
  if (value.format > FORMAT) throw newerFormat(`the repository ${url}`, value.format);
  if (value.format === FORMAT - 1) throw olderFormat(url, value.format);
  const config = { format: value.format, id: value.id, encryption: value.encryption } as RepositoryConfig;
  if (value.checksum !== checksum(config)) throw broken(url, "its checksum doesn't match its content");
  try {
    demand(shape, config);
  } catch (cause) {
    throw broken(url, (cause as RangeError).message, cause);
  }
  return config;
}

const broken = (url: string, why: string, cause?: unknown) =>
  damaged(`${CONFIG} in ${url}`, why, cause, bringBack(CONFIG));

const kek = (key: Key, repositoryId: string) =>
  Buffer.from(hkdfSync('sha256', key.secret, Buffer.from(repositoryId, 'hex'), 'converge/1 wrap', 32));
const associated = (repositoryId: string, keyId: string) =>
  Buffer.from(`converge/1 master ${repositoryId} ${keyId}`);

export function wrapMaster(master: Buffer, key: Key, repositoryId: string, random: Random): WrappedKey {
  const nonce = random.bytes(12);
  const cipher = createCipheriv('aes-256-gcm', kek(key, repositoryId), nonce);
  cipher.setAAD(associated(repositoryId, key.id));
  const sealed = Buffer.concat([cipher.update(master), cipher.final(), cipher.getAuthTag()]);
  return { key_id: key.id, nonce: nonce.toString('hex'), master: sealed.toString('hex') };
}

/** The master key; undefined for a plain repository. Throws a Failure that names the key needed. */
export function unwrapMaster(
  url: string,
  config: RepositoryConfig,
  key: Key | undefined,
): Buffer | undefined {
  if (!config.encryption) {
    if (!key) return undefined;
    throw new Failure(
      world('key-not-needed', `the repository ${url} isn't encrypted, but a key was given`, {
        hint: 'leave out the key, or name the repository that it belongs to; encryption is chosen when a repository is made',
      }),
    );
  }
  const ids = config.encryption.keys.map(k => k.key_id).join(' or ');
  if (!key)
    throw new Failure(
      world('key-needed', `the repository ${url} is encrypted and needs key ${ids}`, {
        hint: 'in a manifest: `repository: { url: ..., key: "${secret(\'file:PATH\')}" }`; on the command line: --key env:NAME, --key file:PATH or --key credential:NAME',
      }),
    );
  const wrapped = config.encryption.keys.find(k => k.key_id === key.id);
  if (!wrapped)
    throw new Failure(
      world('wrong-key', `the repository ${url} needs key ${ids}; the key given is ${key.id}`, {
        hint: 'give the right key, in the manifest or with --key env:NAME, file:PATH or credential:NAME',
      }),
    );
  try {
    const sealed = Buffer.from(wrapped.master, 'hex');
    const nonce = Buffer.from(wrapped.nonce, 'hex');
    const decipher = createDecipheriv('aes-256-gcm', kek(key, config.id), nonce, { authTagLength: 16 });
    decipher.setAAD(associated(config.id, key.id));
    decipher.setAuthTag(sealed.subarray(32));
    return Buffer.concat([decipher.update(sealed.subarray(0, 32)), decipher.final()]);
  } catch (cause) {
    throw broken(url, `its entry for key ${key.id} can't be unwrapped`, cause);
  }
}
