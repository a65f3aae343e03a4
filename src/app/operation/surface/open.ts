import { Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import type { Operation } from '../../../operation/page/page.ts';
import { BEARER_TOKEN } from '../../../operation/server/guard.ts';
import { isLoopback, type Served, type ServedName, serve } from '../../../operation/server/serve.ts';
import type { Context } from '../../app-context.ts';
import { readSecretFrom } from '../../session/read-secret.ts';
import type { StatusOptions } from '../status.ts';
import { followCertificate } from './certificate-renewal.ts';
import { readCertificate } from './page-certificate.ts';
import { pages } from './pages.ts';

export interface ServeOptions {
  /** `HOST:PORT`; undefined: loopback, any port. */
  listen?: string | undefined;
  /** Names that browsers and scrapers know it by; with a port where a proxy has another. */
  name?: string[] | undefined;
  /** PEM file. */
  tlsCert?: string | undefined;
  /** `env:NAME`, `file:PATH` or `credential:NAME`. */
  tlsKey?: string | undefined;
  /** The same, for one that stays from run to run; undefined: a new one. */
  token?: string | undefined;
}

/** Fewer characters can be guessed. */
const shortestToken = 24;
const newToken = `make one of ${shortestToken} characters or more: openssl rand -hex 32`;

/**
 * Serves page and metrics until `close`. The link holds the token.
 *
 * @param operation what is known besides, by whoever runs the cycles
 * @throws Failure `page-unsafe`, `bad-listen`, `page-certificate`, `page-port`
 */
export async function servePages(
  context: Context,
  options: StatusOptions & ServeOptions,
  operation?: () => Promise<Operation>,
): Promise<Served & { link: string }> {
  const { host, port, names } = placeOf(options);
  const { random } = context.io.host;
  const { tlsCert, tlsKey } = options;
  const newId = () => random.bytes(32).toString('base64url');
  const token = options.token === undefined ? newId() : await readSecretFrom(options.token, context);
  if (token.length < shortestToken)
    throw unsafe(`the token has ${token.length} characters and could be guessed`, newToken);
  if (!BEARER_TOKEN.test(token))
    throw unsafe('the token has characters that no program can send as `Authorization: Bearer`', newToken);
  const read = () => readCertificate(context, { tlsCert: tlsCert!, tlsKey: tlsKey! }, names);
  const found = tlsCert === undefined ? undefined : await read();
  if (found && found.doubts.length > 0) context.reporter.diagnostics(found.doubts);
  const answer = pages(context, options, operation);
  const failed = failing(context);
  const serving = { host, port, names, token, newId, answer, failed, ...(found && { tls: found.tls }) };
  try {
    const served = await serve(serving);
    const closing = new AbortController();
    if (found) void followCertificate(context, read, found, served.renew, closing.signal).catch(failed);
    return {
      ...served,
      link: `${served.origin}/?token=${encodeURIComponent(token)}`,
      async close() {
        closing.abort();
        await served.close();
      },
    };
  } catch (cause) {
    throw new Failure(
      world('page-port', `the page can't be served at ${host}:${port}: ${(cause as Error).message}`, {
        hint: 'another process may have the port: give another with --listen HOST:PORT',
      }),
      { cause },
    );
  }
}

/**
 * Where a page is to be served, and by which names.
 *
 * @throws Failure `page-unsafe`, `bad-listen`
 */
export function placeOf(options: ServeOptions): { host: string; port: number; names: ServedName[] } {
  const { tlsCert, tlsKey } = options;
  const address = addressOf(options.listen ?? '127.0.0.1:0');
  const names = (options.name ?? []).map(nameIn);
  if (!isLoopback(address.host)) refuseUnsafe(options);
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw unsafe('--tls-cert and --tls-key go together', 'give both, or neither on loopback');
  return { ...address, names };
}

/** The same until whoever runs it is interrupted. */
export async function openPages(
  context: Context,
  options: StatusOptions & ServeOptions,
  ready: (link: string) => void,
): Promise<void> {
  const { interrupt } = context.io;
  const served = await servePages(context, options);
  ready(served.link);
  if (!interrupt.aborted)
    await new Promise(interrupted => interrupt.addEventListener('abort', interrupted, { once: true }));
  await served.close();
}

const failing =
  ({ reporter }: Context) =>
  (error: unknown): void =>
    reporter.diagnostics(
      error instanceof Failure
        ? error.diagnostics
        : [world('page-failed', `a page could not be made: ${(error as Error).message}`)],
    );

function addressOf(listen: string): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(listen) ?? [];
  if (port !== undefined && Number(port) < 65_536) return { host: (bracketed ?? plain)!, port: Number(port) };
  throw new Failure(
    given('bad-listen', `--listen ${listen}: expected HOST:PORT`, {
      hint: 'write it like 127.0.0.1:9470 or [::1]:9470',
    }),
  );
}

/** A name that requests may ask for, with the port that they name it by where it isn't that of `--listen`. */
function nameIn(text: string): ServedName {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-f:]+)\]|([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const name = bracketed ?? plain;
  if (name !== undefined && Number(port ?? 1) > 0 && Number(port ?? 1) < 65_536)
    return { name, ...(port !== undefined && { port: Number(port) }) };
  throw new Failure(
    given('bad-listen', `--name ${text}: expected a name, or NAME:PORT`, {
      hint: 'write it as browsers do, like converge.example.com, or converge.example.com:443 behind a proxy',
    }),
  );
}

const unsafe = (message: string, hint: string) => new Failure(given('page-unsafe', message, { hint }));

/** Names of VMs and what keeps them from being recovered are for nobody on the way. */
function refuseUnsafe({ tlsCert, tlsKey, token, name = [], listen }: ServeOptions): void {
  const missing = Object.entries({
    '--tls-cert': tlsCert,
    '--tls-key': tlsKey,
    '--token': token,
    '--name': name[0],
  }).flatMap(([flag, value]) => (value === undefined ? [flag] : []));
  if (missing.length > 0)
    throw unsafe(
      `--listen ${listen} is reached from elsewhere, and ${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} missing`,
      'give all of them, or listen on 127.0.0.1 and put a proxy with TLS before it',
    );
}
