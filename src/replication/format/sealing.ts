import { createCipheriv, createDecipheriv } from 'node:crypto';
import { sha256Bytes } from '../../values/digest.ts';
import { damaged, newerFormat } from '../model/damage.ts';
import { ID_BYTES } from './blocks.ts';
import { compress, decompress, RAW, ZSTD } from './compression.ts';
import { release } from './release.ts';
import type { Vault } from './vault.ts';

/** Kinds of objects and their number in the header. Numbers are never used again. */
const KINDS = {
  roster: 1,
  head: 2,
  lease: 3,
  point: 4,
  pages: 5,
  index: 6,
  pack: 7,
  removal: 8,
  record: 9,
  bundle: 10,
  damage: 11,
  checked: 12,
  pruning: 13,
  locks: 14,
} as const;
export type Kind = keyof typeof KINDS;

const MAGIC = Buffer.from('CONVERGE', 'latin1');
const VERSION = 1;
const SEALED = 1;
export const HEADER_BYTES = 32;
export const SALT_BYTES = 16;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const DIGEST_BYTES = 32;
const NO_LABEL = Buffer.alloc(0);
const ENCODINGS = [Buffer.of(RAW), Buffer.of(ZSTD)];
/** Bytes of a section without content: its encoding and its tag. */
export const smallestSection = 1 + TAG_BYTES;

/** Whether a section can be there; what says so may be forged. */
export const canBeSection = ({ offset, length }: { offset: number; length: number }): boolean =>
  offset >= HEADER_BYTES && length >= smallestSection;

/**
 * Closes and opens the sections of one object. A section is stored as
 * `encoding(1) payload(n) tag(16)`; the tag is AES-256-GCM's, or in a plain repository the first 16 bytes
 * of SHA-256 over associated data, encoding and the SHA-256 of the payload, so that both find every changed
 * byte. Of a block that is stored as it is that inner hash is its id: one pass over its bytes gives both.
 */
export interface Sealer {
  readonly key: string;
  readonly header: Buffer;
  /** `offset`: where the section will be in the object; it is the nonce. */
  seal(offset: number, payload: Buffer): Buffer;
  /**
   * Throws a `damaged-object` Failure. `cap`: longest payload that can be right, bytes. `label`: bound, not
   * stored; at most 32 bytes.
   */
  open(offset: number, stored: Buffer, cap: number, label?: Buffer): Buffer;
  /**
   * Writes the section of a block, labelled with its id, into the object's bytes where it belongs. Answers
   * with its length; throws RangeError where there isn't room for `roomOf` the block.
   */
  sealBlock(object: Buffer, offset: number, id: Buffer, plaintext: Buffer): number;
  /**
   * The plaintext, which is the one that has this id: all else throws a `damaged-object` Failure, and leaves
   * `into` as it was. `into`: where it may be put, which may be `stored` itself; `room`: where the plaintext
   * of what was compressed may be put, at the beginning. Without them, or where they have no room, it is a
   * part of `stored` or in bytes of its own.
   */
  openBlock(
    offset: number,
    stored: Buffer,
    cap: number,
    id: Buffer,
    places?: { into?: Buffer; room?: Buffer },
  ): Buffer;
}

/** Bytes that a section of this payload takes at most. */
export const roomOf = (payload: Buffer): number => payload.length + smallestSection;

const LEVEL = 3;
/** Blocks are many and compress on the way: the fastest level. */
const BLOCK_LEVEL = 1;

/** `salt`: 16 bytes; the id in a container's name, which is sealed once, or random for a single object. */
export function sealerFor(vault: Vault, kind: Kind, key: string, salt: Buffer): Sealer {
  const secret = vault.objectKey(kind, salt);
  const name = Buffer.from(`${key}\0`);

  // Header, offset, name, label; in a plain repository encoding and digest follow. Made once, and used again;
  // in one piece with the nonce, as small objects are many.
  const nameEnd = HEADER_BYTES + 8 + name.length;
  const all = Buffer.allocUnsafe(nameEnd + ID_BYTES + 1 + DIGEST_BYTES + NONCE_BYTES).fill(0);
  const bound = all.subarray(0, -NONCE_BYTES);
  const nonce = all.subarray(-NONCE_BYTES);
  const header = bound.subarray(0, HEADER_BYTES);
  MAGIC.copy(header);
  header[8] = VERSION;
  header[9] = KINDS[kind];
  header[10] = vault.encrypted ? SEALED : 0;
  salt.copy(header, 16);
  name.copy(bound, HEADER_BYTES + 8);

  const associated = (offset: number, label: Buffer) => {
    if (label.length > ID_BYTES) throw new RangeError(`a label of ${label.length} bytes`);
    bound.writeBigUInt64BE(BigInt(offset), HEADER_BYTES);
    label.copy(bound, nameEnd);
    return bound.subarray(0, nameEnd + label.length);
  };
  const nonceAt = (offset: number) => {
    nonce.writeBigUInt64BE(BigInt(offset), 4);
    return nonce;
  };
  const plainTag = (offset: number, label: Buffer, encoding: number, digest: Buffer) => {
    const { length } = associated(offset, label);
    bound[length] = encoding;
    const end = length + 1 + digest.copy(bound, length + 1);
    return sha256Bytes(bound.subarray(0, end)).subarray(0, TAG_BYTES);
  };

  /** `digest`: of the payload, where it is known and the payload is stored as it is. */
  const sealAt = (
    into: Buffer,
    at: number,
    offset: number,
    { encoding, bytes }: ReturnType<typeof compress>,
    label: Buffer,
    digest?: Buffer,
  ): number => {
    const length = bytes.length + smallestSection;
    if (at + length > into.length) throw new RangeError(`no room for ${length} bytes at ${at}`);
    if (!secret) {
      into[at] = encoding;
      bytes.copy(into, at + 1);
      const inner = (encoding === RAW && digest) || sha256Bytes(bytes);
      plainTag(offset, label, encoding, inner).copy(into, at + 1 + bytes.length);
      return length;
    }
    const cipher = createCipheriv('aes-256-gcm', secret, nonceAt(offset));
    cipher.setAAD(associated(offset, label));
    cipher.update(ENCODINGS[encoding]!).copy(into, at);
    const sealed = cipher.update(bytes);
    sealed.copy(into, at + 1);
    release(sealed);
    cipher.final(); // GCM has no last bytes
    cipher.getAuthTag().copy(into, at + 1 + bytes.length);
    return length;
  };

  /** `digest`: of the payload as stored; in an encrypted repository there is none. */
  const open = (
    offset: number,
    stored: Buffer,
    cap: number,
    label: Buffer,
    room?: Buffer,
  ): { plain: Buffer; encoding: number; digest: Buffer | undefined } => {
    if (stored.length < smallestSection)
      throw damaged(key, `it is cut off at byte ${offset + stored.length}`);
    let body = stored.subarray(0, -TAG_BYTES);
    const tag = stored.subarray(-TAG_BYTES);
    let digest: Buffer | undefined;
    try {
      if (secret) {
        const decipher = createDecipheriv('aes-256-gcm', secret, nonceAt(offset), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(associated(offset, label));
        decipher.setAuthTag(tag);
        body = decipher.update(body);
        decipher.final(); // throws unless the tag is right; GCM has no last bytes
      } else {
        digest = sha256Bytes(body.subarray(1));
        if (!plainTag(offset, label, body[0]!, digest).equals(tag)) throw new Error('checksum');
      }
    } catch (cause) {
      throw damaged(key, `the section at byte ${offset} is not what was written`, cause);
    }
    try {
      const encoding = body[0]!;
      const plain = decompress(encoding, body.subarray(1), cap, room);
      if (secret && encoding === ZSTD) release(body);
      return { plain, encoding, digest };
    } catch (cause) {
      throw damaged(key, `the section at byte ${offset} can't be decompressed`, cause);
    }
  };

  return {
    key,
    header,
    seal(offset, payload) {
      const packed = compress(payload, LEVEL);
      const stored = Buffer.allocUnsafe(roomOf(packed.bytes));
      sealAt(stored, 0, offset, packed, NO_LABEL);
      return stored;
    },
    open: (offset, stored, cap, label = NO_LABEL) => open(offset, stored, cap, label).plain,
    sealBlock(object, offset, id, plaintext) {
      return sealAt(object, offset, offset, compress(plaintext, BLOCK_LEVEL), id, id);
    },
    openBlock(offset, stored, cap, id, { into, room } = {}) {
      const { plain, encoding, digest } = open(offset, stored, cap, id, room);
      const found = encoding === RAW && digest ? digest : vault.blockId(plain);
      if (!found.equals(id)) throw damaged(key, `the block at byte ${offset} has another id`);
      if (!secret || encoding !== RAW || !into || into.length < plain.length) return plain;
      const length = plain.copy(into);
      release(plain);
      return into.subarray(0, length);
    },
  };
}

/** Checks the first 32 bytes of an object and gives back its salt. */
export function readHeader(vault: Vault, kind: Kind, key: string, bytes: Buffer): Buffer {
  if (bytes.length < HEADER_BYTES) throw damaged(key, `it has only ${bytes.length} bytes`);
  if (!bytes.subarray(0, 8).equals(MAGIC)) throw damaged(key, 'it is not a converge object');
  if (bytes[8]! > VERSION) throw newerFormat(`object ${key}`, bytes[8]!);
  if (bytes[8] !== VERSION || bytes[9] !== KINDS[kind]) throw damaged(key, `it is not a ${kind} object`);
  if (bytes[10] !== (vault.encrypted ? SEALED : 0))
    throw damaged(key, `it is ${vault.encrypted ? 'not ' : ''}encrypted, unlike its repository`);
  if (bytes.readUInt32BE(11) !== 0 || bytes[15] !== 0)
    throw damaged(key, 'reserved bytes of its header are set');
  return bytes.subarray(16, HEADER_BYTES);
}

/** An object of a single section: header, then the section at byte 32. */
export function sealObject(vault: Vault, kind: Kind, key: string, salt: Buffer, payload: Buffer): Buffer {
  const sealer = sealerFor(vault, kind, key, salt);
  return Buffer.concat([sealer.header, sealer.seal(HEADER_BYTES, payload)]);
}

/** `cap`: longest payload accepted, bytes; a few hundred bytes of zstd can claim gigabytes. */
export function openObject(vault: Vault, kind: Kind, key: string, bytes: Buffer, cap: number): Buffer {
  const salt = readHeader(vault, kind, key, bytes);
  return sealerFor(vault, kind, key, salt).open(HEADER_BYTES, bytes.subarray(HEADER_BYTES), cap);
}
