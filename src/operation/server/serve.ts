import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { CONTENT_SECURITY_POLICY } from '../page/style.ts';
import { admit, type Guard, type Verdict } from './guard.ts';

export interface Answer {
  status: number;
  /** Media type. */
  type: string;
  body: string;
  /** Seconds after which a browser is to ask again. */
  refresh?: number;
}

export interface ServedName {
  name: string;
  /** That it is asked for by: what comes from a proxy names the port of that. Undefined: its own. */
  port?: number;
}

export interface Serving {
  /** A literal address, or a name of one. */
  host: string;
  /** 0: any that is free. */
  port: number;
  /** Names besides `host` that it is asked for by. */
  names?: readonly ServedName[];
  tls?: { cert: string; key: string };
  token: string;
  /** Of sessions. */
  newId(): string;
  /** Undefined: there is nothing by that path. Rejects with what makes no answer possible. */
  answer(url: URL): Promise<Answer | undefined>;
  /** Gets what an answer rejected with, which the reader isn't told. */
  failed(error: unknown): void;
}

export interface Served {
  /** Where it is, without the token. */
  origin: string;
  /** From now on whoever connects gets this certificate; only where there was one. */
  renew(tls: { cert: string; key: string }): void;
  close(): Promise<void>;
}

/** Sessions that are remembered; of more than these the oldest ends. */
const mostSessions = 100;

/** How long a request may take to arrive, ms, and how many come at once. */
const limits = {
  requestTimeout: 10_000,
  headersTimeout: 10_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 8_192,
};
const mostConnections = 100;

/** Serves pages to whoever holds the token. */
export async function serve({ host, port, names = [], tls, token, ...given }: Serving): Promise<Served> {
  const sessions = new Set<string>();
  const hosts = new Set<string>();
  const guard: Guard = {
    hosts,
    token,
    // The prefix binds it to this name, and to TLS.
    cookieName: tls ? '__Host-converge' : 'converge',
    isSession: id => sessions.has(id),
  };
  const begin = (): string => {
    const id = given.newId();
    sessions.add(id);
    if (sessions.size > mostSessions) sessions.delete([...sessions][0]!);
    return `${guard.cookieName}=${id}; Path=/; HttpOnly; SameSite=Strict${tls ? '; Secure' : ''}`;
  };
  const listener: RequestListener = (request, response) => {
    void respond(request, response, guard, begin, given);
  };
  const secure = tls && createSecureServer({ ...limits, ...tls }, listener);
  const server = secure ?? createServer(limits, listener);
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address() as { port: number };
  const named = (name: string) => (name.includes(':') ? `[${name}]` : name).toLowerCase();
  const own = [host, ...(isLoopback(host) ? ['localhost', '127.0.0.1', '::1'] : [])];
  const all: readonly ServedName[] = [...own.map(name => ({ name })), ...names];
  for (const { name, port: asked = bound.port } of all) {
    hosts.add(`${named(name)}:${asked}`);
    // Browsers leave out the usual port of their scheme, which is a proxy's where that one has TLS.
    if (asked === 443 || (asked === 80 && !tls)) hosts.add(named(name));
  }
  // Without TLS a name is that of a proxy, and nobody knows how that one is reached.
  const link: ServedName = (tls && names[0]) || { name: host };
  return {
    origin: `${tls ? 'https' : 'http'}://${named(link.name)}:${link.port ?? bound.port}`,
    renew: renewed => secure?.setSecureContext(renewed),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Whether nobody but this machine reaches it. Names other than `localhost` may mean anything. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  guard: Guard,
  begin: () => string,
  { answer, failed }: Pick<Serving, 'answer' | 'failed'>,
): Promise<void> {
  const { headers, headersDistinct, method = '', url: target = '' } = request;
  // Nobody who means well sends these twice, and nobody knows which of two is meant.
  const [names = [], site] = [headersDistinct.host, headers['sec-fetch-site']];
  const verdict = admit(
    {
      method,
      target,
      host: names.length === 1 ? names[0] : undefined,
      fetchSite: Array.isArray(site) ? site.join() : site,
      cookie: headers.cookie,
      authorization: headers.authorization,
    },
    guard,
  );
  const send = (status: number, type: string, body: string, more: Record<string, string> = {}) => {
    response.writeHead(status, { ...alwaysHeaders, 'content-type': type, ...more });
    response.end(method === 'HEAD' ? undefined : body);
  };
  const sendText = (status: number, text: string, more: Record<string, string> = {}) =>
    send(status, 'text/plain; charset=utf-8', `${text}\n`, more);
  if ('refused' in verdict) return sendText(verdict.refused, verdict.why, headersOf(verdict));
  if ('exchange' in verdict)
    return sendText(303, 'the token was taken', { location: verdict.exchange, 'set-cookie': begin() });
  try {
    const found = await answer(verdict.admitted);
    if (!found) return sendText(404, 'there is nothing here');
    const { refresh } = found;
    send(found.status, found.type, found.body, refresh === undefined ? {} : { refresh: String(refresh) });
  } catch (error) {
    failed(error);
    sendText(500, 'this could not be looked at: whoever serves this page was told why');
  }
}

const headersOf = ({ refused }: Extract<Verdict, { refused: number }>): Record<string, string> =>
  refused === 405 ? { allow: 'GET, HEAD' } : refused === 401 ? { 'www-authenticate': 'Bearer' } : {};

const alwaysHeaders = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Why TLS can't serve with what somebody gave as PEM, in its own words; undefined: it can. */
export function unusable(given: { cert: string; key: string }): string | undefined {
  try {
    createSecureContext(given);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
