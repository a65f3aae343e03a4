import { resolve } from 'node:path';
import { Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import type { Operation } from '../../../operation/page/page.ts';
import { isLoopback, type Served, serve } from '../../../operation/server/serve.ts';
import type { Context } from '../../app-context.ts';
import { readSecretFrom } from '../../session/read-secret.ts';
import type { StatusOptions } from '../status.ts';
import { pages } from './pages.ts';

export interface ServeOptions {
  /** `HOST:PORT`; undefined: loopback, any port. */
  listen?: string | undefined;
  /** Names that browsers and scrapers know it by. */
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

/**
 * Serves page and metrics until `close`. The link holds the token.
 *
 * @param operation what is known besides, by whoever runs the cycles
 * @throws Failure `page-unsafe`, `bad-address`, `page-port`
 */
export async function servePages(
  context: Context,
  options: StatusOptions & ServeOptions,
  operation?: () => Operation,
): Promise<Served & { link: string }> {
  const { host, port } = addressOf(options.listen ?? '127.0.0.1:0');
  const { random, files, cwd } = context.io.host;
  const { tlsCert, tlsKey, name: names = [] } = options;
  if (!isLoopback(host)) refuseUnsafe(options);
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw unsafe('--tls-cert and --tls-key go together', 'give both, or neither on loopback');
  const newId = () => random.bytes(32).toString('base64url');
  const token = options.token === undefined ? newId() : await readSecretFrom(options.token, context);
  if (token.length < shortestToken)
    throw unsafe(
      `the token has ${token.length} characters and could be guessed`,
      `make one of ${shortestToken} or more: openssl rand -hex 32`,
    );
  const cert = tlsCert === undefined ? undefined : await files.read(resolve(cwd, tlsCert));
  if (tlsCert !== undefined && !cert)
    throw new Failure(
      given('page-unsafe', `${tlsCert} isn't there`, { hint: 'give the certificate as PEM' }),
    );
  const tls = cert && { cert: cert.toString(), key: await readSecretFrom(tlsKey!, context) };
  const answer = pages(context, options, operation);
  const serving = { host, port, names, token, newId, answer, ...(tls && { tls }), failed: failing(context) };
  try {
    const served = await serve(serving);
    return { ...served, link: `${served.origin}/?token=${encodeURIComponent(token)}` };
  } catch (cause) {
    throw new Failure(
      world('page-port', `the page can't be served at ${host}:${port}: ${(cause as Error).message}`, {
        hint: 'another process may have the port: give another with --listen HOST:PORT',
      }),
      { cause },
    );
  }
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
