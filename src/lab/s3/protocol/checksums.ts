import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc64Nvme, crc32c } from './crc.ts';
import { errors } from './errors.ts';

export const algorithms = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type Algorithm = (typeof algorithms)[number];

/** `COMPOSITE`: the checksum of the parts' checksums, with `-N` after it. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** A checksum as it is stored with an object; `value` is base64. */
export interface Checksum {
  algorithm: Algorithm;
  value: string;
  type: ChecksumType;
}

export interface Hasher {
  update(data: Uint8Array): void;
  digest(): Buffer;
}

const sizes: Record<Algorithm, number> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 };
export const headerOf = (algorithm: Algorithm): string => `x-amz-checksum-${algorithm.toLowerCase()}`;
/** `ChecksumCRC32`, the element in XML. */
export const elementOf = (algorithm: Algorithm): string => `Checksum${algorithm}`;

export const parseAlgorithm = (text: string | undefined): Algorithm | undefined =>
  algorithms.find(each => each === text?.toUpperCase());

function running(next: (data: Uint8Array, crc: number) => number): Hasher {
  let crc = 0;
  return {
    update(data) {
      crc = next(data, crc);
    },
    digest() {
      const out = Buffer.alloc(4);
      out.writeUInt32BE(crc);
      return out;
    },
  };
}

export function hasher(algorithm: Algorithm): Hasher {
  switch (algorithm) {
    case 'CRC32':
      return running((data, crc) => crc32(data, crc));
    case 'CRC32C':
      return running(crc32c);
    case 'CRC64NVME':
      return new Crc64Nvme();
    case 'SHA1':
      return createHash('sha1');
    case 'SHA256':
      return createHash('sha256');
  }
}

export function checksumOf(algorithm: Algorithm, data: Uint8Array): string {
  const hash = hasher(algorithm);
  hash.update(data);
  return hash.digest().toString('base64');
}

/** What the sender says: a value in the headers, a value promised in a trailer, or only an algorithm. */
export interface Announced {
  algorithm: Algorithm;
  value?: string;
  trailer: boolean;
}

/** Throws S3Error for several checksums at once, or a value of the wrong length. */
export function announcedChecksum(headers: ReadonlyMap<string, string>): Announced | undefined {
  const given = algorithms.filter(each => headers.has(headerOf(each)));
  if (given.length > 1)
    throw errors.invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  const trailer = headers.get('x-amz-trailer')?.trim().toLowerCase();
  const [algorithm] = given;
  if (algorithm) {
    const value = headers.get(headerOf(algorithm)) ?? '';
    checkLength(algorithm, value);
    return { algorithm, value, trailer: false };
  }
  if (trailer !== undefined) {
    const promised = algorithms.find(each => headerOf(each) === trailer);
    if (!promised)
      throw errors.invalidRequest('The value specified in the x-amz-trailer header is not supported');
    return { algorithm: promised, trailer: true };
  }
  const only = parseAlgorithm(headers.get('x-amz-sdk-checksum-algorithm'));
  return only && { algorithm: only, trailer: false };
}

export function checkLength(algorithm: Algorithm, value: string): void {
  if (Buffer.from(value, 'base64').length !== sizes[algorithm]) {
    throw errors.invalidRequest(`Value for ${headerOf(algorithm)} header is invalid.`);
  }
}

/** The checksum of a multipart object made of its parts' checksums. */
export function composite(algorithm: Algorithm, parts: string[]): string {
  const joined = Buffer.concat(parts.map(part => Buffer.from(part, 'base64')));
  return `${checksumOf(algorithm, joined)}-${parts.length}`;
}
