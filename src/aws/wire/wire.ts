import { connect as connectNet, type Socket } from 'node:net';
import type { Destination } from '../../network/destination.ts';
import { answeredByProxy, comingBy, isRefusalOfProxy, unreachableProxy } from '../../network/failures.ts';
import { beginTls, type Network } from '../../network/network.ts';
import type { HttpProxy } from '../../network/proxies.ts';
import { endSlow, movedOn } from '../../network/slow.ts';
import type { Throttle } from '../../network/throttle.ts';
import { absoluteForm } from '../../network/tunnel.ts';
import { type Answer, type AnswerReader, answerReader, cutOff } from './answer.ts';

export interface WireRequest {
  method: 'GET' | 'PUT';
  /** Path and query, as they are sent. */
  path: string;
  headers: Record<string, string>;
  body?: Buffer;
  /** Where the body of a success goes. It is the caller's again when the exchange has settled. */
  into?: Buffer;
  signal?: AbortSignal | undefined;
}

/**
 * HTTP/1.1 for large bodies, on kept connections: what comes is read into the caller's buffer, and what goes
 * is sent from it. A stream of Node's for each answer takes several times as long as the bytes themselves.
 */
export interface Wire {
  /**
   * One request and its answer. Rejects with an error of Node's by its `code`, of name `TimeoutError` where
   * nothing moved for too long, `AbortError` when the signal was aborted, or `BadAnswer`; with a Failure of a
   * proxy. Once it has settled nothing reads from the body or writes to `into` any more.
   */
  exchange(to: Destination, request: WireRequest): Promise<Answer>;
  /** Closes the connections that wait for another request. */
  close(): void;
}

export interface WireOptions {
  /** Milliseconds until a connection stands, and without traffic on one. */
  connectTimeout: number;
  idleTimeout: number;
  network: Network;
  /** What holds bodies back; nothing when left out. */
  uploads?: Throttle | undefined;
}

/** What is read at a time where it isn't known yet where it belongs. Bytes. */
const READ = 256 * 1024;
/** What is written at a time: TLS takes as much again for it. Bytes. */
const WRITE = 1024 * 1024;
/** Milliseconds for which a connection is kept; the server may close it any moment. */
const KEPT = 3_000;

export function createWire({ connectTimeout, idleTimeout, network, uploads }: WireOptions): Wire {
  const idle = new Map<string, { connection: Connection; since: number }[]>();
  const nameOf = ({ secure, host, port }: Destination) => `${secure ? 'https' : 'http'} ${host} ${port}`;

  const take = (to: Destination): Connection | undefined => {
    const kept = idle.get(nameOf(to)) ?? [];
    for (let last = kept.pop(); last; last = kept.pop()) {
      if (!last.connection.socket.destroyed && performance.now() - last.since < KEPT) return last.connection;
      last.connection.socket.destroy();
    }
    return undefined;
  };
  const give = (to: Destination, connection: Connection) => {
    connection.socket.setTimeout(0);
    // A program that has nothing else to do ends.
    connection.socket.unref();
    const kept = idle.get(nameOf(to)) ?? [];
    kept.push({ connection, since: performance.now() });
    idle.set(nameOf(to), kept);
  };
  return {
    async exchange(to, request) {
      const { signal } = request;
      signal?.throwIfAborted();
      // What is in plain text is put to the proxy itself.
      const via = network.proxyTo(to);
      const proxy = to.secure ? undefined : via;
      const at = proxy ?? to;
      // Before there is a connection, which a server would end that hears nothing for too long.
      const { body } = request;
      const first = body && (await uploads?.take(Math.min(WRITE, body.length), signal));
      const connection = take(at) ?? (await openTo(at, via, signal));
      connection.socket.ref();
      const asked = proxy ? forwarded(request, to, proxy) : request;
      const answer = await converse(connection, asked, idleTimeout, { first, uploads }).catch(error => {
        throw comingBy(via, error);
      });
      if (answer.reusable && !connection.socket.destroyed) give(at, connection);
      else connection.socket.destroy();
      if (proxy && isRefusalOfProxy(answer.status, answer.headers))
        throw answeredByProxy(proxy, `${to.host}:${to.port}`, answer.status, answer.headers);
      return answer;
    },
    close() {
      for (const { connection } of [...idle.values()].flat()) connection.socket.destroy();
      idle.clear();
    },
  };

  /** @param via the proxy that leads on, which is where to where it is spoken to in plain text */
  async function openTo(at: Destination, via: HttpProxy | undefined, signal: AbortSignal | undefined) {
    try {
      return await open(at, network, connectTimeout, signal);
    } catch (error) {
      if (!via || signal?.aborted || !(error instanceof Error)) throw error;
      throw at === via ? unreachableProxy(via, error) : comingBy(via, error);
    }
  }
}

/** The request as a proxy takes it that forwards it. */
const forwarded = (request: WireRequest, to: Destination, { authorization }: HttpProxy): WireRequest => ({
  ...request,
  path: absoluteForm(to, request.path),
  headers: {
    ...request.headers,
    ...(authorization !== undefined && { 'proxy-authorization': authorization }),
  },
});

interface Connection {
  socket: Socket;
  /** Who hears what comes; whatever comes while there is nobody ends the connection. */
  listener: Listener | undefined;
}

interface Listener extends Pick<AnswerReader, 'room' | 'landed'> {
  onBytes(bytes: Buffer): void;
  onEnd(error?: Error): void;
}

/** A connection, by a proxy where one leads there, with its certificate verified where there is one. */
async function open(
  to: Destination,
  network: Network,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const made = Promise.withResolvers<void>();
  const connection: Connection = { socket: undefined as never, listener: undefined };
  const own = Buffer.allocUnsafeSlow(READ);
  const heard = (bytes: Buffer) => {
    const { listener, socket } = connection;
    if (listener) listener.onBytes(bytes);
    else socket.destroy();
  };
  // Asked for right after each reading: an answer that is whole has no room any more.
  const onread = {
    buffer: () => connection.listener?.room() ?? own,
    callback: (count: number, into: Uint8Array) => {
      if (into === own) heard(own.subarray(0, count));
      else connection.listener?.landed(count);
      return true;
    },
  };
  const { secure, host, port } = to;
  const socket = secure
    ? await beginTls(network, to, {}, { signal, onread })
    : connectNet({ host, port, onread });
  connection.socket = socket;
  // Node takes no notice of `onread` where TLS goes through another connection.
  if (secure && network.proxyTo(to)) socket.on('data', heard);
  const onAbort = () => socket.destroy(aborted());
  const ended = (error?: Error) => {
    made.reject(error ?? cutOff());
    connection.listener?.onEnd(error);
    socket.destroy();
  };
  socket.once(secure ? 'secureConnect' : 'connect', made.resolve);
  socket.on('error', ended);
  socket.on('end', () => ended());
  socket.on('close', () => ended());
  socket.on('timeout', () => socket.destroy(timedOut()));
  socket.setNoDelay(true);
  socket.setTimeout(timeout);
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    await made.promise;
    return connection;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

async function converse(
  connection: Connection,
  { method, path, headers, body, into, signal }: WireRequest,
  timeout: number,
  pace: Pace,
): Promise<Answer> {
  const { socket } = connection;
  const settled = Promise.withResolvers<Answer>();
  const reader = answerReader(into);
  let sending = true;
  const finish = (answer: Answer) => {
    // Answered before all was sent: the rest of it must not be read from a buffer that is somebody else's by
    // then.
    if (sending) socket.destroy();
    settled.resolve(answer);
  };
  const onAbort = () => socket.destroy(aborted());
  connection.listener = {
    room: reader.room,
    landed: reader.landed,
    onBytes: bytes => attempt(socket, reader, () => reader.feed(bytes), finish, settled.reject),
    onEnd: error =>
      error ? settled.reject(error) : attempt(socket, reader, () => reader.end(), finish, settled.reject),
  };
  socket.setTimeout(timeout);
  const stop = endSlow(() => socket.destroy(timedOut()), timeout, movedOn(socket));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal?.aborted) onAbort();
    if (socket.destroyed) throw signal?.aborted ? aborted() : cutOff();
    const sent = send(socket, headOf(method, path, headers), body, pace).then(() => {
      sending = false;
    });
    sent.catch(() => {}); // the socket's own event says why
    return await settled.promise;
  } finally {
    stop();
    signal?.removeEventListener('abort', onAbort);
    connection.listener = undefined;
  }
}

function attempt(
  socket: Socket,
  reader: AnswerReader,
  work: () => void,
  finish: (answer: Answer) => void,
  fail: (error: unknown) => void,
): void {
  try {
    work();
    if (reader.answer) finish(reader.answer);
  } catch (error) {
    socket.destroy();
    fail(error);
  }
}

interface Pace {
  /** Bytes of the body that may be sent with the head. */
  first: number | undefined;
  uploads: Throttle | undefined;
}

async function send(
  socket: Socket,
  head: string,
  body: Buffer | undefined,
  { first = WRITE, uploads }: Pace,
): Promise<void> {
  const write = (bytes: Buffer | string) =>
    new Promise<void>((resolve, reject) =>
      socket.write(bytes, 'latin1', error => (error ? reject(error) : resolve())),
    );
  if (!body) return write(head);
  socket.cork();
  // One write to the connection: where it breaks, both end.
  let last: Promise<unknown> = Promise.all([write(head), write(body.subarray(0, first))]);
  socket.uncork();
  for (let at = first; at < body.length; ) {
    await last;
    const some = Math.min(WRITE, body.length - at);
    const to = at + ((await uploads?.take(some)) ?? some);
    // While this waited, the connection may have ended, and the body be somebody else's.
    if (socket.destroyed) throw cutOff();
    last = write(body.subarray(at, to));
    at = to;
  }
  await last;
}

function headOf(method: string, path: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  for (const text of [path, ...lines])
    if (/[^\t\x20-\x7e\x80-\xff]/.test(text))
      throw new RangeError('a header or path holds control characters');
  return `${[`${method} ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`;
}

const aborted = (): Error => Object.assign(new Error('the request was aborted'), { name: 'AbortError' });
const timedOut = (): Error =>
  Object.assign(new Error('nothing moved for too long'), { name: 'TimeoutError', code: 'ETIMEDOUT' });
