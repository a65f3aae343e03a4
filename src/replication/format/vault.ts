import { createHmac, createSecretKey, hash, hkdfSync, type KeyObject } from 'node:crypto';
import type { BlockId } from '../model/repository.ts';
import { blockIdOf } from './blocks.ts';

/** What turns contents into names and objects: hashes in a plain repository, keys in an encrypted one. */
export interface Vault {
  readonly encrypted: boolean;
  blockId(plaintext: Buffer): BlockId;
  /** 32 hex digits that stand for a VM in object names. */
  vmKey(uuid: string): string;
  /** Key of one object; undefined in a plain repository. */
  objectKey(kind: string, salt: Buffer): KeyObject | undefined;
}

const derive = (secret: Buffer, salt: Buffer, info: string) =>
  // As an object: bytes would be made into one anew by each hash and cipher.
  createSecretKey(Buffer.from(hkdfSync('sha256', secret, salt, info, 32)));

const plain: Vault = {
  encrypted: false,
  blockId: plaintext => blockIdOf(plaintext, undefined),
  vmKey: uuid => hash('sha256', `vm${uuid}`).slice(0, 32),
  objectKey: () => undefined,
};

/** `master`: 32 bytes, or undefined for an unencrypted repository. */
export function vaultOf(master: Buffer | undefined): Vault {
  if (!master) return plain;
  const none = Buffer.alloc(0);
  const idKey = derive(master, none, 'converge/1 block-id');
  const nameKey = derive(master, none, 'converge/1 name');
  return {
    encrypted: true,
    blockId: plaintext => blockIdOf(plaintext, idKey),
    vmKey: uuid => createHmac('sha256', nameKey).update(`vm${uuid}`).digest('hex').slice(0, 32),
    objectKey: (kind, salt) => derive(master, salt, `converge/1 object ${kind}`),
  };
}
