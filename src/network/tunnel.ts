import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { endLate } from './connecting.ts';
import { type Destination, serverName } from './destination.ts';
import { refusedByProxy, unreachableProxy } from './failures.ts';
import type { HttpProxy } from './proxies.ts';

export interface TunnelOptions {
  /** Milliseconds within which the proxy answers. */
  timeout: number;
  signal?: AbortSignal | undefined;
  /** What a proxy that is spoken to over TLS is believed by. */
  secureContext?: SecureContext | undefined;
}

/**
 * A connection to a destination through a proxy: CONNECT, RFC 9110 section 9.3.6.
 *
 * @throws Failure `proxy-unreachable`, `proxy-upstream`, `proxy-refused`, `proxy-authentication`, or the
 *   signal's error
 */
export async function tunnel(
  proxy: HttpProxy,
  { host, port }: Pick<Destination, 'host' | 'port'>,
  { timeout, signal, secureContext }: TunnelOptions,
): Promise<Socket> {
  const to = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const asked = (proxy.secure ? httpsRequest : httpRequest)({
    host: proxy.host,
    port: proxy.port,
    method: 'CONNECT',
    path: to,
    // Node would take it from the header, which names another.
    servername: serverName(proxy.host),
    headers: {
      host: to,
      ...(proxy.authorization !== undefined && { 'proxy-authorization': proxy.authorization }),
    },
    agent: false,
    ...(signal && { signal }),
    ...(secureContext && { secureContext }),
  });
  const stop = endLate(asked, timeout);
  asked.once('close', stop);
  asked.once('error', error => reject(signal?.aborted ? error : unreachableProxy(proxy, error)));
  asked.once('connect', ({ statusCode = 0 }, socket: Socket, first) => {
    stop();
    if (statusCode >= 200 && statusCode < 300) {
      if (first.length > 0) socket.unshift(first);
      resolve(socket);
    } else {
      socket.destroy();
      reject(refusedByProxy(proxy, to, statusCode));
    }
  });
  asked.end();
  return promise;
}

/** How a request in plain text is put to a proxy: absolute-form, RFC 9112 section 3.2.2. */
export function absoluteForm({ secure, host, port }: Destination, path: string): string {
  const named = host.includes(':') ? `[${host}]` : host;
  return `${secure ? 'https' : 'http'}://${named}${port === (secure ? 443 : 80) ? '' : `:${port}`}${path}`;
}
