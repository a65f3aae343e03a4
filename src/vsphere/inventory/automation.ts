import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import { retry } from '../../io/retry.ts';
import type { HttpClient, HttpRequest } from '../http/http.ts';
import { malformed } from '../http/malformed.ts';
import { isTransient } from '../http/network-errors.ts';
import type { Login, OnCall } from '../soap/soap-session.ts';

/**
 * How a vCenter writes its Automation API: below `/api` since 7.0 U2, below `/rest` since 6.5, there with
 * every answer inside `value` ("vSphere Automation REST API Programming Guide"). What is asked is the same.
 */
interface Dialect {
  session: string;
  tagging: string;
  item(id: string): string;
  action(name: string): string;
  unwrap(answer: unknown): unknown;
}

const dialects: Dialect[] = [
  {
    session: '/api/session',
    tagging: '/api/cis/tagging',
    item: id => `/${encodeURIComponent(id)}`,
    action: name => `?action=${name}`,
    unwrap: answer => answer,
  },
  {
    session: '/rest/com/vmware/cis/session',
    tagging: '/rest/com/vmware/cis/tagging',
    item: id => `/id:${encodeURIComponent(id)}`,
    action: name => `?~action=${name}`,
    unwrap: answer => (answer as { value?: unknown } | null)?.value,
  },
];

/** One question about tags: the collection, and which of it or what to do. */
export interface TaggingCall {
  collection: 'tag' | 'category' | 'tag-association';
  id?: string;
  /** Sent by POST, with `body`. */
  action?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
}

/** The part of vCenter that speaks JSON and alone knows tags; a session of its own beside the SOAP one. */
export interface Automation {
  /** One idempotent call. Failures: network, `vsphere-no-tags`, `vsphere-tags-refused`. */
  tagging(call: TaggingCall): Promise<unknown>;
  /** Logs out, as far as the server still listens. */
  close(): Promise<void>;
}

const LONGEST_ANSWER = 32 * 2 ** 20;
const TOKEN = 'vmware-api-session-id';

/** Logs in with the first call. */
export function createAutomation(
  http: HttpClient,
  login: Login,
  clock: Clock,
  onCall: OnCall = () => {},
): Automation {
  let opening: Promise<{ dialect: Dialect; token: string }> | undefined;
  const opened = () => {
    opening ??= logIn(http, login, onCall);
    opening.catch(() => {
      opening = undefined;
    });
    return opening;
  };
  async function once({ collection, id, action, body, signal }: TaggingCall): Promise<unknown> {
    // The session ended: sessions of this API end by themselves, whatever the SOAP one does.
    const isOver = ({ status }: { status: number }) => status === 401;
    const { status, answer, dialect } = await retry({ attempts: 2 }, { isNotYet: isOver }, async attempt => {
      if (attempt > 1) opening = undefined;
      const { dialect, token } = await opened();
      const path = `${dialect.tagging}/${collection}${id === undefined ? '' : dialect.item(id)}${action === undefined ? '' : dialect.action(action)}`;
      onCall('made', `${action ?? 'get'} ${collection}`);
      const answered = await exchange(http, {
        method: action === undefined ? 'GET' : 'POST',
        path,
        headers: { [TOKEN]: token, ...(body !== undefined && { 'content-type': 'application/json' }) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal,
      });
      return { ...answered, dialect };
    });
    if (status !== 200) throw refused(http.where, status);
    return dialect.unwrap(answer);
  }
  return {
    tagging: call =>
      retry({ attempts: 4, first: 1_000 }, { clock, mayPass: isTransient, signal: call.signal }, attempt => {
        if (attempt > 1) onCall('retried', 'after a broken connection');
        return once(call);
      }),
    async close() {
      const session = await opening?.catch(() => undefined);
      if (session) {
        const { dialect, token } = session;
        const goodbye = { path: dialect.session, headers: { [TOKEN]: token }, timeout: 10_000 };
        await exchange(http, { method: 'DELETE', ...goodbye }).catch(() => {});
      }
      http.close();
    },
  };
}

async function logIn(
  http: HttpClient,
  { username, password }: Login,
  onCall: OnCall,
): Promise<{ dialect: Dialect; token: string }> {
  const authorization = `Basic ${Buffer.from(`${username}:${await password()}`).toString('base64')}`;
  for (const dialect of dialects) {
    onCall('made', 'log in to the Automation API');
    const { status, answer } = await exchange(http, {
      method: 'POST',
      path: dialect.session,
      headers: { authorization },
    });
    if (status === 404) continue;
    const token = dialect.unwrap(answer);
    if ((status === 200 || status === 201) && typeof token === 'string') return { dialect, token };
    if (status === 200 || status === 201) throw malformed('a login to the Automation API', 'it has no token');
    throw refused(http.where, status);
  }
  throw new Failure(
    world('vsphere-no-tags', `${http.where} does not know tags: it has no Automation API.`, {
      hint: 'Tags need a vCenter 6.5 or newer; on an ESXi host select by folder or name.',
    }),
  );
}

/** Status and JSON of an answer; a server that is starting up is a transient failure. */
async function exchange(
  http: HttpClient,
  request: HttpRequest,
): Promise<{ status: number; answer: unknown }> {
  const { status, body } = await http.send(request);
  const text = (await body(LONGEST_ANSWER)).toString('utf8');
  if (status === 502 || status === 503 || status === 504)
    throw new Failure(
      world('vsphere-unavailable', `The Automation API of ${http.where} is not available (HTTP ${status}).`, {
        hint: 'Run again when the server has started.',
      }),
    );
  if (status !== 200 && status !== 201) return { status, answer: undefined };
  try {
    return { status, answer: JSON.parse(text) };
  } catch {
    throw malformed('a call of the Automation API', 'it is not JSON');
  }
}

const refused = (where: string, status: number): Failure =>
  new Failure(
    world('vsphere-tags-refused', `${where} refused to tell its tags (HTTP ${status}).`, {
      hint: "Check that the target's user may log in to the Automation API and sees the tags: the role Read-only at the top is enough.",
    }),
  );
