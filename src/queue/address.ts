import { Failure, given } from '../diagnostics/diagnostic.ts';

/** Where a queue is, and as whom it is asked. */
export interface QueueAddress {
  host: string;
  port: number;
  /** A user of the server's access control list; undefined: the default one. */
  user: string | undefined;
  isEncrypted: boolean;
}

const way = 'write it like redis://queue.example.com:6379 or rediss://converge@queue.example.com';

const bad = (expected: string): Failure =>
  new Failure(given('bad-queue-url', `--queue: ${expected}`, { hint: way }));

/**
 * Reads `redis://[USER@]HOST[:PORT]`, or `rediss://` for an encrypted connection.
 *
 * @throws Failure `bad-queue-url`, without the URL itself: there may be a password in it
 */
export function queueAddress(text: string): QueueAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
    throw bad('expected a URL of redis:// or rediss://');
  if (url.password !== '')
    throw new Failure(
      given('bad-queue-url', '--queue: a password in the URL could be read by every user of this machine', {
        hint: 'leave it out of the URL, and say where it is: --queue-password file:PATH, env:NAME or credential:NAME',
      }),
    );
  if (!['', '/', '/0'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    throw bad('nothing may follow the port: converge has its keys below `converge:`, in database 0');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    isEncrypted: url.protocol === 'rediss:',
  };
}

/** On this machine alone, where nobody listens to what isn't encrypted. */
export const isLoopback = ({ host }: QueueAddress): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
