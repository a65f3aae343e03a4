import type { Readable } from 'node:stream';
import type { HttpRequest } from '@smithy/core/protocols';
import {
  answeredByProxy,
  comingBy,
  isRefusalOfProxy,
  proxyWords,
  unreachableProxy,
} from '../../network/failures.ts';
import { type Network, straight } from '../../network/network.ts';
import { absoluteForm } from '../../network/tunnel.ts';
import type { Handler } from './handler.ts';

interface Answered {
  statusCode: number;
  headers: Record<string, string>;
  /** Words for the proxy that it came by. */
  byProxy?: string;
  body?: Partial<Readable>;
}

/** Codes of a connection that never was: nothing was sent. */
const noConnection =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPROTO)$|CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL/;

/**
 * The same handler, by which requests in plain text are put to a proxy where one leads to their server, and
 * whose errors tell of the proxy that was in between.
 */
export function forwarding(usual: Handler, network: Network): Handler {
  if (network === straight) return usual;
  // Whatever else the SDK asks of its handler, `usual` answers.
  return Object.assign(Object.create(usual) as Handler, {
    async handle(request: HttpRequest, options?: Parameters<Handler['handle']>[1]) {
      const { protocol, hostname } = request;
      const secure = protocol === 'https:';
      const port = request.port ?? (secure ? 443 : 80);
      const to = { secure, host: hostname.replace(/^\[(.*)\]$/, '$1'), port };
      const proxy = network.proxyTo(to);
      if (!proxy || secure)
        return usual.handle(request, options).catch(error => {
          throw comingBy(proxy, error);
        });
      const asked = request.clone();
      asked.protocol = proxy.secure ? 'https:' : 'http:';
      asked.hostname = proxy.host;
      asked.port = proxy.port;
      asked.path = absoluteForm(to, request.path);
      if (proxy.authorization !== undefined) asked.headers['proxy-authorization'] = proxy.authorization;
      const answer = await usual.handle(asked, options).catch(error => {
        if (options?.abortSignal?.aborted || !(error instanceof Error)) throw error;
        if (noConnection.test((error as NodeJS.ErrnoException).code ?? ''))
          throw unreachableProxy(proxy, error);
        // It may have been passed on.
        throw comingBy(proxy, error);
      });
      const response = answer.response as Answered;
      const { statusCode, headers } = response;
      if (isRefusalOfProxy(statusCode, headers))
        throw answeredByProxy(proxy, `${hostname}:${port}`, statusCode, headers);
      // Whoever says what such an answer means has this response.
      response.byProxy = proxyWords(proxy);
      // What ends a body is told to whoever reads it, with words for the proxy by then.
      response.body?.prependListener?.('error', error => void comingBy(proxy, error));
      return answer;
    },
    destroy: () => usual.destroy?.(),
  });
}
