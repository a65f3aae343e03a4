import { Failure, given, world } from '../diagnostics/diagnostic.ts';
import { secureAgent } from '../network/agent.ts';
import { limitConnecting } from '../network/connecting.ts';
import type { Destination } from '../network/destination.ts';
import { failingFast } from '../network/failing-fast.ts';
import {
  answeredByProxy,
  isAnswerOfProxy,
  passingProxyFailures,
  unreachableProxy,
} from '../network/failures.ts';
import { type Network, straight } from '../network/network.ts';
import type { HttpProxy } from '../network/proxies.ts';
import { endSlow, movedOn } from '../network/slow.ts';
import { absoluteForm } from '../network/tunnel.ts';
import type { Content, Opened, Validators, WebLocation } from './content.ts';
import { cutOff, networkFailure, shown, statusFailure } from './http-failures.ts';

export interface HttpOptions {
  /** A stand-in, `http://127.0.0.1:PORT`, that is asked for `/HOST/PATH` in the place of every host. */
  standIn?: string;
  onCall?(kind: 'made'): void;
  /** By which proxies; none when left out. */
  network?: Network;
  /** Milliseconds without traffic; default a minute. */
  silence?: number;
}

const mostRedirects = 5;
const usualSilence = 60_000;
/** Bytes of an answer's explanation that are read, and characters that are shown. */
const explanation = { read: 4096, shown: 200 };

/**
 * One GET without cookies or compression, by node:http. Redirects are followed, but never from https
 * to http, and never to another protocol.
 */
export function openHttp(
  options: HttpOptions,
): (
  location: Pick<WebLocation, 'url'>,
  how: Parameters<Content['open']>[1],
) => Promise<Opened | 'unchanged'> {
  const isSilence = (error: unknown) =>
    error instanceof Failure && error.hasOnly('http-unreachable', ...passingProxyFailures);
  const { silence: atLeast = usualSilence } = options;
  const askOnce = failingFast(
    () => performance.now(),
    { atLeast: atLeast / 4, lasts: atLeast / 2 },
    isSilence,
  );
  return async ({ url: text }, { known = {}, signal }) => {
    let url = httpUrl(text);
    for (let redirects = 0; ; redirects++) {
      const response = await askOnce(url.host, () => request(url, known, signal, options));
      const { statusCode: status = 0, headers } = response;
      const via = viaOf(url, options);
      if (status === 200) return opened(response, url, via);
      if (status === 304 && (known.etag ?? known.modified) !== undefined) {
        response.destroy();
        return 'unchanged';
      }
      const to = [301, 302, 303, 307, 308].includes(status) ? headers.location : undefined;
      if (to === undefined) throw statusFailure(status, url, await explanationOf(response), via);
      response.destroy();
      if (redirects === mostRedirects)
        throw new Failure(
          world('http-redirects', `${shown(url)} is redirected more than ${mostRedirects} times`),
        );
      url = redirected(url, to);
    }
  };
}

/** @throws Failure (given) for a URL that can't be read, or that holds a password. */
export function httpUrl(text: string): URL {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '')
    throw new Failure(
      given('content-url', "content can't be read from such a URL", {
        hint: 'write https://HOST/PATH, http://HOST/PATH or s3://BUCKET/KEY',
      }),
    );
  if (url.username !== '' || url.password !== '')
    throw new Failure(
      given('password-in-url', `the URL of ${url.host} holds a user name or a password`, {
        hint: 'take it out: a URL is shown in plans and reports',
      }),
    );
  return url;
}

function redirected(from: URL, location: string): URL {
  const to = URL.parse(location, from.href);
  const refused = (why: string) =>
    new Failure(
      world('http-redirect-refused', `${shown(from)} is redirected ${why}`, {
        hint: 'give the URL that holds the content',
      }),
    );
  if (!to || !/^https?:$/.test(to.protocol)) throw refused('to something that is not a web address');
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw refused(`to ${shown(to)}, which is not encrypted`);
  return to;
}

type Response = import('node:http').IncomingMessage;

async function request(
  url: URL,
  known: Validators,
  signal: AbortSignal,
  options: HttpOptions,
): Promise<Response> {
  signal.throwIfAborted();
  options.onCall?.('made');
  const at =
    options.standIn === undefined
      ? url
      : new URL(`/${url.host}${url.pathname}${url.search}`, options.standIn);
  const headers = {
    ...(known.etag !== undefined && { 'if-none-match': known.etag }),
    ...(known.etag === undefined && known.modified !== undefined && { 'if-modified-since': known.modified }),
  };
  try {
    return await getOnce(at, headers, signal, options);
  } catch (error) {
    throw signal.aborted ? signal.reason : networkFailure(error, url, viaOf(url, options));
  }
}

function destinationOf(url: URL): Destination {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { secure, host, port: Number(url.port || (secure ? 443 : 80)) };
}

/** The proxy that a URL is asked for by. */
const viaOf = (url: URL, { network, standIn }: HttpOptions): HttpProxy | undefined =>
  standIn === undefined ? network?.proxyTo(destinationOf(url)) : undefined;

/**
 * One GET and its answer, whatever that is: no redirect is followed. It, and reading its body, rejects with
 * the error of node:http, `ETIMEDOUT` where nothing came for too long, or with a Failure of a proxy.
 */
export async function getOnce(
  at: URL,
  more: Record<string, string>,
  signal: AbortSignal,
  { network = straight, silence = usualSilence }: Pick<HttpOptions, 'network' | 'silence'> = {},
): Promise<Response> {
  const { get: getPlain } = await import('node:http');
  const { get: getSecure } = await import('node:https');
  const to = destinationOf(at);
  const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'converge', ...more };
  const path = `${at.pathname}${at.search}`;
  // What is in plain text is put to the proxy itself.
  const proxy = to.secure ? undefined : network.proxyTo(to);
  const asked = {
    ...{ host: (proxy ?? to).host, port: (proxy ?? to).port, signal, timeout: silence },
    path: proxy ? absoluteForm(to, path) : path,
    headers: {
      host: at.host,
      ...headers,
      ...(proxy?.authorization !== undefined && { 'proxy-authorization': proxy.authorization }),
    },
  };
  const send = () =>
    (proxy ?? to).secure
      ? getSecure({ ...asked, agent: secureAgent(network, { keepAlive: false }) })
      : getPlain({ ...asked, agent: false }).once('socket', socket => limitConnecting(socket, 'connect'));
  return new Promise((resolve, reject) => {
    const sent = send();
    let answer: Response | undefined;
    sent.once('response', response => {
      answer = response;
      const { statusCode = 0, headers } = response;
      if (!proxy || !isAnswerOfProxy(statusCode, headers)) return resolve(response);
      response.destroy();
      reject(answeredByProxy(proxy, at.host, statusCode, headers));
    });
    // Whoever reads the body hears of what its answer is ended with.
    sent.once('timeout', () =>
      (answer ?? sent).destroy(Object.assign(new Error('nothing came for too long'), { code: 'ETIMEDOUT' })),
    );
    sent.once('socket', socket => {
      const end = (error: Error) => (answer ?? sent).destroy(error);
      sent.once('close', endSlow(end, silence, movedOn(socket)));
    });
    sent.once('error', error => reject(proxy && !signal.aborted ? unreachableProxy(proxy, error) : error));
  });
}

function opened(response: Response, url: URL, via: HttpProxy | undefined): Opened {
  const {
    etag,
    'last-modified': modified,
    'content-type': type,
    'content-length': length,
  } = response.headers;
  const size = length === undefined ? undefined : Number(length);
  return {
    ...(etag !== undefined && { etag }),
    ...(modified !== undefined && { modified }),
    ...(size !== undefined && { size }),
    ...(type !== undefined && { type: type.split(';')[0]!.trim().toLowerCase() }),
    body: whole(response, size, url, via),
    close: () => response.destroy(),
  };
}

async function* whole(
  response: Response,
  size: number | undefined,
  url: URL,
  via: HttpProxy | undefined,
): AsyncGenerator<Buffer> {
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw cutOff(error, url, via);
  }
  if (size !== undefined && length < size) throw cutOff(new Error('short'), url, via);
}

/** What a plain text answer says, on one line; pages of HTML explain nothing. */
async function explanationOf(response: Response): Promise<string> {
  const isPlain = /^text\/plain\b/i.test(response.headers['content-type'] ?? '');
  const parts: Buffer[] = [];
  try {
    if (!isPlain) return '';
    for await (const chunk of response as AsyncIterable<Buffer>) {
      parts.push(chunk);
      if (Buffer.concat(parts).length > explanation.read) break;
    }
  } catch {
    // The status says enough.
  } finally {
    response.destroy();
  }
  const text = Buffer.concat(parts)
    .toString()
    .replace(/[^\P{C}\n]|\s+/gu, ' ')
    .trim();
  return text.length > explanation.shown ? `${text.slice(0, explanation.shown)}…` : text;
}
