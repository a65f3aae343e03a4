import { Agent, request } from 'node:http';
import { Failure, given, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
import { retry } from '../io/retry.ts';

/** The metadata of the instance that this runs on. Asks nothing before the first call. */
export interface Metadata {
  /** The text below `/latest/`; undefined when there is none (404). Rejects with a Failure. */
  get(path: string): Promise<string | undefined>;
}

export interface MetadataOptions {
  /** Base address; default EC2's link-local one. */
  endpoint?: string | undefined;
  /** Milliseconds to connect, and then for each answer. */
  patience?: number;
}

const linkLocal = 'http://169.254.169.254';
/** The service is on the machine itself: whatever doesn't answer in a second isn't there. */
const shortPatience = 1000;
/** Of one token, in seconds: longer than any run that asks twice. */
const tokenLife = 300;
/** Of one answer, bytes. */
const mostBytes = 64 * 1024;
/** The service is on this machine: there is nothing to wait for between two attempts. */
const policy = { attempts: 3 };

/**
 * Instance metadata in its second version: a session token by PUT, then GET with it. Source: "Use the
 * Instance Metadata Service to access instance metadata", Amazon EC2 user guide. Never the first version,
 * never through a proxy, never after a redirect, http alone: what it says decides what this machine becomes.
 */
export function instanceMetadata({ endpoint, patience = shortPatience }: MetadataOptions = {}): Metadata {
  const base = checkedEndpoint(endpoint ?? linkLocal);
  // An agent of its own has no proxy, whatever NODE_USE_ENV_PROXY says.
  const agent = new Agent({ keepAlive: false });
  let session: Promise<string> | undefined;

  const send = (method: 'GET' | 'PUT', path: string, headers: Record<string, string>) =>
    exchange(base, { method, path: `/latest/${path}`, headers, agent }, patience);

  const newSession = async (): Promise<string> => {
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(tokenLife), 'content-length': '0' };
    const answer = await send('PUT', 'api/token', headers);
    if (answer.status === 200 && /^[\x21-\x7e]+$/.test(answer.body)) return answer.body;
    if (answer.status === 403) throw turnedOff(base);
    throw notEc2(base, `it gave no session token (HTTP ${answer.status})`);
  };
  const token = () => {
    session ??= newSession();
    session.catch(() => {
      session = undefined;
    });
    return session;
  };
  return {
    async get(path) {
      const isNotYet = ({ status }: Exchange) => status === 401 || status >= 500;
      const { status, body } = await retry(policy, { isNotYet }, async () => {
        const answer = await send('GET', path, { 'x-aws-ec2-metadata-token': await token() });
        if (answer.status === 401) session = undefined;
        return answer;
      });
      if (status === 200) return body;
      if (status === 404) return undefined;
      if (status === 403) throw turnedOff(base);
      throw new Failure(
        world(
          'instance-metadata',
          `the instance metadata at ${base.origin} answered ${path} with ${status}`,
          {
            hint:
              status === 401 ? 'it does not take its own session token: what answers there?' : 'run again',
          },
        ),
      );
    },
  };
}

function checkedEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'http:' && url.username === '' && url.password === '') return url;
  throw new Failure(
    given('metadata-endpoint', 'AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http address', {
      hint: `leave it out for ${linkLocal}, or write http://HOST:PORT`,
    }),
  );
}

interface Exchange {
  status: number;
  body: string;
}

/** Rejects with a Failure when nobody answers in time. A redirect is an answer like any other. */
function exchange(
  base: URL,
  options: { method: string; path: string; headers: Record<string, string>; agent: Agent },
  patience: number,
): Promise<Exchange> {
  return new Promise((resolve, reject) => {
    let connected = false;
    const host = base.hostname.replace(/^\[|\]$/g, '');
    const asked = request({ ...options, host, port: base.port || 80, timeout: patience }, response => {
      const pieces: Buffer[] = [];
      let size = 0;
      response.on('data', (piece: Buffer) => {
        size += piece.length;
        if (size > mostBytes) asked.destroy(new Error('the answer is too large'));
        else pieces.push(piece);
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(pieces).toString('utf8') }),
      );
    });
    asked.on('socket', socket => socket.once('connect', () => (connected = true)));
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      const lost = connected && options.method === 'PUT' && error.message === 'no answer';
      reject(lost ? outOfHops(base) : notEc2(base, error.code ?? error.message));
    });
    asked.end();
  });
}

const wayOut =
  'run it on the EC2 instance, or try it with --lab: `converge lab instance` says what that one is';

const notEc2 = (base: URL, why: string): Failure =>
  new Failure(
    world(
      'not-on-ec2',
      own`this machine is not an EC2 instance, or its metadata is out of reach: ${base.host}: ${why}`,
      {
        hint: wayOut,
      },
    ),
  );

const turnedOff = (base: URL): Failure =>
  new Failure(
    world('instance-metadata-off', `${base.host} answered 403: the instance metadata is turned off`, {
      hint: 'turn it on: aws ec2 modify-instance-metadata-options --http-endpoint enabled --instance-id ID',
    }),
  );

/** The answer to a PUT may make so many hops only, one by default: a container is one hop further. */
const outOfHops = (base: URL): Failure =>
  new Failure(
    world('metadata-hop-limit', `${base.host} was reached, and its session token never came`, {
      hint: 'in a container the hop limit of 1 holds it back: aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id ID',
    }),
  );
