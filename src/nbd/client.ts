import { connect, type Socket } from 'node:net';
import type { Failure } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import type { Allocation, Extent } from '../replication/model/source.ts';
import { cannotRead, cannotWrite, ended, errorIn, errorName, strange } from './failures.ts';
import { ConnectionEnded, type Incoming, incoming } from './incoming.ts';
import { type Agreed, longestText, negotiate, Silence } from './negotiate.ts';
import {
  type Chunk,
  chunk,
  chunkBytes,
  command,
  decodeChunk,
  decodeSimple,
  encodeRequest,
  forced,
  simpleBytes,
  stateZero,
  transmission,
} from './protocol.ts';

export interface NbdClient {
  /** Of the export, in bytes. */
  readonly size: number;
  /**
   * Fills `target` with the bytes from `offset` on. Many reads may be under way at once; one that was aborted
   * goes on writing to its target.
   * @throws Failure `nbd-read` when the server can't read there, `nbd-ended`, `nbd-protocol`
   */
  readInto(target: Buffer, offset: number, signal?: AbortSignal): Promise<void>;
  /**
   * What is zeros between `offset` and `offset + length`, in order and without gaps; one run that isn't known
   * to be zeros when the server doesn't tell.
   */
  status(offset: number, length: number, signal?: AbortSignal): Promise<Allocation[]>;
  /**
   * Writes bytes at `offset`; they last once `flush` has resolved. Where two writes overlap that are under
   * way at once, either may be the later one.
   * @throws Failure `nbd-write` when the server can't write there, or writes to nobody; `nbd-ended`
   */
  write(offset: number, bytes: Buffer, signal?: AbortSignal): Promise<void>;
  /** Has all that was answered before outlast whatever ends the server. */
  flush(signal?: AbortSignal): Promise<void>;
  /** Says goodbye and closes. Requests that are under way are rejected. */
  close(): Promise<void>;
}

/** Reads and writes are asked for in pieces of this size. Bytes. */
const largestRequest = 32 * 1024 * 1024;

/** What is allocated is asked for in pieces of this size: no content comes, and a disk has many. Bytes. */
const largestLook = 1024 * 1024 * 1024;

/**
 * Milliseconds without a byte from a server that was asked something: until it has opened what it serves,
 * which for the VDDK takes a login, and of a read or a write. Nobody knows whether it will ever answer. And
 * how long a goodbye waits behind what a server doesn't take.
 */
export const patience = { opening: 120_000, answering: 300_000, leaving: 2_000 };

/**
 * A client of an NBD server that listens on a local socket.
 * @param path of the socket
 * @param of which disk, for messages
 * @throws ExportRefused, or a Failure `nbd-ended` when nobody listens or the connection ends, `nbd-protocol`
 */
export async function connectNbd(
  path: string,
  of: string,
  signal?: AbortSignal,
  given: Partial<typeof patience> = {},
): Promise<NbdClient> {
  signal?.throwIfAborted();
  const { opening, answering, leaving } = { ...patience, ...given };
  const socket = connect({ path });
  socket.setTimeout(opening);
  const onSilence = () => socket.destroy(new Silence(`nothing came for ${opening / 1000} seconds`));
  socket.once('timeout', onSilence);
  const onAbort = () => socket.destroy(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const from = incoming(socket);
    const agreed = await negotiate(socket, from, of);
    socket.off('timeout', onSilence);
    socket.setTimeout(answering);
    return session(socket, from, agreed, { of, leaving });
  } catch (error) {
    socket.destroy();
    signal?.throwIfAborted();
    throw error instanceof ConnectionEnded ? ended(of, error) : error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

interface Pending {
  offset: number;
  length: number;
  /** Of a read: the answer, as far as it has come. */
  target?: Buffer;
  /** Of a read: what came of it, and how many bytes those are. */
  parts: Extent[];
  received: number;
  /** An answer without content is one: of a write, or a flush. */
  bare?: true;
  /** Of a look at what is allocated. */
  runs: Allocation[];
  failure?: Failure;
  resolve(): void;
  reject(error: unknown): void;
}

function session(
  socket: Socket,
  from: Incoming,
  { size, flags, context }: Agreed,
  { of, leaving }: { of: string; leaving: number },
): NbdClient {
  const pending = new Map<bigint, Pending>();
  let cookies = 0n;
  let over: unknown;
  const end = (error: unknown) => {
    over ??= error;
    socket.destroy();
    for (const { reject } of pending.values()) reject(over);
    pending.clear();
  };
  socket.on('timeout', () => {
    if (pending.size === 0) return;
    const spoken = new ConnectionEnded(
      `it was asked, and nothing came for ${(socket.timeout ?? 0) / 1000} seconds`,
    );
    end(ended(of, spoken));
  });
  // Until the connection ends; whatever is asked after that hears why it did.
  const listening = (async () => {
    for (;;) await receive(from, pending, context, of);
  })().catch(error => end(error instanceof ConnectionEnded ? ended(of, error) : error));

  const request = (
    what: number,
    offset: number,
    length: number,
    target: Buffer | undefined,
    signal?: AbortSignal,
    sent?: { bytes?: Buffer; flags?: number },
  ) => {
    signal?.throwIfAborted();
    if (over !== undefined) return Promise.reject(over);
    const cookie = ++cookies;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const asked: Pending = { offset, length, parts: [], received: 0, runs: [], resolve, reject };
    if (target) asked.target = target;
    if (sent) asked.bare = true;
    pending.set(cookie, asked);
    socket.cork();
    socket.write(encodeRequest({ command: what, cookie, offset, length, flags: sent?.flags ?? 0 }));
    if (sent?.bytes) socket.write(sent.bytes);
    socket.uncork();
    // The answer to what nobody waits for any more is still read, so that the next one is found.
    const onAbort = () => reject(signal!.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    return promise.then(() => asked).finally(() => signal?.removeEventListener('abort', onAbort));
  };

  return {
    size,
    readInto: async (target, offset, signal) => {
      within(size, offset, target.length);
      const parts: Promise<Pending>[] = [];
      for (let at = 0; at < target.length; at += largestRequest) {
        const part = target.subarray(at, at + largestRequest);
        parts.push(request(command.read, offset + at, part.length, part, signal));
      }
      await Promise.all(parts);
    },
    status: async (offset, length, signal) => {
      within(size, offset, length);
      if (context === undefined) return length === 0 ? [] : [{ start: offset, length, zero: false }];
      const runs: Allocation[] = [];
      for (let at = offset; at < offset + length; ) {
        const most = Math.min(largestLook, offset + length - at);
        const { runs: some } = await request(command.blockStatus, at, most, undefined, signal);
        for (const run of some) {
          append(runs, run);
          at = run.start + run.length;
        }
      }
      return runs;
    },
    write: async (offset, bytes, signal) => {
      within(size, offset, bytes.length);
      if (flags & transmission.readOnly) throw cannotWrite(of, 'its server lets nobody write');
      if (!(flags & (transmission.sendFlush | transmission.sendFua)))
        throw cannotWrite(of, 'its server can not be told to keep what is written');
      // A server that can't flush is asked to keep each write before it answers.
      const how = flags & transmission.sendFlush ? 0 : forced;
      const parts: Promise<Pending>[] = [];
      for (let at = 0; at < bytes.length; at += largestRequest) {
        const part = bytes.subarray(at, Math.min(bytes.length, at + largestRequest));
        const sent = { bytes: part, flags: how };
        parts.push(request(command.write, offset + at, part.length, undefined, signal, sent));
      }
      await Promise.all(parts);
    },
    flush: async signal => {
      if (flags & transmission.sendFlush) await request(command.flush, 0, 0, undefined, signal, {});
    },
    close: async () => {
      if (over === undefined) {
        over = ended(of, new ConnectionEnded('it was closed on this side'));
        socket.end(encodeRequest({ command: command.disconnect, cookie: 0n, offset: 0, length: 0 }));
        for (const { reject } of pending.values()) reject(over);
        pending.clear();
      }
      socket.setTimeout(leaving, () => socket.destroy());
      socket.destroySoon();
      await listening;
    },
  };
}

/**
 * Reads one chunk of an answer, or a simple answer: a server may give one to whatever has no content to come,
 * although structured replies were agreed on (nbdkit does).
 */
async function receive(
  from: Incoming,
  pending: Map<bigint, Pending>,
  context: number | undefined,
  of: string,
): Promise<void> {
  const begin = await from.take(simpleBytes);
  const simple = decodeSimple(begin);
  const one =
    simple ?? decodeChunk(Buffer.concat([begin, await from.take(chunkBytes - simpleBytes)], chunkBytes));
  if (one === undefined) throw strange(of, 'what it sent is not a reply');
  const asked = pending.get(one.cookie);
  if (asked === undefined) throw strange(of, 'it answered what it was not asked');
  if (simple) {
    if (!asked.bare) throw strange(of, 'it sent a simple reply');
    if (simple.error !== 0) asked.failure = refusedWrite(of, asked, errorName(simple.error));
  } else await take(one as Chunk, asked, from, context, of);
  if (!one.last) return;
  pending.delete(one.cookie);
  if (asked.failure) asked.reject(asked.failure);
  else if (asked.target && asked.received !== asked.length)
    throw strange(of, `it sent ${asked.received} of ${asked.length} bytes at ${asked.offset}`);
  else if (!asked.target && !asked.bare && asked.runs.length === 0)
    throw strange(of, `it did not tell what is allocated at ${asked.offset}`);
  else asked.resolve();
}

async function take(
  { type, length }: Chunk,
  asked: Pending,
  from: Incoming,
  context: number | undefined,
  of: string,
): Promise<void> {
  const { target } = asked;
  if (type & chunk.error) {
    if (length > longestText) throw strange(of, 'the message of an error is too long');
    const said = errorIn(await from.take(length));
    asked.failure ??= asked.bare ? refusedWrite(of, asked, said) : cannotRead(of, asked.offset, said);
  } else if (type === chunk.offsetData && target && length > 8) {
    const at = Number((await from.take(8)).readBigUInt64BE()) - asked.offset;
    await from.fill(room(asked, target, at, length - 8, of));
  } else if (type === chunk.offsetHole && target && length === 12) {
    const hole = await from.take(12);
    const at = Number(hole.readBigUInt64BE(0)) - asked.offset;
    room(asked, target, at, hole.readUInt32BE(8), of).fill(0);
  } else if (type === chunk.blockStatus && !target && length >= 12 && length % 8 === 4) {
    const data = await from.take(length);
    if (data.readUInt32BE(0) === context) asked.runs = runsOf(data, asked, of);
  } else if (type !== chunk.none || length !== 0) {
    throw strange(of, `it sent a chunk of type ${type} with ${length} bytes`);
  }
}

const refusedWrite = (of: string, { offset }: Pending, said: string): Failure =>
  cannotWrite(of, own`at byte ${offset}: ${said}`);

/** Where a part of an answer goes. No two overlap, so that counting bytes shows that all have come. */
function room(asked: Pending, target: Buffer, at: number, length: number, of: string): Buffer {
  if (at < 0 || at + length > target.length)
    throw strange(of, `it sent ${length} bytes for ${asked.offset + at}, which were not asked for`);
  if (asked.parts.some(part => at < part.start + part.length && part.start < at + length))
    throw strange(of, `it sent ${length} bytes for ${asked.offset + at}, some of them again`);
  asked.parts.push({ start: at, length });
  asked.received += length;
  return target.subarray(at, at + length);
}

/** The last run of an answer may go beyond what was asked, the specification says: it is cut there. */
function runsOf(data: Buffer, { offset, length }: Pending, of: string): Allocation[] {
  const runs: Allocation[] = [];
  let at = offset;
  for (let i = 4; i < data.length && at < offset + length; i += 8) {
    const long = data.readUInt32BE(i);
    if (long === 0) throw strange(of, 'a run of what is allocated is empty');
    const most = Math.min(long, offset + length - at);
    append(runs, { start: at, length: most, zero: (data.readUInt32BE(i + 4) & stateZero) !== 0 });
    at += most;
  }
  return runs;
}

/** Runs of one kind that touch become one. */
function append(runs: Allocation[], run: Allocation): void {
  const last = runs.at(-1);
  if (last && last.zero === run.zero) last.length += run.length;
  else runs.push({ ...run });
}

function within(size: number, offset: number, length: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || length < 0 || offset + length > size)
    throw new RangeError(`${length} bytes at ${offset} of a disk of ${size}`);
}
