import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { endSlow, movedOn } from '../../network/slow.ts';
import type { CookieJar } from './cookies.ts';
import { type Endpoint, hostPort } from './endpoint.ts';
import { malformed } from './malformed.ts';
import { networkFailure } from './network-errors.ts';
import type { Trust } from './server-trust.ts';
import { connectTls } from './tls.ts';

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query, already encoded. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  /** In the place of a body: so many bytes, as they come. */
  content?: { length: number; bytes: AsyncIterable<Buffer> };
  /** Milliseconds without any traffic; default two minutes. */
  timeout?: number;
  signal?: AbortSignal | undefined;
}

/** Status and headers; the body is read by choice, so that a wrong answer of any size costs nothing. */
export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** The whole body. Rejects when it is longer than `limit` bytes or ends early. */
  body(limit: number): Promise<Buffer>;
  /** The same, written into `target`, which is the limit. Answers with its length. */
  fill(target: Buffer): Promise<number>;
  /** Drops the body and its connection. */
  discard(): void;
}

/** HTTPS to one server over kept connections, each verified by `Trust` before use. */
export interface HttpClient {
  /** `host:port`, for messages. */
  readonly where: string;
  readonly cookies: CookieJar;
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
}

const IDLE_TIMEOUT = 120_000;
const MAX_SOCKETS = 32;

export function createHttp(to: Endpoint, trust: Trust, cookies: CookieJar): HttpClient {
  const where = hostPort(to);
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS });
  agent.createConnection = (_options, done) => {
    connectTls(to, trust).then(
      socket => done?.(null, socket),
      // Node's own types ask for a stream beside the error; there is none.
      error => (done as unknown as (error: unknown) => void)(error),
    );
    return undefined;
  };
  return {
    where,
    cookies,
    send: async r => {
      r.signal?.throwIfAborted();
      try {
        const response = await exchange(to, agent, r, cookies.header());
        cookies.take(response.headers['set-cookie'] ?? []);
        return answer(response, where, r.signal);
      } catch (error) {
        r.signal?.throwIfAborted();
        throw networkFailure(error, where);
      }
    },
    close: () => agent.destroy(),
  };
}

function exchange(
  to: Endpoint,
  agent: Agent,
  r: HttpRequest,
  cookie: string | undefined,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request: ClientRequest = httpsRequest(
    {
      host: to.host,
      port: to.port,
      agent,
      method: r.method,
      path: r.path,
      headers: {
        ...r.headers,
        ...(cookie ? { cookie } : {}),
        ...(r.body === undefined ? {} : { 'content-length': Buffer.byteLength(r.body) }),
        ...(r.content && { 'content-length': r.content.length }),
      },
      ...(r.signal ? { signal: r.signal } : {}),
    },
    response => {
      answer = response;
      resolve(response);
    },
  );
  let answer: IncomingMessage | undefined;
  // Whoever reads the body hears of what its answer is ended with.
  const patience = r.timeout ?? IDLE_TIMEOUT;
  const end = (error: Error) => void (answer ?? request).destroy(error);
  request.setTimeout(patience, () => end(Object.assign(new Error('no traffic'), { code: 'ETIMEDOUT' })));
  request.once('socket', socket => request.once('close', endSlow(end, patience, movedOn(socket))));
  request.on('error', reject);
  if (r.content) pipeline(Readable.from(r.content.bytes), request).catch(reject);
  else request.end(r.body);
  return promise;
}

function answer(response: IncomingMessage, where: string, signal: AbortSignal | undefined): HttpAnswer {
  const pieces = async (limit: number, take: (piece: Buffer, at: number) => void): Promise<number> => {
    let length = 0;
    try {
      for await (const piece of response as AsyncIterable<Buffer>) {
        if (length + piece.length > limit) throw malformed('a request', `it is longer than ${limit} bytes`);
        take(piece, length);
        length += piece.length;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw networkFailure(error, where);
    }
    return length;
  };
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: async limit => {
      const parts: Buffer[] = [];
      return Buffer.concat(parts, await pieces(limit, piece => void parts.push(piece)));
    },
    fill: target => pieces(target.length, (piece, at) => void piece.copy(target, at)),
    discard: () => response.destroy(),
  };
}
