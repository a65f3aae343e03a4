import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';

export interface ForwardingProxy {
  port: number;
  /** `METHOD TARGET` of each request. */
  asked: string[];
  /** Answers in the place of the server, which has answered; true: that was done. */
  instead: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;
}

/**
 * A proxy of the test's own, which gets to `behind` whoever it is asked for, by CONNECT or in plain text.
 *
 * @param tls it is spoken to over TLS
 */
export async function forwardingProxy(
  behind: string,
  tls?: { key: string; cert: string },
): Promise<ForwardingProxy> {
  const { hostname, port } = new URL(behind);
  const open = new Set<Socket>();
  const proxy: ForwardingProxy = { port: 0, asked: [], instead: () => false };
  const pass = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method, url = '', headers } = incoming;
    proxy.asked.push(`${method} ${url}`);
    const path = url.replace(/^http:\/\/[^/]*/, '');
    const on = request({ hostname, port, method, path, headers, agent: false }, answer => {
      if (proxy.instead(incoming, outgoing)) return void answer.resume();
      outgoing.writeHead(answer.statusCode!, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    on.on('error', () => outgoing.destroy());
    incoming.pipe(on);
  };
  const server = tls ? createSecure(tls, pass) : createServer(pass);
  server.on('connection', (socket: Socket) => open.add(socket.on('error', () => {})));
  server.on('connect', ({ url }, socket) => {
    proxy.asked.push(`CONNECT ${url}`);
    const on = connect({ host: hostname, port: Number(port) });
    open.add(on);
    const ways: [Duplex, Duplex][] = [
      [socket, on],
      [on, socket],
    ];
    for (const [one, other] of ways)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    socket.pipe(on).pipe(socket);
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;
}
