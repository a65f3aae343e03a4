import type { Code } from '../diagnostics/codes.ts';
import { Failure, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import { isOwnFault, passingProxyFailures, proxyWords } from '../network/failures.ts';
import type { HttpProxy } from '../network/proxies.ts';

const certificates: Record<string, string> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that this machine does not know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that this machine does not know',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate comes from an authority that this machine does not know',
};

const unreachable: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
  ETIMEDOUT: 'it did not answer in time',
};

/** Codes of failures that may pass by themselves. */
const passing = [
  'http-unreachable',
  'http-cut-off',
  'http-unavailable',
  'aws-unreachable',
  'aws-throttled',
  ...passingProxyFailures,
] as const satisfies Code[];

export const isPassing = (error: unknown): boolean => error instanceof Failure && error.hasOnly(...passing);

const passesUnchanged = (error: unknown): error is Failure =>
  error instanceof Failure || !(error instanceof Error) || error.name === 'AbortError' || isOwnFault(error);

/**
 * What a socket or TLS error means before there is an answer; a Failure and an abort pass unchanged.
 *
 * @param via the proxy that it was asked for by
 */
export function networkFailure(error: unknown, url: URL, via: HttpProxy | undefined): unknown {
  if (passesUnchanged(error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const by = byWords(via);
  const fail = (name: Code, message: string, hint: string) =>
    new Failure(world(name, message, { hint }), { cause: error });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return fail(
      code === 'EAI_AGAIN' ? 'http-unreachable' : 'http-name-unknown',
      own`the name ${url.hostname} can't be resolved (${code})`,
      "check its spelling and this machine's DNS",
    );
  }
  const certificate = certificates[code];
  if (certificate !== undefined) {
    return fail(
      'http-certificate',
      own`${url.host}${by} is not trusted: ${certificate} (${code})`,
      own`check the name and this machine's clock; point SSL_CERT_FILE at the PEM file of an authority of your own${via ? own`, or of the proxy if it looks into TLS` : ''}`,
    );
  }
  if (/^(ERR_SSL_|EPROTO)/.test(code)) {
    return fail(
      'http-no-tls',
      own`what listens at ${url.host}${by} does not speak TLS (${code})`,
      'check the port of the URL',
    );
  }
  const reason = unreachable[code];
  if (reason !== undefined) {
    return fail(
      'http-unreachable',
      own`${url.host} can't be reached${by}: ${reason} (${code})`,
      via
        ? own`check host and port, and that ${proxyWords(via)} may reach them`
        : 'check host, port and firewall',
    );
  }
  return cutOff(error, url, via);
}

/** What a connection that ended within an answer means; a Failure and an abort pass unchanged. */
export function cutOff(error: unknown, url: URL, via: HttpProxy | undefined): unknown {
  if (passesUnchanged(error)) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const why = code === 'ETIMEDOUT' ? own`: nothing more came for too long` : '';
  return new Failure(
    world(
      'http-cut-off',
      own`the connection to ${url.host}${byWords(via)} ended before all of ${shown(url)} was there${why}${code === '' ? '' : own` (${code})`}`,
      { hint: own`run again; nothing of the incomplete content was used` },
    ),
    { cause: error },
  );
}

const byWords = (via: HttpProxy | undefined): string => (via ? own` by ${proxyWords(via)}` : '');

/**
 * What a status other than 200 and 304 means. `said`: a plain text answer, which may explain it; `via`: the
 * proxy, which may have answered itself where it is spoken to in plain text.
 */
export function statusFailure(status: number, url: URL, said: string, via: HttpProxy | undefined): Failure {
  const because = said === '' ? '' : own`: ${said}`;
  const mayBeIts = via !== undefined && url.protocol === 'http:';
  const who = mayBeIts ? own` by ${proxyWords(via)}, or through it` : '';
  const what = own`${shown(url)} was answered with ${status}${who}${because}`;
  if (status === 404 || status === 410)
    return new Failure(world('http-not-found', own`${what}: it is not there`, { hint: 'check the URL' }));
  if (status === 401 || status === 403 || status === 407)
    return new Failure(
      world('http-refused', own`${what}: this machine may not read it`, {
        hint: own`let the server allow it${mayBeIts ? own`, and the proxy` : ''}, or put the content into S3, which the credentials of the aws target open`,
      }),
    );
  if (status === 429 || status >= 500)
    return new Failure(
      world('http-unavailable', what, {
        hint: mayBeIts
          ? 'check the host and port of the URL, and what the proxy may reach; run again when both are well'
          : 'run again when the server is well',
      }),
    );
  return new Failure(
    world('http-unexpected', what, { hint: 'the URL has to answer with the content itself' }),
  );
}

/** A URL for messages: what follows `?` is often a signature. */
export const shown = (url: URL): string =>
  `${url.protocol}//${url.host}${url.pathname}${url.search === '' ? '' : '?…'}`;
