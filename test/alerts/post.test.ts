import { mkdtemp } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPublic, isReachable } from '../../src/alerts/addresses.ts';
import { post } from '../../src/alerts/post.ts';
import type { Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';

let server: Server;
let ca: string;
let port: number;
const got: { method: string; url: string; host: string; body: string }[] = [];

beforeAll(async () => {
  const { clock, random } = nodeHost();
  const made = await labCertificates(await mkdtemp(join(tmpdir(), 'converge-test-')), clock, random);
  ca = made.caPem;
  server = createServer({ cert: made.certPem, key: made.keyPem }, (request, response) => {
    let body = '';
    request.on('data', piece => {
      body += piece;
    });
    request.on('end', () => {
      got.push({ method: request.method!, url: request.url!, host: request.headers.host!, body });
      if (request.url === '/redirect') response.writeHead(302, { location: '/elsewhere' }).end();
      else if (request.url === '/bad') response.writeHead(500).end('secret of the receiver');
      else if (request.url === '/flood') {
        response.writeHead(200);
        const pour = () => {
          while (response.writable && response.write(Buffer.alloc(65_536)));
          if (response.writable) response.once('drain', pour);
        };
        pour();
      } else if (request.url === '/drip') response.writeHead(200).write('.');
      else if (request.url !== '/hang') response.end('ok');
    });
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const signal = new AbortController().signal;
const at = (path: string, host = 'localhost') => `https://${host}:${port}${path}`;

const why = (sent: Promise<void>) =>
  sent.then(
    () => 'delivered',
    error => (error as Failure).diagnostics.map(({ code, message }) => `${code}: ${message}`).join(),
  );

const loopback = async () => [{ address: '127.0.0.1', family: 4 }];

describe('one request over https', () => {
  test('reaches a private receiver that was declared, by name and by address, with its own authority', async () => {
    const options = { isPrivate: true, ca, signal, resolve: loopback };
    await post(at('/hook?key=1'), { a: 1 }, options);
    await post(at('/beat', '127.0.0.1'), undefined, options);
    expect(got).toEqual([
      { method: 'POST', url: '/hook?key=1', host: `localhost:${port}`, body: '{"a":1}' },
      { method: 'GET', url: '/beat', host: `127.0.0.1:${port}`, body: '' },
    ]);
    expect(await why(post(at('/'), {}, { isPrivate: true, signal, resolve: loopback }))).toMatch(
      /alert-undelivered: .* localhost:\d+: (UNABLE_TO|SELF_SIGNED|DEPTH)/,
    );
  });

  test('follows nobody elsewhere, is held up by nobody, and repeats nothing of the URL or the answer', async () => {
    const options = { isPrivate: true, ca, signal, resolve: loopback, atMost: 500 };
    const before = got.length;
    expect(await why(post(at('/redirect'), {}, options))).toMatch(/HTTP 302: redirects are not followed$/);
    const bad = await why(post(at('/bad'), {}, options));
    expect(bad).toMatch(/: HTTP 500$/);
    expect(bad).not.toMatch(/secret|\/bad/);
    expect(await why(post(at('/flood'), {}, options))).toBe('delivered');
    expect(await why(post(at('/hang'), {}, options))).toMatch(/no answer in time$/);
    expect(await why(post(at('/drip'), {}, options))).toMatch(/no answer in time$/);
    expect(got.slice(before).map(({ url }) => url)).toEqual([
      '/redirect',
      '/bad',
      '/flood',
      '/hang',
      '/drip',
    ]);
    const stuck = () => new Promise<never>(() => {});
    expect(await why(post(at('/'), {}, { ...options, resolve: stuck }))).toMatch(/no answer in time$/);
  });

  test('an address that is not public is refused in every spelling, resolved or literal, before anybody is called', async () => {
    let calls = 0;
    const trap = createPlain(socket => {
      calls++;
      socket.destroy();
    });
    await new Promise<void>(done => trap.listen(0, '127.0.0.1', done));
    const { port: trapped } = trap.address() as AddressInfo;
    const options = { isPrivate: false, signal };
    for (const host of [
      '127.0.0.1',
      '127.1',
      '0x7f.1',
      '2130706433',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[64:ff9b::7f00:1]',
      '169.254.169.254',
      '10.0.0.1',
      '[fd00::1]',
    ])
      expect(await why(post(`https://${host}:${trapped}/`, {}, options)), host).toMatch(/^alert-address/);
    for (const address of ['127.0.0.1', '192.168.1.1', '100.100.100.200', 'fe80::1', '::ffff:10.0.0.1'])
      expect(
        await why(
          post(
            `https://hooks.example.com:${trapped}/`,
            {},
            {
              ...options,
              resolve: async () => [
                { address: '93.184.215.14', family: 4 },
                { address, family: address.includes(':') ? 6 : 4 },
              ],
            },
          ),
        ),
      ).toMatch(/^alert-address/);
    // Credentials of instances are never a receiver, whatever was declared.
    for (const host of ['169.254.169.254', '[fd00:ec2::254]', '[FD00:0EC2:0::fe]', '100.100.100.200'])
      expect(await why(post(`https://${host}/`, {}, { isPrivate: true, signal })), host).toMatch(
        /^alert-address/,
      );
    for (const url of ['http://example.com/', 'https://u:p@example.com/', 'file:///etc/passwd', 'x'])
      expect(await why(post(url, {}, options))).toMatch(/^alert-url/);
    expect(calls).toBe(0);
    trap.close();
  });
});

test.each([
  ['93.184.215.14', true, true],
  ['172.15.0.1', true, true],
  ['172.16.0.1', false, true],
  ['fd12::1', false, true],
  ['2606:4700::1111', true, true],
  ['fe80::1%eth0', false, false],
  ['0.0.0.0', false, false],
  ['255.255.255.255', false, false],
  ['::ffff:169.254.169.254', false, false],
  ['169.254.170.23', false, false],
  ['fd00:ec2::254', false, false],
  ['fd00:ec2::23', false, false],
  ['fd00:ec3::254', false, true],
  ['100.100.100.200', false, false],
  ['100.100.100.201', false, true],
  ['example.com', false, false],
])('%s is public: %j, may be declared: %j', (address, open, declared) => {
  expect([isPublic(address), isReachable(address)]).toEqual([open, declared]);
});
