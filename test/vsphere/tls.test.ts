import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { connectVsphere } from '../../src/vsphere/client/connect.ts';
import { failureOf, quickClock, scriptedServer } from './scripted-server.ts';

const options = (url: string) => ({
  url,
  username: 'svc-converge',
  password: async () => 'hunter2',
  clock: quickClock(),
});
const closing = <T extends { close(): Promise<void> }>(client: T): T => {
  onTestFinished(() => client.close());
  return client;
};

it('takes a certificate of the given authority', async () => {
  const server = await scriptedServer();
  const client = closing(await connectVsphere({ ...options(server.url), ca: server.certificates.caPem }));
  expect(client.about.fullName).toContain('vCenter');
});

it.each(['plain', 'colons'])('takes a pinned certificate (%s)', async form => {
  const server = await scriptedServer();
  const plain = server.certificates.sha256;
  const sha256 = form === 'plain' ? plain : plain.match(/../g)!.join(':').toUpperCase();
  const client = closing(await connectVsphere({ ...options(server.url), sha256 }));
  expect(client.about.apiVersion).toBe('8.0.2.0');
});

it('refuses an unknown certificate, prints its fingerprint and the ways out, and sends nothing', async () => {
  const server = await scriptedServer();
  const [d] = (await failureOf(connectVsphere(options(server.url)))).diagnostics;
  const print = server.certificates.sha256.match(/../g)!.join(':').toUpperCase();
  expect(d).toMatchObject({ code: 'vsphere-certificate', category: 'world' });
  expect(d!.message).toContain(`127.0.0.1:${server.port}`);
  expect(d!.message).toContain(print);
  expect(d!.hint).toMatch(/`sha256`.*`ca`/);
  expect(server.received).toEqual([]);
});

it('refuses another pin before a byte is sent, also when the authority would do', async () => {
  const server = await scriptedServer();
  const sha256 = server.certificates.sha256.replace(/^./, c => (c === '0' ? '1' : '0'));
  const failure = await failureOf(
    connectVsphere({ ...options(server.url), sha256, ca: server.certificates.caPem }),
  );
  expect(failure.message).toMatch(/not the pinned one.*SHA-256 is/);
  expect(server.received).toEqual([]);
});

it('refuses a certificate for another host', async ({ skip }) => {
  if (process.platform !== 'linux') skip('needs a second loopback address, which only Linux has unasked');
  const server = await scriptedServer({}, '127.0.0.2');
  const failure = await failureOf(connectVsphere({ ...options(server.url), ca: server.certificates.caPem }));
  expect(failure.message).toMatch(/127\.0\.0\.2.*another host name/);
  expect(server.received).toEqual([]);
});

it.each([
  ['sha256', { sha256: 'abc' }, 'vsphere-pin'],
  ['ca', { ca: '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n' }, 'vsphere-ca'],
])('refuses a %s that is none before connecting', async (_, trust, code) => {
  const failure = await failureOf(connectVsphere({ ...options('https://127.0.0.1:1'), ...trust }));
  expect(failure.diagnostics[0]).toMatchObject({ code, category: 'given' });
});

it('says when nothing listens', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await new Promise(done => gone.once('listening', done));
  const { port } = gone.address() as AddressInfo;
  await new Promise(done => gone.close(done));
  const [d] = (await failureOf(connectVsphere(options(`https://127.0.0.1:${port}`)))).diagnostics;
  expect(d).toMatchObject({ code: 'vsphere-unreachable', category: 'world' });
  expect(d!.message).toContain(`127.0.0.1:${port} cannot be reached: nothing listens there`);
  expect(d!.hint).toContain('url');
});

it('says when what listens speaks no TLS', async () => {
  const plain = createServer(socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await new Promise<void>(done => plain.listen(0, '127.0.0.1', done));
  onTestFinished(() => void plain.close());
  const { port } = plain.address() as AddressInfo;
  const failure = await failureOf(connectVsphere(options(`https://127.0.0.1:${port}`)));
  expect(failure.diagnostics[0]!.code).toBe('vsphere-no-tls');
});
