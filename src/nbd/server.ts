import type { Socket } from 'node:net';
import { eitherOf } from '../io/either.ts';
import type { Allocation } from '../replication/model/source.ts';
import { type Budget, createBudget } from './budget.ts';
import { ConnectionEnded, type Incoming, incoming } from './incoming.ts';
import { allocation, chunk, command, greeting, handshakeFlag, option, optionReply } from './protocol.ts';
import {
  type Asked,
  blockSizeInfo,
  decodeRequest,
  encodeChunk,
  encodeOptionReply,
  encodeSimple,
  errno,
  errorData,
  exportInfo,
  hello,
  largestPiece,
  metaContext,
  offsetOf,
  oldExport,
  onlyOne,
  runsData,
  served,
  serverReply,
  textAt,
  withLength,
} from './serving.ts';

/** A disk that is served, read-only. */
export interface ServedDisk {
  /** Of its export. */
  name: string;
  bytes: number;
  /** Bytes that it is best read in, a power of two. */
  preferred: number;
  /** Exactly `length` bytes from `offset`, all of them on the disk. */
  read(offset: number, length: number, signal: AbortSignal): Promise<Buffer>;
  /** What is zeros from `offset` on, in order and without gaps; it may end before what was asked for. */
  status(offset: number, length: number, signal: AbortSignal): Promise<Allocation[]>;
}

/** What one conversation tells whoever serves, and shares with the others. */
export interface Told {
  /** Of answers, from when they are read until the client has taken them. */
  held: Budget;
  /** A disk was read from. */
  read(): void;
  /** A disk can't be read where it was asked for; the client hears it as EIO. */
  failed(disk: string, error: unknown): void;
}

/** Options are refused that are longer than this. Bytes. */
const longestOption = 64 * 1024;
/** Requests of one connection. Whoever asks for more waits. */
const mostAtOnce = 8;
/**
 * Bytes of answers that one connection, and all of them, have at once. Whoever asks for more waits: a client
 * that takes nothing of what it asked for would be kept in memory whole.
 */
const mostOfOne = largestPiece;
export const mostHeld = 4 * largestPiece;
const writeCommands = { write: 1, trim: 4, writeZeroes: 6 } as const;
/** The id of `base:allocation`. */
const CONTEXT = 1;

interface Chosen {
  disk: ServedDisk;
  structured: boolean;
  /** The client has asked to be told what is allocated. */
  tells: boolean;
}

/** Talks to one client until it goes, or `signal` ends it. Rejects never. */
export async function converse(
  socket: Socket,
  disks: readonly ServedDisk[],
  told: Told,
  signal: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  const { signal: either, release } = eitherOf(signal, gone.signal);
  const onAbort = () => socket.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  // A client may go while an answer is written to it, and nobody has to hear of that.
  socket.on('error', () => {});
  socket.on('close', () => gone.abort(new Error('the client has gone')));
  try {
    const from = incoming(socket);
    const chosen = await negotiate(socket, from, disks);
    if (chosen) await answer(socket, from, chosen, told, either);
  } catch (error) {
    if (!(error instanceof ConnectionEnded) && !either.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    release();
    gone.abort(new Error('the client has gone'));
    socket.destroySoon();
  }
}

/** Undefined when the client only asked, or asked for what isn't understood. */
async function negotiate(
  socket: Socket,
  from: Incoming,
  disks: readonly ServedDisk[],
): Promise<Chosen | undefined> {
  socket.write(hello(handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes));
  const theirs = (await from.take(4)).readUInt32BE(0);
  if ((theirs & ~(handshakeFlag.fixedNewstyle | handshakeFlag.noZeroes)) !== 0) return undefined;
  let structured = false;
  /** The export that the context was asked for. */
  let tells: ServedDisk | undefined;
  for (;;) {
    const head = await from.take(16);
    if (head.readBigUInt64BE(0) !== greeting.option) return undefined;
    const [asked, length] = [head.readUInt32BE(8), head.readUInt32BE(12)];
    if (length > longestOption) return undefined;
    const data = await from.take(length);
    const reply = (type: number, content?: Buffer) =>
      void socket.write(encodeOptionReply(asked, type, content));
    const named = textAt(data, 0);
    const disk = named && find(disks, named.text);
    if (asked === served.exportName) {
      const chosen = find(disks, data.toString('utf8'));
      if (!chosen) return undefined;
      socket.write(oldExport(chosen.bytes, (theirs & handshakeFlag.noZeroes) !== 0));
      return { disk: chosen, structured, tells: tells === chosen };
    }
    if (asked === served.abort) {
      reply(optionReply.ack);
      return undefined;
    }
    if (asked === served.list) {
      for (const { name } of disks) reply(serverReply.server, withLength(name));
      reply(optionReply.ack);
    } else if (asked === option.structuredReply) {
      structured = true;
      reply(optionReply.ack);
    } else if (asked === option.go || asked === served.info) {
      if (!named) reply(serverReply.invalid);
      else if (!disk) reply(serverReply.unknown);
      else {
        reply(optionReply.info, exportInfo(disk.bytes));
        reply(optionReply.info, blockSizeInfo(disk.preferred));
        reply(optionReply.ack);
        if (asked === option.go) return { disk, structured, tells: tells === disk };
      }
    } else if (asked === option.setMetaContext || asked === served.listMetaContext) {
      if (asked === option.setMetaContext) tells = undefined;
      const queries = named && queriesIn(data, named.next);
      // Whoever hears of contexts has to understand the replies that tell of them.
      if (!queries || !structured) reply(serverReply.invalid);
      else if (!disk) reply(serverReply.unknown);
      else {
        const isListed =
          asked === served.listMetaContext && (queries.length === 0 || queries.includes('base:'));
        if (isListed || queries.includes(allocation)) {
          if (asked === option.setMetaContext) tells = disk;
          reply(optionReply.metaContext, metaContext(CONTEXT, allocation));
        }
        reply(optionReply.ack);
      }
    } else reply(serverReply.unsupported);
  }
}

/** By its name; the default export, which has none, is the only disk where there is one. */
const find = (disks: readonly ServedDisk[], name: string): ServedDisk | undefined =>
  name === '' ? (disks.length === 1 ? disks[0] : undefined) : disks.find(disk => disk.name === name);

function queriesIn(data: Buffer, from: number): string[] | undefined {
  if (from + 4 > data.length) return undefined;
  const queries: string[] = [];
  let at = from + 4;
  for (let count = data.readUInt32BE(from); count > 0; count--) {
    const query = textAt(data, at);
    if (!query) return undefined;
    queries.push(query.text);
    at = query.next;
  }
  return at === data.length ? queries : undefined;
}

async function answer(
  socket: Socket,
  from: Incoming,
  chosen: Chosen,
  told: Told,
  signal: AbortSignal,
): Promise<void> {
  const under = new Set<Promise<void>>();
  const own = createBudget(mostOfOne);
  /** Room for the answer to a request; what is refused needs none. */
  const roomFor = async ({ command: asked, length }: Asked): Promise<() => void> => {
    if (asked !== command.read || length > largestPiece) return () => {};
    const mine = await own.take(length, signal);
    const shared = await told.held.take(length, signal).catch(error => {
      mine();
      throw error;
    });
    return () => {
      shared();
      mine();
    };
  };
  const send = async (pieces: Buffer[]) => {
    socket.cork();
    let room = true;
    for (const piece of pieces) room = socket.write(piece);
    socket.uncork();
    if (room || socket.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.once('drain', resolve).once('close', resolve);
    await promise;
    socket.off('drain', resolve).off('close', resolve);
  };
  try {
    for (;;) {
      const asked = decodeRequest(await from.take(28));
      if (!asked || asked.command === command.disconnect) return;
      // Nobody may write; but what follows the request has to be read before the next one is found.
      if (asked.command === writeCommands.write) {
        if (asked.length > largestPiece) return;
        await from.take(asked.length);
      }
      const free = await roomFor(asked);
      const working = replyTo(asked, chosen, told, signal).then(send);
      const done = working.finally(() => {
        free();
        under.delete(done);
      });
      under.add(done);
      if (under.size >= mostAtOnce) await Promise.race(under);
    }
  } finally {
    await Promise.allSettled(under);
  }
}

async function replyTo(asked: Asked, chosen: Chosen, told: Told, signal: AbortSignal): Promise<Buffer[]> {
  const { cookie, offset, length, flags } = asked;
  const { disk, structured, tells } = chosen;
  const refuse = (error: number, why: string) =>
    structured ? encodeChunk(cookie, chunk.error | 1, errorData(error, why)) : encodeSimple(cookie, error);
  const writes: readonly number[] = Object.values(writeCommands);
  if (writes.includes(asked.command)) return refuse(errno.EPERM, 'a recovery point is read-only');
  const isRead = asked.command === command.read;
  if (!isRead && !(asked.command === command.blockStatus && tells && structured))
    return refuse(errno.EINVAL, 'the command is not known here');
  if (length === 0 || offset + length > disk.bytes)
    return refuse(errno.EINVAL, `the disk has ${disk.bytes} bytes`);
  try {
    if (!isRead) {
      const runs = await disk.status(offset, length, signal);
      const some = (flags & onlyOne) === 0 ? runs : runs.slice(0, 1);
      return encodeChunk(cookie, chunk.blockStatus, runsData(CONTEXT, some));
    }
    if (length > largestPiece)
      return refuse(errno.EOVERFLOW, `at most ${largestPiece} bytes are read at once`);
    told.read();
    const bytes = await disk.read(offset, length, signal);
    return structured
      ? encodeChunk(cookie, chunk.offsetData, offsetOf(offset), bytes)
      : encodeSimple(cookie, 0, bytes);
  } catch (error) {
    if (!signal.aborted) told.failed(disk.name, error);
    return refuse(errno.EIO, error instanceof Error ? error.message : String(error));
  }
}
