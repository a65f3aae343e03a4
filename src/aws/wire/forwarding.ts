import type { HttpRequest } from '@smithy/core/protocols';
import { refusedByProxy } from '../../network/failures.ts';
import { type Network, straight } from '../../network/network.ts';
import { absoluteForm } from '../../network/tunnel.ts';
import type { Handler } from './handler.ts';

/** The same handler, by which requests in plain text are put to a proxy where one leads to their server. */
export function forwarding(usual: Handler, network: Network): Handler {
  if (network === straight) return usual;
  // Whatever else the SDK asks of its handler, `usual` answers.
  return Object.assign(Object.create(usual) as Handler, {
    async handle(request: HttpRequest, options?: Parameters<Handler['handle']>[1]) {
      const { protocol, hostname, port = 80 } = request;
      const to = { secure: false, host: hostname.replace(/^\[(.*)\]$/, '$1'), port };
      const proxy = protocol === 'http:' ? network.proxyTo(to) : undefined;
      if (!proxy) return usual.handle(request, options);
      const asked = request.clone();
      asked.protocol = proxy.secure ? 'https:' : 'http:';
      asked.hostname = proxy.host;
      asked.port = proxy.port;
      asked.path = absoluteForm(to, request.path);
      if (proxy.authorization !== undefined) asked.headers['proxy-authorization'] = proxy.authorization;
      const answer = await usual.handle(asked, options);
      const { statusCode } = answer.response as { statusCode: number };
      if (statusCode === 407) throw refusedByProxy(proxy, `${hostname}:${port}`, statusCode);
      return answer;
    },
    destroy: () => usual.destroy?.(),
  });
}
