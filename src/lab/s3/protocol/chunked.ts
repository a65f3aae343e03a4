import { createHash } from 'node:crypto';
import { errors, S3Error } from './errors.ts';
import { hmac, type Signature, sameText, sha256Hex } from './sigv4.ts';

/**
 * The `aws-chunked` coding: `HEX[;chunk-signature=HEX]CRLF data CRLF ... 0[;...]CRLF [trailers] CRLF`.
 * Source: "Signature calculations: transferring payload in multiple chunks" and "... including
 * trailing headers" in the Amazon S3 API reference.
 */
export interface ChunkedBody {
  /** The decoded data. Trailers are there once it has ended. */
  data: AsyncIterable<Buffer>;
  trailers: Map<string, string>;
}

const emptyHash = sha256Hex('');
const longestLine = 16 * 1024;

const incomplete = () =>
  new S3Error(
    400,
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header.',
  );
const wrongSignature = () =>
  new S3Error(
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );

/** Pulls lines and runs of bytes out of a stream of buffers. */
class Reader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }
  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done) return false;
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    return true;
  }
  /** Without its line end; undefined at the end of the stream. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const at = this.#rest.indexOf('\n');
      if (at >= 0) {
        const line = this.#rest.toString('latin1', 0, at).replace(/\r$/, '');
        this.#rest = this.#rest.subarray(at + 1);
        return line;
      }
      if (this.#rest.length > longestLine) throw errors.invalidRequest('A chunk header is too long.');
      if (!(await this.#more())) return this.#rest.length === 0 ? undefined : this.#take().toString('latin1');
    }
  }
  #take(length = this.#rest.length): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }
  /** Exactly `length` bytes in pieces as they come. */
  async *bytes(length: number): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      if (this.#rest.length === 0 && !(await this.#more())) throw incomplete();
      const piece = this.#take(left);
      left -= piece.length;
      yield piece;
    }
  }
}

/** `signature` undefined: the chunks are not signed. Throws S3Error while the data is read. */
export function decodeChunked(source: AsyncIterable<Buffer>, signature: Signature | undefined): ChunkedBody {
  const trailers = new Map<string, string>();
  const reader = new Reader(source);
  let previous = signature?.seed ?? '';

  function checkChunk(given: string | undefined, digest: string): void {
    if (!signature) return;
    const text = ['AWS4-HMAC-SHA256-PAYLOAD', signature.date, signature.scope, previous, emptyHash, digest];
    const expected = hmac(signature.signingKey, text.join('\n')).toString('hex');
    if (given === undefined || !sameText(given, expected)) throw wrongSignature();
    previous = expected;
  }

  async function readTrailers(): Promise<void> {
    let canonical = '';
    for (;;) {
      const line = await reader.line();
      if (line === undefined || line === '') break;
      const at = line.indexOf(':');
      const [name, value] = [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
      trailers.set(name, value);
      if (name !== 'x-amz-trailer-signature') canonical += `${name}:${value}\n`;
    }
    if (!signature?.payload.endsWith('-TRAILER')) return;
    const text = [
      'AWS4-HMAC-SHA256-TRAILER',
      signature.date,
      signature.scope,
      previous,
      sha256Hex(canonical),
    ];
    // Some clients leave out the empty line between the trailers and their signature, some don't.
    const given = trailers.get('x-amz-trailer-signature') ?? (await reader.line())?.split(':')[1]?.trim();
    const expected = hmac(signature.signingKey, text.join('\n')).toString('hex');
    if (given === undefined || !sameText(given, expected)) throw wrongSignature();
  }

  async function* data(): AsyncGenerator<Buffer> {
    for (;;) {
      const line = await reader.line();
      if (line === undefined) throw incomplete();
      const [, hex, given] = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line) ?? [];
      if (hex === undefined)
        throw errors.invalidRequest('A chunk header of the aws-chunked body is malformed.');
      const length = Number.parseInt(hex, 16);
      const hash = createHash('sha256');
      for await (const piece of reader.bytes(length)) {
        if (signature) hash.update(piece);
        yield piece;
      }
      checkChunk(given, hash.digest('hex'));
      if (length === 0) break;
      if ((await reader.line()) !== '')
        throw errors.invalidRequest('A chunk of the aws-chunked body is malformed.');
    }
    await readTrailers();
  }
  return { data: data(), trailers };
}
