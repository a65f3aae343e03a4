import { crc32 } from 'node:zlib';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { sha256Base64 } from '../../values/digest.ts';
import { LARGE } from './handler.ts';

/** How an object's bytes are vouched for in the PUT that brings them. */
export type Checksum = { ChecksumSHA256: string } | { ChecksumCRC32: string };

/** What a PUT was answered with, as far as it counts here. */
interface Put {
  ETag?: string | undefined;
  ChecksumCRC32?: string | undefined;
}

export interface Payloads {
  /**
   * Sends a PUT with the checksum that suits bytes and store, once more with the other one where the store won't
   * have the first. Rejects with what `send` rejects with, or with a Failure `object-altered`.
   *
   * @param holds whether the store has these very bytes
   */
  put(
    bytes: Buffer,
    send: (checksum: Checksum) => Promise<Put>,
    holds: () => Promise<boolean>,
  ): Promise<Put>;
}

/**
 * What vouches for the bytes of one bucket's objects. A SHA-256 that signs the request is right everywhere, and
 * costs three times what a CRC-32 does. Where nobody can alter a request on its way, by TLS or on this machine, the
 * CRC-32 of a large body does: against chance, with the payload unsigned. A policy may refuse what is unsigned, and
 * a store take no notice of the checksum: then it is the SHA-256 from there on.
 *
 * @param endpoint of another service than AWS's own
 */
export function payloadsOf(endpoint: string | undefined): Payloads {
  let unsigned = isGuarded(endpoint);
  return {
    async put(bytes, send, holds) {
      const signed = () => send({ ChecksumSHA256: sha256Base64(bytes) });
      if (!unsigned || bytes.length < LARGE) return signed();
      const ChecksumCRC32 = crc32Base64(bytes);
      let answer: Put;
      try {
        answer = await send({ ChecksumCRC32 });
      } catch (error) {
        if (!mayBeForThat(error)) throw error;
        answer = await signed();
        unsigned = false;
        return answer;
      }
      if (answer.ChecksumCRC32 === ChecksumCRC32) return answer;
      unsigned = false;
      if (!(await holds())) throw altered();
      return answer;
    },
  };
}

/** Whether nobody on the way can alter what is sent there. */
function isGuarded(endpoint: string | undefined): boolean {
  if (endpoint === undefined) return true;
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/i.test(hostname);
}

/** An answer that a policy against unsigned payloads, or a store that doesn't know them, may have given. */
function mayBeForThat(error: unknown): boolean {
  const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
  return [400, 403, 501].includes($metadata?.httpStatusCode ?? 0);
}

/** As `x-amz-checksum-crc32` has it: four bytes, the highest first. */
function crc32Base64(bytes: Buffer): string {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes));
  return checksum.toString('base64');
}

const altered = (): Failure =>
  new Failure(
    world('object-altered', 'the store holds other bytes than those that were sent to it', {
      hint: 'it took no notice of the checksum that came with them; look for what is wrong with it, or on the way',
    }),
  );
