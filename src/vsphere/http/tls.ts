import type { PeerCertificate, TLSSocket } from 'node:tls';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { ours, own } from '../../diagnostics/own-words.ts';
import { proxyWords } from '../../network/failures.ts';
import { beginTls, straight } from '../../network/network.ts';
import type { HttpProxy } from '../../network/proxies.ts';
import { type Endpoint, hostPort } from './endpoint.ts';
import { networkFailure } from './network-errors.ts';
import { fingerprint, type Trust } from './server-trust.ts';

const CONNECT_TIMEOUT = 30_000;

/**
 * Opens a connection and verifies the certificate before a byte of ours is sent.
 * @throws Failure `vsphere-certificate` with the fingerprint that was seen, or a network failure
 */
export async function connectTls(to: Endpoint, trust: Trust): Promise<TLSSocket> {
  const where = hostPort(to);
  const sha1 = trust.sha256 === undefined ? trust.sha1?.toUpperCase() : undefined;
  const pin = trust.sha256 === undefined ? sha1 : (fingerprint(trust.sha256) ?? '');
  try {
    const socket = await handshake(to, pin === undefined, trust);
    if (pin === undefined) return socket;
    const seen = socket.getPeerCertificate();
    if ((sha1 === undefined ? seen.fingerprint256 : seen.fingerprint) === pin) return socket;
    socket.destroy();
    const what =
      sha1 === undefined ? 'SHA-256 is not the pinned one' : 'SHA-1 is not the one that vCenter named';
    throw refused(where, seen, `its ${what}`, viaOf(to, trust));
  } catch (error) {
    const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
    if (pin !== undefined || !code || !isCertificateError(code)) throw networkFailure(error, where);
    throw refused(where, await seenAt(to, trust), code, viaOf(to, trust));
  }
}

/** SHA-1 of the server's certificate, `AA:BB:...`, from a connection that `trust` let pass. */
export async function thumbprintOf(to: Endpoint, trust: Trust): Promise<string> {
  const socket = await connectTls(to, trust);
  const { fingerprint: sha1 } = socket.getPeerCertificate();
  socket.destroy();
  return sha1;
}

/** OpenSSL's verification errors by name, and Node's own about the host name. */
const isCertificateError = (code: string): boolean =>
  !code.startsWith('ERR_SSL_') && /CERT|UNABLE_TO_|INVALID_(CA|PURPOSE)|HOSTNAME_MISMATCH/.test(code);

async function handshake(
  to: Endpoint,
  verify: boolean,
  { ca, network = straight }: Trust,
): Promise<TLSSocket> {
  // Not verified only for a pin, which the caller checks before using the socket.
  const socket = await beginTls(network, to, { ca, rejectUnauthorized: verify });
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  socket.setTimeout(CONNECT_TIMEOUT, () => {
    socket.destroy(Object.assign(new Error('connect timeout'), { code: 'ETIMEDOUT' }));
  });
  socket.once('error', reject);
  socket.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
  socket.once('secureConnect', () => {
    socket.setTimeout(0);
    socket.removeListener('error', reject);
    resolve(socket);
  });
  return promise;
}

/** Looks once more at a certificate that was refused, only to print its fingerprint; sends nothing. */
async function seenAt(to: Endpoint, { network }: Trust): Promise<PeerCertificate | undefined> {
  try {
    const socket = await handshake(to, false, { network });
    const certificate = socket.getPeerCertificate();
    socket.destroy();
    return certificate;
  } catch {
    return undefined;
  }
}

const REASONS: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not trusted here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not trusted here',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another host name',
};

/** The proxy that it was reached by: what looks into TLS shows a certificate of its own. */
const viaOf = (to: Endpoint, { network = straight }: Trust): HttpProxy | undefined =>
  network.proxyTo({ ...to, secure: true });

function refused(
  where: string,
  seen: PeerCertificate | undefined,
  why: string,
  via: HttpProxy | undefined,
): Failure {
  const print = seen?.fingerprint256;
  const by = via ? own` by ${proxyWords(via)}` : '';
  return new Failure(
    world(
      'vsphere-certificate',
      own`The certificate of ${where}${by} is not trusted: ${ours(REASONS[why] ?? why)}.${print ? own` Its SHA-256 is ${print}.` : ''}`,
      {
        hint: via
          ? own`If the proxy looks into TLS, set the target's \`ca\` to the PEM file of its authority, or spare the server in NO_PROXY where it can be reached without; else compare the fingerprint on the server itself, and set the target's \`sha256\` or \`ca\`.`
          : own`Compare that fingerprint on the server itself; then set the target's \`sha256\` to it, or set \`ca\` to the PEM file of the authority that signed it.`,
      },
    ),
  );
}
