import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Clock } from '../../io/ports.ts';
import { bulkTime, longestDelay, type Patience, quickTime, retry, type Waits } from '../../io/retry.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../http/http.ts';
import { isTransient } from '../http/network-errors.ts';
import { explain, faultType } from './faults.ts';
import { readServiceContent, SERVICE_INSTANCE, type ServiceContent } from './service-content.ts';
import { post, type SoapCall } from './soap.ts';
import { negotiateVersion, OPENING_TIMEOUT, requireVersion } from './versions.ts';
import { textAt, type XmlElement } from './xml.ts';
import { el } from './xml-writer.ts';

export interface Login {
  username: string;
  /** Asked for at each login and kept nowhere. */
  password: () => Promise<string>;
}

/** For whoever counts: a request that goes out, or the decision to repeat some. */
export type OnCall = (event: 'made' | 'retried', name: string) => void;

/** An authenticated conversation with one server. */
export interface Session {
  readonly content: ServiceContent;
  /** What the server calls the session that it has now. */
  readonly key: string;
  readonly clock: Clock;
  /**
   * The server's time in ms since the epoch when it was first logged in, and this clock's; undefined: it
   * said none.
   */
  readonly began: { server: number; here: number } | undefined;
  readonly where: string;
  /** One call, once, as it is. Throws VimFault; NotAuthenticated too. */
  invoke(call: SoapCall): Promise<XmlElement[]>;
  /** HTTP in the session, for datastore files. */
  get(request: Omit<HttpRequest, 'method'>): Promise<HttpAnswer>;
  put(request: Omit<HttpRequest, 'method'>): Promise<HttpAnswer>;
  post(request: Omit<HttpRequest, 'method'>): Promise<HttpAnswer>;
  /**
   * Runs idempotent work. When the session has expired, logs in once and runs it again from its
   * start, so that what lives in a session (views, filters, page tokens) is made anew. Connection
   * losses are tried again with backoff, by default with the quick patience.
   */
  replaying<T>(work: () => Promise<T>, signal?: AbortSignal, patience?: Patience): Promise<T>;
  /** One idempotent call. */
  query(call: SoapCall, patience?: Patience): Promise<XmlElement[]>;
  /** Counts logins: says which session a refusal speaks of. */
  readonly generation: number;
  /** Logs in again, unless somebody has since `generation`. Callers at the same time share one login. */
  renew(generation: number): Promise<void>;
  /** Logs out, as far as the server still listens, and closes the connections. */
  close(): Promise<void>;
}

const QUICK = { attempts: 4, atMost: quickTime, first: 1_000, cap: longestDelay };
const BULK = { atMost: bulkTime, first: 1_000, cap: longestDelay };
const LOGOUT_TIMEOUT = 10_000;

/**
 * Finds out what the server is and logs in.
 * @throws Failure unreachable, `vsphere-certificate`, `vsphere-not-a-server`, `vsphere-too-old`,
 * `vsphere-login-refused`
 */
export async function openSession(
  http: HttpClient,
  login: Login,
  clock: Clock,
  onCall: OnCall = () => {},
  long?: Waits,
): Promise<Session> {
  const version = await negotiateVersion(http);
  const invoke = (call: SoapCall) => {
    onCall('made', call.method);
    return post(http, version, call);
  };
  const [answer] = await explain(`describe itself at ${http.where}`, () =>
    invoke({ method: 'RetrieveServiceContent', self: SERVICE_INSTANCE, timeout: OPENING_TIMEOUT }),
  );
  const content = readServiceContent(answer);
  requireVersion(content.about.apiVersion, `${content.about.fullName} at ${http.where}`);
  const before = clock.now();
  const first = await logIn(http, invoke, content, login);
  const here = (before + clock.now()) / 2;
  const began = Number.isNaN(first.time) ? undefined : { server: first.time, here };
  let { key } = first;

  let generation = 1;
  let renewing: Promise<void> | undefined;
  const renew = async (seen: number) => {
    if (seen !== generation) return;
    renewing ??= logIn(http, invoke, content, login)
      .then(made => {
        key = made.key;
        generation++;
      })
      .finally(() => {
        renewing = undefined;
      });
    await renewing;
  };
  const replaying = <T>(work: () => Promise<T>, signal?: AbortSignal, patience: Patience = 'quick') => {
    return retry(
      patience === 'bulk' ? BULK : QUICK,
      { clock, mayPass: isTransient, signal, long: patience === 'bulk' ? long : undefined },
      async attempt => {
        if (attempt > 1) onCall('retried', 'after a broken connection');
        const seen = generation;
        try {
          return await work();
        } catch (error) {
          if (faultType(error) !== 'NotAuthenticated') throw error;
          await renew(seen);
          onCall('retried', 'after a new login');
          return await work();
        }
      },
    );
  };
  return {
    content,
    get key() {
      return key;
    },
    clock,
    began,
    where: http.where,
    invoke,
    get: request => {
      onCall('made', 'GET /folder');
      return http.send({ ...request, method: 'GET' });
    },
    put: request => {
      onCall('made', 'PUT /folder');
      return http.send({ ...request, method: 'PUT' });
    },
    post: request => {
      onCall('made', 'POST /nfc');
      return http.send({ ...request, method: 'POST' });
    },
    replaying,
    query: (call, patience) => replaying(() => invoke(call), call.signal, patience),
    get generation() {
      return generation;
    },
    renew,
    close: async () => {
      // The session ends by itself on the server; failing to say goodbye is not a failure of the run.
      await invoke({ method: 'Logout', self: content.sessionManager, timeout: LOGOUT_TIMEOUT }).catch(
        () => {},
      );
      http.close();
    },
  };
}

async function logIn(
  http: HttpClient,
  invoke: Session['invoke'],
  content: ServiceContent,
  login: Login,
): Promise<{ key: string; time: number }> {
  http.cookies.clear();
  const args = [
    el('userName', login.username),
    el('password', await login.password()),
    el('locale', 'en_US'),
  ];
  try {
    const [made] = await explain(`log in '${login.username}' at ${http.where}`, () =>
      invoke({ method: 'Login', self: content.sessionManager, args }),
    );
    return { key: textAt(made, 'key') ?? '', time: Date.parse(textAt(made, 'loginTime') ?? '') };
  } catch (error) {
    if (!(error instanceof Failure) || faultType(error.cause) !== 'InvalidLogin') throw error;
    throw new Failure(
      world(
        'vsphere-login-refused',
        own`${http.where} refused user '${login.username}': user name or password is wrong.`,
        {
          hint: own`Check the target's username (with its domain, such as user@vsphere.local), what its password refers to, and whether the account is locked.`,
        },
      ),
    );
  }
}
