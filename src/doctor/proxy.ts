import { type Answer, type Finding, findingsOf, ok, warn } from './finding.ts';

/** The proxy that leads to a server: `host:port`, and the variable that names it. */
export interface ProxyFacts {
  /** `host:port` of the server. */
  to: string;
  /** Undefined: it is reached without. */
  proxy: Answer<{ where: string; from: string } | undefined>;
}

/** Pure. Nothing is said where no proxy is in between. */
export function judgeProxy(of: string, { to, proxy }: ProxyFacts): Finding[] {
  const about = { of, what: 'proxy', looked: 'HTTP_PROXY, HTTPS_PROXY and NO_PROXY' };
  if ('failed' in proxy) return findingsOf(about, proxy.failed, undefined);
  if (proxy.value === undefined) return [];
  return [ok(about, `${to} is reached by the proxy ${proxy.value.where} (${proxy.value.from})`)];
}

/** What NO_PROXY says in vain: whoever wrote it believes that somebody is reached without a proxy. Pure. */
export const judgeExceptions = ({ from, vain }: { from: string; vain: readonly { entry: string; why: string }[] }): Finding[] =>
  vain.map(({ entry, why }) =>
    warn(
      { of: 'this machine', what: 'proxy', looked: from },
      `\`${entry}\` in ${from} spares nobody: ${why}`,
      'write names, addresses, networks as 10.0.0.0/8, or `*`, with commas between them',
    ),
  );
