import { createServer as createHttp, type Server } from 'node:http';
import { type AddressInfo, createServer, type Server as TcpServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { directly, networkProber } from '../../src/recovery/prober/prober.ts';

const prober = networkProber(directly);
const here = '127.0.0.1';

async function listening(server: Server | TcpServer): Promise<number> {
  await new Promise<void>(done => server.listen(0, here, done));
  onTestFinished(() => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A port that nobody listens at. */
async function closed(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise(done => server.close(done));
  return port;
}

const get = (port: number, path = '/', most = 1000) => prober.http(here, { port, path, most });

test('a port that takes connections and keeps them', async () => {
  const port = await listening(createServer(() => {}));
  expect(await prober.tcp(here, port)).toEqual({ state: 'answered' });
});

test('a port where nobody listens, and one that only pretends to', async () => {
  expect(await prober.tcp(here, await closed())).toEqual({
    state: 'refused',
    why: 'the connection was refused',
  });
  const forwarder = await listening(createServer(socket => socket.end()));
  expect(await prober.tcp(here, forwarder)).toMatchObject({ state: 'refused' });
  const breaks = await listening(createServer(socket => socket.resetAndDestroy()));
  expect(await prober.tcp(here, breaks)).toMatchObject({ state: 'refused' });
});

test('without a way there nothing is asked', async () => {
  const nowhere = networkProber(async () => undefined);
  expect(await nowhere.tcp(here, 1)).toMatchObject({ state: 'silent' });
  expect(await nowhere.http(here, { port: 1, path: '/', most: 1 })).toMatchObject({ state: 'silent' });
});

test('HTTP: status and the beginning of the body, however long it goes on', async () => {
  const endless = createHttp((request, response) => {
    response.writeHead(request.url === '/health?full=1' ? 200 : 404);
    response.on('error', () => {});
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(1000, 97)));
      response.once('drain', more);
    };
    more();
  });
  const port = await listening(endless);
  const answer = await get(port, '/health?full=1', 1500);
  expect(answer).toMatchObject({ state: 'answered', status: 200 });
  expect(answer).toHaveProperty('body.length', 1500);
  expect(await get(port, '/other')).toMatchObject({ status: 404 });
});

test('no redirect is followed, and no path leads to another host', async () => {
  const asked: string[] = [];
  const other = await listening(
    createHttp((_, response) => {
      asked.push('other');
      response.end();
    }),
  );
  const port = await listening(
    createHttp((request, response) => {
      asked.push(request.url!);
      response.writeHead(302, { location: `http://${here}:${other}/` }).end();
    }),
  );
  expect(await get(port)).toMatchObject({ state: 'answered', status: 302 });
  await get(port, `//${here}:${other}/`);
  await get(port, `/\\${here}:${other}/`);
  expect(asked).not.toContain('other');
  expect(asked).toHaveLength(3);
});

test('what is no HTTP, is closed or breaks off is refused', async () => {
  const garbage = await listening(createServer(socket => socket.end('SSH-2.0-OpenSSH\r\n')));
  expect(await get(garbage)).toMatchObject({ state: 'refused' });
  expect(await get(await closed())).toMatchObject({ state: 'refused', why: 'the connection was refused' });
  const broken = await listening(
    createServer(socket => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')),
  );
  expect(await get(broken)).toMatchObject({ state: 'refused', why: 'its answer broke off' });
});

test('whoever stops it hears of it', async () => {
  const port = await listening(createHttp(() => {}));
  const stop = new AbortController();
  const asking = prober.http(here, { port, path: '/', most: 1 }, stop.signal);
  stop.abort(new Error('stopped'));
  await expect(asking).rejects.toThrow('stopped');
});
