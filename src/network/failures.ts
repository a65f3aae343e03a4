import type { Code } from '../diagnostics/codes.ts';
import { Failure, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import { awayWords } from '../io/errors.ts';
import type { HttpProxy } from './proxies.ts';

/** Codes of failures of proxies that may pass by themselves. */
export const passingProxyFailures = [
  'proxy-unreachable',
  'proxy-upstream',
  'proxy-gave-up',
] as const satisfies Code[];

export const isPassingProxyFailure = (error: unknown): boolean =>
  error instanceof Failure && error.hasOnly(...passingProxyFailures);

/** A fault of converge itself, by what JavaScript throws for one: no network does that. */
export const isOwnFault = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;

/** Codes of a certificate that doesn't verify. */
const notTrusted = /CERT|SELF_SIGNED|UNABLE_TO/;

/** The proxy itself can't be had. */
export function unreachableProxy({ where, from, secure }: HttpProxy, cause: Error): Failure {
  const code = (cause as NodeJS.ErrnoException).code ?? cause.message;
  const why = awayWords(code) ?? (secure ? 'no secure connection to it comes about' : 'it can not be used');
  return new Failure(
    world('proxy-unreachable', own`The proxy ${where} (${from}) can't be reached: ${why} (${code}).`, {
      hint: notTrusted.test(code)
        ? own`Point AWS_CA_BUNDLE at a PEM file of the authority that signed its certificate, or correct the name in ${from}.`
        : own`Check that it runs, and the address in ${from}.`,
    }),
    { cause },
  );
}

/** Headers that AWS's services, and other stores that speak as they do, give with every answer. */
const ofAService = ['x-amz-request-id', 'x-amz-id-2', 'x-amzn-requestid'];

/** What answers are told by, by name in lower case. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Whether the answer to a request in plain text that a proxy was to pass on is known to be the proxy's own.
 * Squid marks its own with `X-Squid-Error` (squid.conf, `error_directory`); most others mark nothing.
 */
export const isAnswerOfProxy = (status: number, headers: Headers): boolean =>
  status === 407 || ('x-squid-error' in headers && (status === 403 || status >= 500));

/** How Squid calls its answers where it passed nothing on (squid, src/error/forward.h). */
const beforePassingOn = /^ERR_(CONNECT_FAIL|DNS_FAIL|CANNOT_FORWARD|ACCESS_DENIED)\b/;

/** Whether Squid passed an answer on, which leaves its name in `Via` and no mark of its own. */
const isPassedOn = ({ via }: Headers): boolean => /\(squid/i.test(String(via ?? ''));

/**
 * The same of a request to a service of AWS, or a store that speaks as they do: they mark all of theirs, so
 * that a 403 without is the proxy's where nothing speaks against it.
 */
export const isRefusalOfProxy = (status: number, headers: Headers): boolean =>
  isAnswerOfProxy(status, headers) ||
  (status === 403 && !isPassedOn(headers) && !ofAService.some(name => name in headers));

/** A proxy, and the variable that names it. */
export const proxyWords = ({ where, from }: Pick<HttpProxy, 'where' | 'from'>): string =>
  own`the proxy ${where} (${from})`;

/**
 * An error of a request that a proxy was in between of, with words for it: whoever says what the error means
 * has only the error.
 */
export const comingBy = (proxy: HttpProxy | undefined, error: unknown): unknown =>
  proxy && error instanceof Error && !(error instanceof Failure)
    ? Object.assign(error, { byProxy: proxyWords(proxy) })
    : error;

/**
 * What an answer of a proxy means that isn't a connection.
 *
 * @param to `host:port`
 */
export function refusedByProxy(
  { where, from, authorization }: HttpProxy,
  to: string,
  status: number,
): Failure {
  if (status === 407)
    return new Failure(
      world(
        'proxy-authentication',
        authorization === undefined
          ? own`The proxy ${where} asks for a user and a password, and ${from} has none (407).`
          : own`The proxy ${where} refuses the user and the password that ${from} has (407).`,
        {
          hint: own`Write http://USER:PASSWORD@HOST:PORT into ${from}, with \`%40\` for an \`@\` in a password and the like; Basic is the one scheme that is spoken.`,
        },
      ),
    );
  if (status >= 500)
    return new Failure(
      world('proxy-upstream', own`The proxy ${where} (${from}) can't reach ${to}: it answers ${status}.`, {
        hint: own`Check the name and port of ${to}, and what the proxy may reach.`,
      }),
    );
  return new Failure(
    world(
      'proxy-refused',
      own`The proxy ${where} (${from}) lets nobody through to ${to}: it answers ${status}.`,
      {
        hint: own`Let the proxy allow ${to}, by CONNECT where that is https, or name it in NO_PROXY if it can be reached without a proxy.`,
      },
    ),
  );
}

/**
 * The same of its own answer to a request in plain text, which it may have passed on before: then it isn't
 * known whether that was done.
 */
export function answeredByProxy(proxy: HttpProxy, to: string, status: number, headers: Headers): Failure {
  const { where, from } = proxy;
  const called = String(headers['x-squid-error'] ?? '');
  if (status < 500 || beforePassingOn.test(called)) return refusedByProxy(proxy, to, status);
  return new Failure(
    world(
      'proxy-gave-up',
      own`The proxy ${where} (${from}) has no answer of ${to} to what it may have passed on: it answers ${status}.`,
      { hint: own`Run again when ${to} is well, and the way from the proxy to it.` },
    ),
  );
}
