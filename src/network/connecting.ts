import type { Socket } from 'node:net';

/** Milliseconds for which a proxy may try to reach a server. */
export const proxyPatience = 20_000;

/** Milliseconds for a connection: its name is resolved, it is accepted, and TLS is agreed on. */
export const connectPatience = 20_000;

/**
 * Ends what isn't there in time with `ETIMEDOUT`; the answer takes that back. What Node calls a timeout
 * begins anew with whatever comes, and for TLS with each of its steps.
 */
export function endLate(what: { destroy(error: Error): unknown }, ms: number): () => void {
  const late = setTimeout(() => {
    what.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' }));
  }, ms);
  return () => clearTimeout(late);
}

/** Ends a connection that isn't there in time. @param there the event that says that it is */
export function limitConnecting(socket: Socket, there: 'connect' | 'secureConnect'): void {
  const stop = endLate(socket, connectPatience);
  socket.once(there, stop).once('close', stop);
}
