import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openHttp } from '../../src/content/http.ts';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';
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
