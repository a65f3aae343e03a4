import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { createCookieJar } from '../http/cookies.ts';
import { type Endpoint, hostPort } from '../http/endpoint.ts';
import { createHttp } from '../http/http.ts';
import type { Trust } from '../http/server-trust.ts';
import type { Session } from '../soap/soap-session.ts';
import type { DeviceUrl } from './lease.ts';

/** The server that a session is of, and what makes its certificate good. */
export interface Server {
  to: Endpoint;
  trust: Trust;
}

/**
 * Sends a streamOptimized VMDK to where a lease takes it. A `*` is the server itself (HttpNfcLeaseDeviceUrl);
 * another host is believed by the thumbprint that the server names, and hears none of the session's cookies.
 *
 * @throws Failure `home-write-failed`, and what can't be reached or isn't trusted
 */
export async function upload(
  session: Session,
  server: Server,
  { url, thumbprint }: DeviceUrl,
  of: string,
  content: { length: number; bytes: AsyncIterable<Buffer> },
  signal?: AbortSignal,
): Promise<void> {
  const to = new URL(url.replace('://*', `://${hostPort(server.to)}`));
  if (to.protocol !== 'https:')
    throw refused(of, `it is to be sent to ${to.protocol}//${to.host}, in plain text`);
  const endpoint = { host: to.hostname.replace(/^\[|\]$/g, ''), port: Number(to.port || 443) };
  const request = {
    path: `${to.pathname}${to.search}`,
    headers: { 'content-type': 'application/x-vnd.vmware-streamVmdk' },
    content,
    signal,
  };
  const isItself = endpoint.host === server.to.host && endpoint.port === server.to.port;
  const other = isItself
    ? undefined
    : createHttp(
        endpoint,
        {
          network: server.trust.network,
          ...(thumbprint === '' ? { ca: server.trust.ca } : { sha1: thumbprint }),
        },
        createCookieJar(),
      );
  try {
    const answer = await (other ? other.send({ ...request, method: 'POST' }) : session.post(request));
    answer.discard();
    if (answer.status < 200 || answer.status > 299) throw refused(of, `HTTP ${answer.status}`);
  } finally {
    other?.close();
  }
}

const refused = (of: string, why: string): Failure =>
  new Failure(
    world('home-write-failed', own`vSphere did not take ${of}: ${why}.`, {
      hint: own`Look at the datastore and the host, and run again: it is made anew.`,
    }),
  );
