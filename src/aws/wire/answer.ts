/** An answer of HTTP/1.1 as it comes, piece by piece: RFC 9112. */

export interface Answer {
  status: number;
  /** Names in lower case; of a name that comes twice, both values with a comma between. */
  headers: Record<string, string>;
  /** Of a success the bytes that went into the buffer that was given for it, else all there was. */
  body: Buffer;
  /** Whether another request may follow on the connection. */
  reusable: boolean;
}

export interface AnswerReader {
  /** Takes in what came. The bytes are the caller's again afterwards. Throws `BadAnswer`. */
  feed(bytes: Buffer): void;
  /**
   * Where the next bytes of the body belong, for whoever can have them put there: `landed` then says how many
   * came, and no more may have come than fit. Undefined: whatever comes is for `feed`.
   */
  room(): Buffer | undefined;
  landed(count: number): void;
  /** The server closed its side. Throws an error of code `ECONNRESET` when that is too early. */
  end(): void;
  /** Undefined until it is whole. */
  readonly answer: Answer | undefined;
}

/** What came isn't HTTP, or more than may be. The connection is out of step; another may bring an answer. */
export class BadAnswer extends Error {
  override name = 'BadAnswer';
}

/** Bytes of status line and headers, interim answers included. */
const LONGEST_HEAD = 64 * 1024;
/** Bytes of a body that no buffer was given for: an error's, or the answer to a PUT. */
const LONGEST_TEXT = 1024 * 1024;
const LONGEST_LINE = 4096;
/** Of a body or chunk so many bytes are always for `feed`, which sees what comes after it. */
const FED = 16 * 1024;

const NOTHING = Buffer.alloc(0);

interface Head {
  status: number;
  headers: Record<string, string>;
  persistent: boolean;
}

/** Reads one answer; the body of a 200 or 206 goes to `into`. */
export function answerReader(into: Buffer | undefined): AnswerReader {
  /** What is still to be read of head, chunk size or trailer; a body is taken straight from what came. */
  let pending: Buffer = NOTHING;
  let heads = 0;
  let head: Head | undefined;
  let body: Buffer = NOTHING;
  let done = 0;
  let state: 'head' | 'body' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer' | 'all' | 'whole' = 'head';
  /** Of body or chunk. */
  let left = 0;
  let surplus = false;

  const makeRoom = (more: number) => {
    if (done + more <= body.length) return;
    if (isInto())
      throw new BadAnswer(`the answer is longer than the ${body.length} bytes that were asked for`);
    if (done + more > LONGEST_TEXT) throw new BadAnswer(`the answer is longer than ${LONGEST_TEXT} bytes`);
    const larger = Buffer.allocUnsafe(Math.min(LONGEST_TEXT, Math.max(4096, 2 * (done + more))));
    body.copy(larger, 0, 0, done);
    body = larger;
  };
  const isInto = () => into !== undefined && body === into;
  const take = (bytes: Buffer) => {
    makeRoom(bytes.length);
    done += bytes.copy(body, done);
  };
  const begin = (of: Head) => {
    head = of;
    if (into && (of.status === 200 || of.status === 206)) body = into;
    const length = of.headers['content-length'];
    const coding = of.headers['transfer-encoding'];
    if (of.status === 204 || of.status === 304) state = 'whole';
    else if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked') throw new BadAnswer(`its body is encoded as ${coding}`);
      // The chunks count, and whoever has another idea of where the answer ends isn't listened to any more.
      if (length !== undefined) of.persistent = false;
      state = 'chunk-size';
    } else if (length !== undefined) {
      if (!/^\d{1,15}$/.test(length)) throw new BadAnswer(`its length is ${length}`);
      left = Number(length);
      makeRoom(left);
      state = left > 0 ? 'body' : 'whole';
    } else state = 'all';
  };
  /** The bytes before the next end of line, or of the head; undefined when it has still to come. */
  const before = (end: string, most: number): string | undefined => {
    const at = pending.indexOf(end);
    if (at < 0 ? pending.length >= most + end.length : at > most)
      throw new BadAnswer(`a line is longer than ${most} bytes`);
    if (at < 0) return undefined;
    const text = pending.toString('latin1', 0, at);
    pending = pending.subarray(at + end.length);
    return text;
  };
  /** One step; false when more bytes are needed. */
  const step = (): boolean => {
    switch (state) {
      case 'head': {
        const text = before('\r\n\r\n', LONGEST_HEAD - heads);
        if (text === undefined) return false;
        heads += text.length;
        const read = readHead(text);
        // Interim answers come before the one that counts; a switch of protocols was not asked for.
        if (read.status >= 200) begin(read);
        else if (read.status === 101) throw new BadAnswer('it switches protocols');
        return true;
      }
      case 'body':
      case 'chunk': {
        const some = pending.subarray(0, left);
        take(some);
        left -= some.length;
        pending = pending.subarray(some.length);
        if (left === 0) state = state === 'body' ? 'whole' : 'chunk-end';
        return left === 0;
      }
      case 'chunk-size': {
        const line = before('\r\n', LONGEST_LINE);
        if (line === undefined) return false;
        const size = /^([0-9a-f]{1,12})[ \t]*(;.*)?$/i.exec(line)?.[1];
        if (size === undefined) throw new BadAnswer('a chunk has no length');
        left = Number.parseInt(size, 16);
        if (left > 0) makeRoom(left);
        state = left > 0 ? 'chunk' : 'trailer';
        return true;
      }
      case 'chunk-end': {
        const line = before('\r\n', 0);
        if (line === undefined) return false;
        state = 'chunk-size';
        return true;
      }
      case 'trailer': {
        const line = before('\r\n', LONGEST_LINE);
        if (line === undefined) return false;
        heads += line.length;
        if (heads > LONGEST_HEAD) throw new BadAnswer(`its headers are longer than ${LONGEST_HEAD} bytes`);
        if (line === '') state = 'whole';
        return true;
      }
      case 'all':
        take(pending);
        pending = pending.subarray(pending.length);
        return false;
      case 'whole':
        return false;
    }
  };
  return {
    feed(bytes) {
      pending = pending.length === 0 ? bytes : Buffer.concat([pending, bytes]);
      while (step()) {
        // Until more is needed.
      }
      surplus ||= state === 'whole' && pending.length > 0;
      // What is kept until more comes must not change with the caller's bytes.
      pending = state === 'whole' || pending.length === 0 ? NOTHING : Buffer.from(pending);
    },
    room: () =>
      left > FED && pending.length === 0 && (state === 'body' || state === 'chunk') && isInto()
        ? body.subarray(done, done + left - FED)
        : undefined,
    landed(count) {
      done += count;
      left -= count;
    },
    end() {
      if (state === 'whole') return;
      if (state !== 'all') throw cutOff();
      state = 'whole';
      head!.persistent = false;
    },
    get answer() {
      if (state !== 'whole' || !head) return undefined;
      const { status, headers, persistent } = head;
      return { status, headers, body: body.subarray(0, done), reusable: persistent && !surplus };
    },
  };
}

export const cutOff = (): Error =>
  Object.assign(new Error('the connection was closed before its answer was whole'), { code: 'ECONNRESET' });

function readHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n');
  const [, minor, status] = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: .*)?$/.exec(first) ?? [];
  if (status === undefined) throw new BadAnswer('it does not begin as HTTP/1.1 does');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const key = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key)) throw new BadAnswer('one of its headers is not one');
    if (Object.hasOwn(headers, key)) {
      headers[key] = `${headers[key]}, ${value}`;
    } else headers[key] = value;
  }
  // RFC 9112 section 6.3: one that is repeated is one.
  const lengths = new Set(headers['content-length']?.split(/[ \t]*,[ \t]*/));
  if (lengths.size > 1) throw new BadAnswer('it has two lengths');
  for (const length of lengths) headers['content-length'] = length;
  const connection = (headers.connection ?? '').toLowerCase().split(/[ \t]*,[ \t]*/);
  return { status: Number(status), headers, persistent: minor === '1' && !connection.includes('close') };
}
