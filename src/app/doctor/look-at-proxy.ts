import type { ProxyFacts } from '../../doctor/proxy.ts';
import type { Network } from '../../network/network.ts';
import { answerOf } from './answer.ts';

/** By which proxy the server of a URL is reached; nothing is sent. */
export async function lookAtProxy(network: Network, url: string, signal: AbortSignal): Promise<ProxyFacts> {
  const { protocol, hostname, port: written, host } = new URL(url);
  const secure = protocol === 'https:';
  const port = Number(written || (secure ? 443 : 80));
  const to = { secure, host: hostname.replace(/^\[|\]$/g, ''), port };
  return {
    to: written === '' ? `${host}:${port}` : host,
    proxy: await answerOf(async () => network.proxyTo(to), signal),
  };
}
