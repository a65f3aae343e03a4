import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openHttp } from '../../src/content/http.ts';
import { cutOff, networkFailure } from '../../src/content/http-failures.ts';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';
import { networkOf } from '../../src/network/network.ts';
import { networkFailure as ofVsphere } from '../../src/vsphere/http/network-errors.ts';
import { diagnosticOf } from '../aws/fixture.ts';
import { temporaryFolder } from '../support/engine-host.ts';
import { webServer } from '../support/web-server.ts';

const { signal } = new AbortController();

test('https is never given up for http, whoever asks', async () => {
  const web = await webServer();
  web.pages.set('/files.example.com/a', {
    body: '',
    status: 301,
    headers: { location: 'http://files.example.com/b' },
  });
  web.pages.set('/files.example.com/b', { body: 'b' });
  const open = openHttp({ standIn: web.url });
  expect(await diagnosticOf(open({ url: 'https://files.example.com/a' }, { signal }))).toMatchObject({
    code: 'http-redirect-refused',
    message: expect.stringContaining('not encrypted'),
  });
  expect(await open({ url: 'http://files.example.com/a' }, { signal })).toMatchObject({ size: 1 });
});

test('a certificate that is not trusted, a port that speaks no TLS, a port that is closed', async () => {
  const { clock, random } = nodeHost();
  const { keyPem, certPem } = await labCertificates(join(temporaryFolder(), 'tls'), clock, random);
  const server = createServer({ key: keyPem, cert: certPem }, (_, response) => response.end('x'));
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => void server.close());
  const web = await webServer();
  const code = async (url: string) => (await diagnosticOf(openHttp({})({ url }, { signal }))).code;
  expect(await code(`https://127.0.0.1:${port}/`)).toBe('http-certificate');
  expect(await code(web.url.replace('http:', 'https:'))).toBe('http-no-tls');
  await new Promise(done => server.close(done));
  expect(await code(`http://127.0.0.1:${port}/`)).toBe('http-unreachable');
  expect(await code('https://no-such-host.invalid/')).toMatch(/^http-(name-unknown|unreachable)$/);
});

test('a plain explanation is told, without what could move a cursor; a query never is', async () => {
  const web = await webServer();
  web.pages.set('/a?signature=hunter2', { body: 'come\u001b[2J later', type: 'text/plain', status: 503 });
  const { message } = await diagnosticOf(openHttp({})({ url: `${web.url}/a?signature=hunter2` }, { signal }));
  expect(message).toBe(`${web.url}/a?… was answered with 503: come [2J later`);
});

/** As from behind a proxy in plain text, which is the web server itself. */
async function behindProxy(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const web = await webServer();
  web.pages.set('http://files.example.com/a', answer);
  const network = networkOf({ ...nodeHost(), env: { HTTP_PROXY: web.url } });
  const { host } = new URL(web.url);
  return { open: openHttp({ network, silence: 50 }), proxy: `the proxy ${host} (HTTP_PROXY)` };
}
const url = 'http://files.example.com/a';

test.each([
  [403, 'http-refused', ': this machine may not read it'],
  [502, 'http-unavailable', ''],
  [504, 'http-unavailable', ''],
  [404, 'http-not-found', ': it is not there'],
  [418, 'http-unexpected', ''],
])(
  '%d by a proxy in plain text may be its own answer, and is known to be where it says so',
  async (status, code, means) => {
    const unmarked = await behindProxy((_, response) => void response.writeHead(status).end());
    const told = await diagnosticOf(unmarked.open({ url }, { signal }));
    expect(told).toMatchObject({
      code,
      message: `${url} was answered with ${status} by ${unmarked.proxy}, or through it${means}`,
    });
    if (status !== 403 && status < 500) return;
    const marked = await behindProxy(
      (_, response) => void response.writeHead(status, { 'x-squid-error': 'ERR_ACCESS_DENIED 0' }).end(),
    );
    expect(await diagnosticOf(marked.open({ url }, { signal }))).toMatchObject({
      code: status === 403 ? 'proxy-refused' : 'proxy-upstream',
      message: expect.stringContaining('files.example.com'),
    });
  },
);

test('a server that stops in the middle, and one that never begins, with and without a proxy', async () => {
  const stalls = await behindProxy((_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half of it');
  });
  const drain = async (open: ReturnType<typeof openHttp>, from: string) => {
    const opened = await open({ url: from }, { signal });
    if (opened !== 'unchanged') for await (const piece of opened.body) expect(piece).toBeDefined();
  };
  const middle = await diagnosticOf(drain(stalls.open, url));
  expect(middle.message).toBe(
    `the connection to files.example.com by ${stalls.proxy} ended before all of ${url} was there: nothing more came for too long (ETIMEDOUT)`,
  );
  const silent = await behindProxy(() => {});
  expect((await diagnosticOf(drain(silent.open, url))).message).toMatch(
    /^The proxy .* \(HTTP_PROXY\) can't be reached: it did not answer in time/,
  );
  const web = await webServer();
  web.pages.set('/a', (_, response) => void response.writeHead(200).write('x'));
  const straight = await diagnosticOf(drain(openHttp({ silence: 50 }), `${web.url}/a`));
  expect(straight).toMatchObject({ code: 'http-cut-off', message: expect.not.stringContaining('proxy') });
});

test.each([TypeError, RangeError, ReferenceError])(
  'a %o of converge itself is no trouble of the network',
  type => {
    const fault = new type('get is not a function');
    const url = new URL('http://files.example.com/a');
    expect(networkFailure(fault, url, undefined)).toBe(fault);
    expect(cutOff(fault, url, undefined)).toBe(fault);
    expect(ofVsphere(fault, 'vc.example.com:443')).toBe(fault);
    expect(networkFailure(new Error('socket hang up'), url, undefined)).toBeInstanceOf(Failure);
  },
);
