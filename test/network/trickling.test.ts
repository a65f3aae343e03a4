import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createSecure } from 'node:tls';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { callerArn } from '../../src/aws/caller-identity.ts';
import { connectS3, type S3Connection } from '../../src/aws/s3-client.ts';
import { openHttp } from '../../src/content/http.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import { labCertificates } from '../../src/lab/tls.ts';
import { networkOf, straight } from '../../src/network/network.ts';
import { connectVsphere } from '../../src/vsphere/client/connect.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import { credentials, realRandom, region } from '../lab/s3/fixture.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const { signal } = new AbortController();
const clock: Clock = {
  now: () => Date.now(),
  sleep: async ms => void vi.setSystemTime(Date.now() + ms),
};

/** Milliseconds between two bytes, and how many come before the connection ends as it should. */
const every = 5_000;
const most = 400;

/** Sends what begins an answer of many bytes, then a byte of it now and then; counts what has passed. */
function trickles(says: string): { listener: (socket: Socket) => void; passed: () => number } {
  let passed = 0;
  const listener = (socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(says);
      let sent = 0;
      const next = () => {
        if (socket.destroyed) return;
        if (sent++ === most) return void socket.end();
        // A turn for who reads it, before time goes on.
        socket.write(' ', () =>
          setImmediate(() =>
            setImmediate(() => {
              passed += every;
              vi.advanceTimersByTime(every);
              setImmediate(next);
            }),
          ),
        );
      };
      next();
    });
  };
  return { listener, passed: () => passed };
}

const portOf = async (server: ReturnType<typeof createPlain>): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
};

const begun = 'HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: 5000\r\n\r\n<';
const head = 'HTTP/1.1 200 OK\r\nx-slow: ';

const s3 = async (endpoint: string, network = straight): Promise<S3Connection> => {
  const connection = await connectS3({
    ...{ region, endpoint, credentials, clock, random: realRandom, network },
  });
  onTestFinished(() => connection.close());
  return connection;
};

const clients: Record<string, (url: string) => Promise<unknown>> = {
  'a small call of S3': async url => {
    const { sdk, client, call } = await s3(url);
    return call({ action: 's3:ListBucket', bucket: 'b' }, options =>
      client.send(new sdk.ListObjectsV2Command({ Bucket: 'b' }), options),
    );
  },
  'an object of S3': async url => {
    const { sdk, client, call } = await s3(url);
    const landing = { buffer: Buffer.alloc(8192), length: 0 };
    const get = new sdk.GetObjectCommand({ Bucket: 'b', Key: 'k' });
    return call({ action: 's3:GetObject', bucket: 'b' }, options =>
      client.send(get, { ...options, landing } as typeof options),
    );
  },
  'another service of AWS': endpoint =>
    callerArn({ ...{ region, endpoint, credentials, clock, random: realRandom } }),
};

test.each(
  Object.keys(clients).flatMap(client =>
    Object.entries({ body: begun, head }).map(([what, says]) => [client, what, says] as const),
  ),
)('%s ends, whose %s comes a byte at a time', async (client, _, says) => {
  const { listener, passed } = trickles(says);
  const port = await portOf(createPlain(listener));
  const told = await diagnosticOf(clients[client]!(`http://127.0.0.1:${port}`));
  expect(told).toMatchObject({
    code: 'aws-unreachable',
    message: expect.stringMatching(/did not answer in time/),
  });
  expect(passed()).toBeLessThanOrEqual(130_000);
});

test.each(Object.entries({ body: begun, head }))(
  'a download ends, whose %s comes a byte at a time',
  async (_, says) => {
    const { listener, passed } = trickles(says);
    const port = await portOf(createPlain(listener));
    const read = async () => {
      const opened = await openHttp({})({ url: `http://127.0.0.1:${port}/a` }, { signal });
      if (opened !== 'unchanged') for await (const _ of opened.body);
    };
    const told = await diagnosticOf(read());
    expect(told.message).toMatch(/in time|nothing more came for too long/);
    expect(passed()).toBeLessThanOrEqual(65_000);
  },
);

test.each(Object.entries({ body: begun, head }))(
  'vSphere ends, whose %s comes a byte at a time',
  async (_, says) => {
    const host = nodeHost();
    const folder = await mkdtemp(join(tmpdir(), 'converge-test-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { caPem, certPem, keyPem } = await labCertificates(folder, host.clock, host.random);
    const { listener, passed } = trickles(says);
    const port = await portOf(createSecure({ cert: certPem, key: keyPem }, listener as never));
    const told = await diagnosticOf(
      connectVsphere({
        ...{ url: `https://127.0.0.1:${port}`, ca: caPem, network: straight, clock },
        ...{ username: 'u', password: async () => 'p' },
      }),
    );
    expect(told).toMatchObject({
      code: 'vsphere-timeout',
      message: expect.stringMatching(/did not answer in time/),
    });
    expect(passed()).toBeLessThanOrEqual(130_000);
  },
);

test('the body of an answer that a proxy stops passing on is told as coming by that proxy', async () => {
  const { listener } = trickles(begun);
  const port = await portOf(createPlain(listener));
  const network = networkOf({ ...nodeHost(), env: { HTTP_PROXY: `http://127.0.0.1:${port}` } });
  const { sdk, client, call } = await s3('http://there.converge.test', network);
  const told = await diagnosticOf(
    call({ action: 's3:ListBucket', bucket: 'b' }, options =>
      client.send(new sdk.ListObjectsV2Command({ Bucket: 'b' }), options),
    ),
  );
  expect(told.message).toContain(`could not be reached by the proxy 127.0.0.1:${port} (HTTP_PROXY)`);
  expect(told.message).toContain('did not answer in time');
});
