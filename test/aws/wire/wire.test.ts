import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, createServer as createTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { createWire, type Wire, type WireRequest } from '../../../src/aws/wire/wire.ts';
import { labCertificates } from '../../../src/lab/tls.ts';
import { straight } from '../../../src/network/network.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

/** A server that does with each connection what it is told; `n`: how many came before. */
async function served(on: (socket: Socket, n: number) => void, tls?: { key: string; cert: string }) {
  const sockets: Socket[] = [];
  const accept = (socket: Socket) => {
    // What isn't read hides that the other side has closed.
    socket.on('error', () => {}).on('data', () => {});
    sockets.push(socket);
    on(socket, sockets.length - 1);
  };
  const server = tls ? createTls(tls, accept) : createServer(accept);
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  ending.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    to: { secure: tls !== undefined, host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    sockets,
  };
}

const certificates = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'converge-test-'));
  const clock = { now: () => Date.now(), sleep: async () => {} };
  const made = await labCertificates(dir, clock, new SeededRandom('tls'));
  await rm(dir, { recursive: true });
  return made;
};

const wireOf = (idleTimeout = 10_000): Wire => {
  const wire = createWire({ connectTimeout: 10_000, idleTimeout, network: straight });
  ending.push(() => wire.close());
  return wire;
};
const get = (more: Partial<WireRequest> = {}): WireRequest => ({
  method: 'GET',
  path: '/k',
  headers: { host: 'h' },
  into: Buffer.alloc(8, 0xaa),
  ...more,
});
const ok = (body: string) => `HTTP/1.1 206 Partial\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
/** Answers each request of a connection, however its bytes come. */
const each = (socket: Socket, answer: () => string) => {
  let text = '';
  socket.on('data', bytes => {
    text += bytes.toString('latin1');
    if (!text.endsWith('\r\n\r\n')) return;
    text = '';
    socket.write(answer());
  });
};

describe('a wire to a server', () => {
  test('keeps its connection for the next request, and says what was asked', async () => {
    let asked = '';
    const { to, sockets } = await served(socket => {
      socket.on('data', bytes => {
        asked = bytes.toString();
      });
      each(socket, () => ok('abc'));
    });
    const wire = wireOf();
    for (let n = 0; n < 3; n++) {
      const answer = await wire.exchange(to, get());
      expect(answer.body.toString()).toBe('abc');
    }
    expect(sockets).toHaveLength(1);
    expect(asked).toBe('GET /k HTTP/1.1\r\nhost: h\r\n\r\n');
  });

  test('takes another where the kept one was closed, or something came over it unasked', async () => {
    const { to, sockets } = await served(socket => each(socket, () => ok('abc')));
    const wire = wireOf();
    for (const spoil of [(socket: Socket) => socket.end(), (socket: Socket) => socket.write(ok('evil'))]) {
      await wire.exchange(to, get());
      const last = sockets.at(-1)!;
      const gone = new Promise(done => last.on('close', done));
      spoil(last);
      await gone;
    }
    expect((await wire.exchange(to, get())).body.toString()).toBe('abc');
    expect(sockets).toHaveLength(3);
  });

  const said: [string, (socket: Socket) => void, object][] = [
    ['closes at once', socket => socket.end(), { code: 'ECONNRESET' }],
    ['breaks off', socket => socket.resetAndDestroy(), { code: 'ECONNRESET' }],
    ['ends in the middle', socket => socket.end(ok('abcdef').slice(0, -4)), { code: 'ECONNRESET' }],
    ['speaks something else', socket => socket.write('220 smtp\r\n\r\n'), { name: 'BadAnswer' }],
    ['sends more than was asked for', socket => socket.write(ok('123456789')), { name: 'BadAnswer' }],
  ];
  test.each(said)('that %s', async (_, does, error) => {
    const { to, sockets } = await served(socket => does(socket));
    await expect(wireOf().exchange(to, get())).rejects.toMatchObject(error);
    await expect.poll(() => sockets[0]!.destroyed || sockets[0]!.readableEnded).toBe(true);
  });

  test('that says nothing is given up, and so is one that nobody waits for; nothing is written any more', async () => {
    const { to, sockets } = await served(
      socket => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nab'),
    );
    await expect(wireOf(20).exchange(to, get())).rejects.toMatchObject({
      name: 'TimeoutError',
      code: 'ETIMEDOUT',
    });
    const stop = new AbortController();
    const into = Buffer.alloc(8, 0xaa);
    const waiting = wireOf().exchange(to, get({ into, signal: stop.signal }));
    await expect.poll(() => into.toString('latin1', 0, 2)).toBe('ab');
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    into.fill(0xee);
    sockets.at(-1)!.write('cdefgh');
    await new Promise(done => sockets.at(-1)!.on('close', done));
    expect(into.every(byte => byte === 0xee)).toBe(true);
    await expect(wireOf().exchange(to, get({ signal: stop.signal }))).rejects.toThrow();
  });

  const size = 3 * 2 ** 20 + 17;
  const content = new SeededRandom('landed').bytes(size);
  const begun = Buffer.concat([
    Buffer.from(`HTTP/1.1 206 Partial\r\nContent-Length: ${size}\r\n\r\n`),
    content.subarray(0, size - 2 ** 20),
  ]);
  test.each(['http', 'https'])(
    'a large answer over %s is whole, and of one that nobody waits for nothing is written any more',
    async scheme => {
      const tls = scheme === 'https' ? await certificates() : undefined;
      const { to, sockets } = await served(
        socket => socket.once('data', () => socket.write(begun)),
        tls && { key: tls.keyPem, cert: tls.certPem },
      );
      const authorities = tls && createSecureContext({ ca: tls.caPem });
      const network = { ...straight, authorities: async () => authorities };
      const wire = createWire({ connectTimeout: 10_000, idleTimeout: 10_000, network });
      ending.push(() => wire.close());
      const [whole, left] = [Buffer.alloc(size + 9, 0xaa), Buffer.alloc(size, 0xaa)];
      const part = size - 2 ** 20;
      const half = (buffer: Buffer) =>
        expect.poll(() => buffer.subarray(0, part).equals(content.subarray(0, part))).toBe(true);
      const answered = wire.exchange(to, get({ into: whole }));
      await half(whole);
      sockets[0]!.write(content.subarray(size - 2 ** 20));
      expect((await answered).body.equals(content)).toBe(true);
      expect(whole.subarray(size).every(byte => byte === 0xaa)).toBe(true);

      const stop = new AbortController();
      sockets[0]!.once('data', () => sockets[0]!.write(begun));
      const waiting = wire.exchange(to, get({ into: left, signal: stop.signal }));
      await half(left);
      sockets[0]!.write(content.subarray(size - 2 ** 20));
      stop.abort();
      await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
      left.fill(0xee);
      await new Promise(done => sockets[0]!.on('close', done));
      expect(left.every(byte => byte === 0xee)).toBe(true);
    },
  );

  test('sends a body whole, from where it lies', async () => {
    const body = new SeededRandom('body').bytes(3 * 2 ** 20 + 17);
    let got = Buffer.alloc(0);
    const { to } = await served(socket =>
      socket.on('data', bytes => {
        got = Buffer.concat([got, bytes]);
        if (got.indexOf('\r\n\r\n') + 4 + body.length === got.length)
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      }),
    );
    const answer = await wireOf().exchange(to, {
      method: 'PUT',
      path: '/k',
      headers: { 'content-length': String(body.length) },
      body,
    });
    expect(answer.status).toBe(200);
    expect(got.subarray(got.indexOf('\r\n\r\n') + 4).equals(body)).toBe(true);
  });

  test('that answers before it has read all: what is used again afterwards is not sent', async () => {
    let got = Buffer.alloc(0);
    const { to, sockets } = await served(socket => {
      socket.once('data', () => {
        socket.pause();
        socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      });
      socket.on('data', bytes => {
        got = Buffer.concat([got, bytes]);
      });
    });
    const body = Buffer.alloc(64 * 2 ** 20, 'a');
    const answer = await wireOf().exchange(to, { method: 'PUT', path: '/k', headers: {}, body });
    expect(answer).toMatchObject({ status: 403, body: Buffer.from('no') });
    body.fill(0xee);
    const closed = new Promise(done => sockets[0]!.on('close', done));
    sockets[0]!.resume();
    await closed;
    expect(got.includes(0xee)).toBe(false);
    expect(got.length).toBeLessThan(body.length);
  });

  test('that broke off before a body is sent to it leaves no error that nobody hears of', async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown) => unheard.push(error);
    process.on('unhandledRejection', hear);
    ending.push(() => process.off('unhandledRejection', hear));
    const { to, sockets } = await served(socket => each(socket, () => ok('abc')));
    const wire = wireOf();
    await wire.exchange(to, get());
    // Nobody on this side has heard of it when the body goes.
    sockets[0]!.resetAndDestroy();
    const put = get({ method: 'PUT', body: Buffer.from('body') });
    await expect(wire.exchange(to, put)).rejects.toMatchObject({
      code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/),
    });
    await new Promise(done => setImmediate(done));
    expect(unheard).toEqual([]);
  });

  test('hears nothing of what was given up before it is connected, or while it waits to send', async () => {
    let heard = 0;
    const { to } = await served(socket => {
      socket.on('data', () => heard++);
      each(socket, () => ok('abc'));
    });
    const wire = (stop: AbortController) => {
      const uploads = {
        take: async (wanted: number) => {
          stop.abort();
          return wanted;
        },
        owe() {},
      };
      const made = createWire({ connectTimeout: 10_000, idleTimeout: 10_000, network: straight, uploads });
      ending.push(() => made.close());
      return made;
    };
    const [first, later] = [new AbortController(), new AbortController()];
    const put = (signal: AbortSignal) => get({ method: 'PUT', body: Buffer.from('x'), signal });
    const aborted = { name: 'AbortError' };
    await expect(wire(first).exchange(to, put(first.signal))).rejects.toMatchObject(aborted);
    expect(heard).toBe(0);
    // On a connection that is kept.
    const kept = wire(later);
    await kept.exchange(to, get());
    await expect(kept.exchange(to, put(later.signal))).rejects.toMatchObject(aborted);
    expect(heard).toBe(1);
  });

  test('refuses what would be two requests', async () => {
    const { to } = await served(() => {});
    await expect(wireOf().exchange(to, get({ headers: { a: 'b\r\nc: d' } }))).rejects.toThrow(RangeError);
  });

  test('whose certificate nobody here trusts hears nothing', async () => {
    const { keyPem, certPem } = await certificates();
    let heard = 0;
    const { to } = await served(socket => socket.on('data', () => heard++), { key: keyPem, cert: certPem });
    await expect(wireOf().exchange(to, get())).rejects.toMatchObject({
      code: expect.stringMatching(/CERT|UNABLE_TO/),
    });
    expect(heard).toBe(0);
  });
});
