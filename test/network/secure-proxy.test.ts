import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { connectS3 } from '../../src/aws/s3-client.ts';
import { s3Store } from '../../src/aws/s3-store.ts';
import { openHttp } from '../../src/content/http.ts';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';
import { beginTls, networkOf } from '../../src/network/network.ts';
import { s3Url } from '../../src/values/s3-url.ts';
import { credentials, openBucket, region } from '../lab/s3/fixture.ts';
import { temporaryFolder } from '../support/engine-host.ts';
import { forwardingProxy } from '../support/forwarding-proxy.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { webServer } from '../support/web-server.ts';

const host = nodeHost();
const { clock, random } = host;
const { signal } = new AbortController();

/** A certificate for this machine's name and address alone, and the authority behind it. */
async function certified() {
  const { keyPem: key, certPem: cert, caPem: ca } = await labCertificates(temporaryFolder(), clock, random);
  return { tls: { key, cert }, ca };
}

/** By a proxy that is spoken to over TLS. */
async function bySecureProxy(behind: string, name: string) {
  const { tls, ca } = await certified();
  const proxy = await forwardingProxy(behind, tls);
  const url = `https://${name}:${proxy.port}`;
  const network = networkOf(
    { ...host, env: { HTTP_PROXY: url, HTTPS_PROXY: url } },
    { ca, from: 'the test' },
  );
  return { proxy, network };
}

const names = ['localhost', '127.0.0.1'];

test.each(names)('a tunnel by a proxy with TLS, which is called %s', async name => {
  const { tls } = await certified();
  const server = createTls(tls, socket => void socket.on('error', () => {}).end('there'));
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => void server.close());
  const behind = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { proxy, network } = await bySecureProxy(behind, name);
  // The certificate behind it is for no such name.
  const to = { host: 'there.converge.test', port: 443 };
  const socket = await beginTls(network, to, { rejectUnauthorized: false });
  const [said] = (await once(socket, 'data')) as [Buffer];
  expect(said.toString()).toBe('there');
  socket.destroy();
  expect(proxy.asked).toEqual(['CONNECT there.converge.test:443']);
});

test.each(names)('a download in plain text by a proxy with TLS, which is called %s', async name => {
  const web = await webServer();
  web.pages.set('/a', { body: 'content' });
  const { proxy, network } = await bySecureProxy(web.url, name);
  const opened = await openHttp({ network })({ url: 'http://files.converge.test/a' }, { signal });
  expect(opened).toMatchObject({ size: 7 });
  if (opened !== 'unchanged') opened.close();
  expect(proxy.asked).toEqual(['GET http://files.converge.test/a']);
});

test.each(names)('a store in plain text by a proxy with TLS, which is called %s', async name => {
  const { lab } = await openBucket();
  const { proxy, network } = await bySecureProxy(lab.url, name);
  const endpoint = 'http://store.converge.test:9000';
  const connection = await connectS3({
    ...{ region, credentials, endpoint, network, random },
    clock: lab.clock,
  });
  onTestFinished(() => connection.close());
  const store = s3Store(connection, s3Url('bkt'));
  // The large one goes over the wire of our own, the small one by the SDK.
  for (const [key, size] of [
    ['large', 2 ** 20],
    ['small', 10],
  ] as const) {
    const bytes = new SeededRandom(key).bytes(size);
    expect(await store.put(key, bytes, { when: { ifNoneMatch: '*' } })).toMatchObject({ ok: true });
    expect((await store.get(key))?.bytes.equals(bytes)).toBe(true);
    expect(proxy.asked.some(line => line.startsWith(`PUT ${endpoint}/bkt/${key}`))).toBe(true);
  }
});
