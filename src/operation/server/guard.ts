import { createHash, timingSafeEqual } from 'node:crypto';

/** What `Authorization` can carry: https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
export const BEARER_TOKEN = /^[\w~+/.=-]+$/;

/** What a request says about where it comes from. */
export interface Request {
  method: string;
  /** Path and query, as asked. */
  target: string;
  host?: string | undefined;
  /** Which page it comes from, as browsers say: https://www.w3.org/TR/fetch-metadata/ */
  fetchSite?: string | undefined;
  cookie?: string | undefined;
  authorization?: string | undefined;
}

export interface Guard {
  /** `host:port`, in lower case: what it is called by whoever means it. */
  hosts: ReadonlySet<string>;
  token: string;
  /** Of the cookie; browsers send cookies of one port to all others, so it is never the token. */
  cookieName: string;
  isSession(id: string): boolean;
}

/** `exchange`: the token of the link is taken for a session, and the link without it is asked for. */
export type Verdict = { admitted: URL } | { exchange: string } | { refused: number; why: string };

const refused = (status: number, why: string): Verdict => ({ refused: status, why });

/**
 * Whether a request is answered. One that was sent to another name (a rebound one, say) or from another site
 * isn't looked at any further, whatever it knows.
 */
export function admit(request: Request, { hosts, token, cookieName, isSession }: Guard): Verdict {
  if (!hosts.has(request.host?.toLowerCase() ?? '')) return refused(421, 'this name is not served here');
  if (request.fetchSite !== undefined && !['none', 'same-origin'].includes(request.fetchSite))
    return refused(403, 'pages of other sites are not answered');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return refused(405, 'nothing can be changed here');
  if (!request.target.startsWith('/') || !URL.canParse(request.target, 'http://localhost'))
    return refused(400, 'this is not a path');
  const url = new URL(`http://localhost${request.target}`);
  const offered = url.searchParams.get('token');
  if (offered !== null) {
    if (!isSame(offered, token)) return refused(401, 'this token is not the one of this page');
    url.searchParams.delete('token');
    // With two slashes it would lead to another machine.
    return { exchange: `${url.pathname.replace(/^\/+/, '/')}${url.search}` };
  }
  const [, bearer] = /^Bearer (.+)$/i.exec(request.authorization ?? '') ?? [];
  if (bearer !== undefined && BEARER_TOKEN.test(bearer) && isSame(bearer, token)) return { admitted: url };
  if (cookiesOf(request.cookie).some(([name, value]) => name === cookieName && isSession(value)))
    return { admitted: url };
  return refused(401, 'open the link that was printed when this page was begun: it holds the token');
}

const cookiesOf = (header = ''): [name: string, value: string][] =>
  header.split(';').flatMap(pair => {
    const at = pair.indexOf('=');
    return at < 0 ? [] : [[pair.slice(0, at).trim(), pair.slice(at + 1).trim()]];
  });

/** Takes as long whatever they have in common. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
