import type { LookupAddress } from 'node:dns';
import { Failure, world } from '../diagnostics/diagnostic.ts';
import { eitherOf, rejection } from '../io/either.ts';
import { awayWords } from '../io/errors.ts';
import { addressFamily } from '../io/ip-address.ts';
import { isPublic, isReachable } from './addresses.ts';

export interface PostOptions {
  /** It may be in a network that is somebody's own, or on this machine: only where that was declared. */
  isPrivate: boolean;
  /** What makes the server's certificate good beside the system's authorities, PEM. */
  ca?: string;
  signal: AbortSignal;
  /** All addresses of a name; default: those of this machine's resolver. */
  resolve?(name: string): Promise<LookupAddress[]>;
  /** ms for the whole call, whatever trickles in. */
  atMost?: number;
}

const usualTime = 15_000;
/** Bytes of an answer that are read; what comes after them is not waited for. */
const mostAnswer = 16_384;

/**
 * One request over https to an address that was looked at: resolved once, checked, and pinned for the call.
 * No redirect is followed, no proxy is asked. `body` undefined: a GET.
 *
 * @throws Failure `alert-url`, `alert-address`, `alert-undelivered`; none of them holds more of the URL than
 *   its host: the rest is a secret
 */
export async function post(text: string, body: object | undefined, options: PostOptions): Promise<void> {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '')
    throw new Failure(
      world('alert-url', 'an alert is sent to no such URL', {
        hint: 'write https://HOST/PATH, without a user name or a password before the host',
      }),
    );
  const own = AbortSignal.timeout(options.atMost ?? usualTime);
  const { signal, release } = eitherOf(options.signal, own);
  const name = url.hostname.replace(/^\[|\]$/g, '');
  try {
    const address = await addressOf(name, options, signal);
    await send(url, name, address, body, options.ca, signal);
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof Failure) throw error;
    const why = own.aborted
      ? 'no answer in time'
      : ((error as { code?: string }).code ?? 'the connection broke');
    const words = awayWords(why);
    throw undelivered(url.host, words === undefined ? why : `${words} (${why})`);
  } finally {
    release();
  }
}

const undelivered = (host: string, why: string): Failure =>
  new Failure(
    world('alert-undelivered', `nothing could be delivered to ${host}: ${why}`, {
      hint: 'check its URL, and for a certificate that is not trusted `ca`; an agent tries again by itself',
    }),
  );

/** Every address that the name has must be fit, or one of them could be met by chance. */
async function addressOf(
  name: string,
  { isPrivate, resolve = resolved }: PostOptions,
  signal: AbortSignal,
): Promise<LookupAddress> {
  const family = addressFamily(name);
  // A resolver can't be stopped, but nobody has to wait for it.
  const found = family ? [{ address: name, family }] : await Promise.race([resolve(name), rejection(signal)]);
  const wrong = found.find(({ address }) => !(isPrivate ? isReachable(address) : isPublic(address)));
  if (wrong)
    throw new Failure(
      world('alert-address', `${name} is at ${wrong.address}, which is not on the public Internet`, {
        hint: isPrivate
          ? 'no alert is sent to such an address'
          : 'write `private: true` in the webhook if it is meant to be in a network of your own',
      }),
    );
  if (!found[0]) throw undelivered(name, 'the name has no address');
  return found[0];
}

/** By this machine's resolver. */
export async function resolved(name: string): Promise<LookupAddress[]> {
  const { lookup } = await import('node:dns/promises');
  return lookup(name, { all: true, verbatim: true });
}

async function send(
  url: URL,
  name: string,
  { address, family }: LookupAddress,
  body: object | undefined,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { request } = await import('node:https');
  const { rootCertificates } = await import('node:tls');
  const bytes = body && Buffer.from(JSON.stringify(body));
  await new Promise<void>((done, reject) => {
    const sent = request(
      {
        host: address,
        family,
        port: url.port === '' ? 443 : Number(url.port),
        // Checked against the name, not the address that it was pinned to.
        ...(addressFamily(name) === undefined && { servername: name }),
        path: `${url.pathname}${url.search}`,
        method: bytes ? 'POST' : 'GET',
        headers: {
          host: url.host,
          'user-agent': 'converge',
          ...(bytes && { 'content-type': 'application/json', 'content-length': bytes.length }),
        },
        agent: false,
        signal,
        ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
      },
      response => {
        const status = response.statusCode ?? 0;
        let read = 0;
        const end = () => {
          response.destroy();
          if (status >= 200 && status < 300) done();
          else
            reject(
              undelivered(
                url.host,
                status >= 300 && status < 400
                  ? `HTTP ${status}: redirects are not followed`
                  : `HTTP ${status}`,
              ),
            );
        };
        response.on('data', (chunk: Buffer) => {
          read += chunk.length;
          if (read > mostAnswer) end();
        });
        response.once('end', end);
        response.once('error', reject);
      },
    );
    sent.once('error', reject);
    sent.end(bytes);
  });
}
