import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { callerArn } from '../../src/aws/caller-identity.ts';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { openHttp } from '../../src/content/http.ts';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
import { type Network, networkOf, straight } from '../../src/network/network.ts';
import { connectVsphere } from '../../src/vsphere/client/connect.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import { credentials, realRandom, region } from '../lab/s3/fixture.ts';

// The timers of Node are turned on by hand, each time that somebody has waited for an answer long enough.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] }));
afterEach(() => void vi.useRealTimers());

const { signal } = new AbortController();
const host = nodeHost();
/** Pauses between attempts are over at once, and take their time. */
const clock: Clock = {
  now: () => Date.now(),
  sleep: async ms => void vi.setSystemTime(Date.now() + ms),
};

/** Takes connections, says what it is told to when it hears something, and nothing after that. */
async function silent(says = ''): Promise<{ port: number; patience: () => number }> {
  let passed = 0;
  const server: Server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    const answers = says === '' ? [] : [says];
    socket.on('data', () => {
      const next = answers.shift();
      if (next !== undefined) return void socket.write(next);
      passed += 21_000;
      setImmediate(() => vi.advanceTimersByTime(21_000));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as { port: number }).port, patience: () => passed };
}

const clients: Record<string, (url: string, network: Network) => Promise<unknown>> = {
  download: (url, network) => openHttp({ network })({ url }, { signal }),
  'a small call of S3': async (endpoint, network) => {
    const connection = await connectS3({
      ...{ region, endpoint, credentials, clock, random: realRandom, network },
    });
    const { sdk, client } = connection;
    return connection.call({ action: 's3:ListBucket', bucket: 'b' }, options =>
      client.send(new sdk.ListObjectsV2Command({ Bucket: 'b' }), options),
    );
  },
  'another service of AWS': (endpoint, network) =>
    callerArn({ ...{ region, endpoint, credentials, clock, random: realRandom, network } }),
  vSphere: (url, network) =>
    connectVsphere({ url, network, clock, username: 'u', password: async () => 'p' }),
};

const ways: Record<
  string,
  (port: number) => { url: string; network: Network; names: RegExp; says?: string }
> = {
  'TLS is never agreed on': port => ({
    ...{ url: `https://127.0.0.1:${port}`, network: straight, names: /127\.0\.0\.1|STS/ },
  }),
  'TLS is never agreed on, with an environment': port => ({
    ...{
      url: `https://127.0.0.1:${port}`,
      network: networkOf({ ...host, env: {} }),
      names: /127\.0\.0\.1|STS/,
    },
  }),
  'a proxy lets through, and TLS is never agreed on': port => ({
    url: 'https://there.converge.test',
    network: networkOf({ ...host, env: { HTTPS_PROXY: `http://127.0.0.1:${port}` } }),
    names: /there\.converge\.test|STS/,
    says: 'HTTP/1.1 200 OK\r\n\r\n',
  }),
  'a proxy never answers': port => ({
    url: 'https://there.converge.test',
    network: networkOf({ ...host, env: { HTTPS_PROXY: `http://127.0.0.1:${port}` } }),
    names: new RegExp(`the proxy 127.0.0.1:${port} \\(HTTPS_PROXY\\)`, 'i'),
  }),
  'a proxy that speaks TLS never agrees on it': port => ({
    url: 'https://there.converge.test',
    network: networkOf({ ...host, env: { HTTPS_PROXY: `https://127.0.0.1:${port}` } }),
    names: new RegExp(`the proxy 127.0.0.1:${port} \\(HTTPS_PROXY\\)`, 'i'),
  }),
};

const cases = Object.keys(clients).flatMap(client => Object.keys(ways).map(way => [client, way] as const));

test.each(cases)('%s ends within a minute and a half where %s', async (client, way) => {
  const { port, patience } = await silent(ways[way]!(0).says);
  const { url, network, names } = ways[way]!(port);
  const told: Diagnostic = await diagnosticOf(clients[client]!(url, network));
  expect(told.message).toMatch(names);
  expect(told.message).toMatch(/did not answer in time/);
  expect(patience()).toBeLessThanOrEqual(90_000);
});
