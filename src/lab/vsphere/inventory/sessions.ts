import { timingSafeEqual } from 'node:crypto';
import type { Clock, Random } from '../../../io/ports.ts';
import { VimFault } from '../soap/faults.ts';
import { type Data, data, int, type Ref, text, time } from '../soap/vim.ts';
import type { Collector } from './updates.ts';

/** Milliseconds without a call after which vCenter ends a session. */
const IDLE = 30 * 60_000;

export interface Session {
  /** Never the cookie: this one is told to others. */
  key: string;
  userName: string;
  loginTime: number;
  lastActive: number;
  collectors: Map<string, Collector>;
  /** Container views by id: what they look at. */
  views: Map<string, { container: Ref; types: string[]; recursive: boolean }>;
  /** Rest of a long answer by token. */
  pages: Map<string, Data[]>;
}

export interface Credentials {
  username: string;
  password: string;
}

export interface Sessions {
  /** The session of a Cookie header, if it lives. */
  of(cookie: string | undefined): Session | undefined;
  /** Resolves to the session and its cookie's value. Throws an InvalidLogin fault. */
  login(username: string, password: string): { session: Session; cookie: string };
  /** Whether an Authorization header carries the right user and password. */
  basic(authorization: string | undefined): boolean;
  end(session: Session): void;
  endAll(): void;
}

export const COOKIE = 'vmware_soap_session';

export function createSessions(credentials: Credentials, clock: Clock, random: Random): Sessions {
  const sessions = new Map<string, Session>();
  const right = (username: string, password: string) =>
    same(username, credentials.username) && same(password, credentials.password);
  return {
    of(header) {
      // Some clients send the attributes of Set-Cookie back, and the value may be quoted.
      const cookie = new RegExp(`(?:^|[;\\s])${COOKIE}="?([0-9a-f]+)`).exec(header ?? '')?.[1];
      const session = cookie && sessions.get(cookie);
      if (!session) return undefined;
      if (clock.now() - session.lastActive > IDLE) {
        sessions.delete(cookie);
        return undefined;
      }
      session.lastActive = clock.now();
      return session;
    },
    login(username, password) {
      if (!right(username, password)) {
        throw new VimFault(
          'InvalidLogin',
          'Cannot complete login due to an incorrect user name or password.',
        );
      }
      const cookie = random.bytes(20).toString('hex');
      const now = clock.now();
      const session: Session = {
        key: random.uuid(),
        userName: username,
        loginTime: now,
        lastActive: now,
        collectors: new Map(),
        views: new Map(),
        pages: new Map(),
      };
      sessions.set(cookie, session);
      return { session, cookie };
    },
    basic(authorization) {
      const encoded = /^Basic (\S+)$/i.exec(authorization ?? '')?.[1];
      if (!encoded) return false;
      const [username, ...rest] = Buffer.from(encoded, 'base64').toString().split(':');
      return right(username ?? '', rest.join(':'));
    },
    end(session) {
      for (const [cookie, one] of sessions) if (one === session) sessions.delete(cookie);
    },
    endAll: () => sessions.clear(),
  };
}

export const describeSession = (session: Session, ahead = 0): Data =>
  data('UserSession', {
    key: text(session.key),
    userName: text(session.userName),
    fullName: text(session.userName),
    loginTime: time(session.loginTime + ahead),
    lastActiveTime: time(session.lastActive),
    locale: text('en'),
    messageLocale: text('en'),
    callCount: int(0),
  });

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
