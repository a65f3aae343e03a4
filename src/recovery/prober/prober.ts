import { connect } from 'node:net';
import { getOnce } from '../../content/http.ts';
import { eitherOf } from '../../io/either.ts';
import type { Prober, Reached } from '../model/probes.ts';

/** Where a port of a private address is reached from here; undefined: by nothing. */
export type WayTo = (address: string, port: number) => Promise<{ host: string; port: number } | undefined>;

/** As it is: whoever has no route to it hears nothing. */
export const directly: WayTo = async (host, port) => ({ host, port });

/** Milliseconds that one attempt may take. */
const patience = 5_000;
/**
 * For so long a connection that was taken has to stay, ms: a forwarder takes it first and finds nobody then.
 */
const stays = 500;

const noWay = (address: string): Reached => ({
  state: 'silent',
  why: `there is no way from here to ${address}`,
});

export function networkProber(way: WayTo): Prober {
  return {
    async tcp(address, port, signal) {
      signal?.throwIfAborted();
      const to = await way(address, port);
      if (!to) return noWay(address);
      const reached = await takenAndKept(to, signal);
      signal?.throwIfAborted();
      return reached;
    },

    async http(address, { port, path, most }, signal) {
      signal?.throwIfAborted();
      const to = await way(address, port);
      if (!to) return noWay(address);
      const { signal: stop, release } = eitherOf(AbortSignal.timeout(patience), signal);
      try {
        const response = await getOnce(new URL(`http://${to.host}:${to.port}${path}`), {}, stop);
        try {
          const body = await beginning(response, most).catch(error => error as Error);
          signal?.throwIfAborted();
          if (body instanceof Error) return { state: 'refused', why: 'its answer broke off' };
          return { state: 'answered', status: response.statusCode ?? 0, body };
        } finally {
          response.destroy();
        }
      } catch (error) {
        signal?.throwIfAborted();
        return unreached(error, stop.aborted);
      } finally {
        release();
      }
    },
  };
}

function takenAndKept(to: { host: string; port: number }, signal?: AbortSignal): Promise<Reached> {
  return new Promise(resolve => {
    const socket = connect(to);
    let timer: NodeJS.Timeout | undefined;
    const finish = (result: Reached) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      socket.destroy();
      resolve(result);
    };
    const stop = () => finish({ state: 'silent', why: 'it was stopped' });
    signal?.addEventListener('abort', stop, { once: true });
    socket.setTimeout(patience, () => finish({ state: 'silent', why: 'nothing came back' }));
    socket.once('connect', () => {
      timer = setTimeout(() => finish({ state: 'answered' }), stays);
    });
    socket.once('data', () => finish({ state: 'answered' }));
    socket.once('end', () => finish({ state: 'refused', why: 'it was taken and closed at once' }));
    socket.once('error', error => finish(unreached(error, false)));
  });
}

/** Its first bytes, also of a body that never ends. */
async function beginning(response: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= most) break;
  }
  return Buffer.concat(parts).subarray(0, most);
}

/**
 * What a machine that is there answers with when nobody listens, or when what it speaks is something else.
 */
const fromThere = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

function unreached(error: unknown, wasTimedOut: boolean): Reached {
  const codes = chainOf(error).map(one => (one as NodeJS.ErrnoException).code ?? '');
  const code = codes.find(one => /^(E[A-Z]+|HPE_\w+)$/.test(one)) ?? '';
  if (fromThere.has(code) || code.startsWith('HPE_'))
    return {
      state: 'refused',
      why: code === 'ECONNREFUSED' ? 'the connection was refused' : `it broke off (${code})`,
    };
  if (wasTimedOut || code === '' || code === 'ETIMEDOUT')
    return { state: 'silent', why: 'nothing came back' };
  return { state: 'silent', why: `there is no way from here (${code})` };
}

function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let one = error; one instanceof Error && chain.length < 8; one = one.cause) chain.push(one);
  return chain;
}
