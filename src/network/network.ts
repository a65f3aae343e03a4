import type { Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { Host } from '../io/ports.ts';
import { authoritiesOf, type Declared } from './authorities.ts';
import { limitConnecting, proxyPatience } from './connecting.ts';
import { type Destination, serverName } from './destination.ts';
import { type HttpProxy, proxiesOf } from './proxies.ts';
import { tunnel } from './tunnel.ts';

/** How this machine reaches others: by which proxies, and by whose authorities it believes them. */
export interface Network {
  /** Undefined: straight. Throws a Failure `proxy-address`. */
  proxyTo(to: Destination): HttpProxy | undefined;
  /** Undefined: what Node trusts by itself. Rejects with a Failure `ca-file`. */
  authorities(): Promise<SecureContext | undefined>;
}

/** Nothing but what Node does by itself: for what is on this machine. */
export const straight: Network = { proxyTo: () => undefined, authorities: async () => undefined };

/**
 * As the environment says, and with the authorities that a target declares beside its own. Files are read
 * when a connection is made.
 */
export function networkOf(
  host: Pick<Host, 'env' | 'files' | 'cwd'>,
  ...declared: readonly Declared[]
): Network {
  let authorities: Promise<SecureContext | undefined> | undefined;
  return {
    proxyTo: proxiesOf(host.env),
    authorities() {
      authorities ??= authoritiesOf(host, ...declared).catch(error => {
        // Whoever asks next may find the file.
        authorities = undefined;
        throw error;
      });
      return authorities;
    },
  };
}

/** What a server has to be for it to be spoken to. */
export interface Verified {
  /** Authorities in PEM that count alone. */
  ca?: string | undefined;
  /** `false`: whoever calls looks at the certificate itself. */
  rejectUnauthorized?: boolean;
}

/**
 * Begins a connection with TLS, by a proxy where one leads there. It is there, not verified yet, and ends by
 * itself where that takes too long.
 *
 * @throws Failure of `tunnel` and `Network`, or the signal's reason
 */
export async function beginTls(
  network: Network,
  to: Pick<Destination, 'host' | 'port'>,
  verified: Verified = {},
  { signal, ...more }: { signal?: AbortSignal | undefined; onread?: unknown } = {},
): Promise<TLSSocket> {
  const proxy = network.proxyTo({ ...to, secure: true });
  const usual = await network.authorities();
  signal?.throwIfAborted();
  const secureContext = verified.ca === undefined ? usual : undefined;
  const socket: Socket | undefined =
    proxy && (await tunnel(proxy, to, { timeout: proxyPatience, signal, secureContext: usual }));
  const secured = connect({
    ...(socket ? { socket } : { host: to.host, port: to.port, ...more }),
    servername: serverName(to.host),
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: verified.rejectUnauthorized ?? true,
    ...(secureContext && { secureContext }),
    ...(verified.ca !== undefined && { ca: verified.ca }),
  });
  limitConnecting(secured, 'secureConnect');
  return secured;
}
