import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { sendMail } from '../../src/alerts/mail.ts';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';
import { scratch } from '../support/cli.ts';

/** A mail server that answers by the first word of what it is told; `null`: it goes. Gives its port. */
async function serverOf(
  answers: Record<string, string | null>,
  tls: { cert: string; key: string },
): Promise<number> {
  const open = new Set<Socket>();
  const talk = (socket: Socket) => {
    socket.on('error', () => {});
    socket.on('data', told => {
      const word = told.toString().slice(0, 4).toUpperCase();
      const answer = word in answers ? answers[word] : '250 ok';
      if (answer === null) return socket.destroy();
      socket.write(`${answer}\r\n`);
      if (word !== 'STAR' || !answer!.startsWith('220')) return;
      socket.removeAllListeners('data');
      talk(new TLSSocket(socket, { isServer: true, ...tls }));
    });
  };
  const server = createServer(socket => {
    open.add(socket);
    talk(socket);
    socket.write('220 here\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test('why a mail was not delivered is said in words, and nothing of what the server said', async () => {
  const host = nodeHost();
  const {
    certPem: cert,
    keyPem: key,
    caPem: ca,
  } = await labCertificates(join(await scratch(), 'tls'), host.clock, host.random);
  const hello = { EHLO: '250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS', STAR: '220 go', AUTH: '235 in' };
  const echo = 'you said s3cret and ECONNREFUSED';
  const found: string[] = [];
  for (const [answers, trusted = true] of [
    [{ ...hello, STAR: `454 ${echo}` }],
    [{ ...hello, STAR: null }],
    [hello, false],
    [{ ...hello, AUTH: `535 ${echo}` }],
    [{ ...hello, RCPT: `451 ${echo}` }],
    [{ ...hello, RCPT: `550 ${echo}` }],
    [{ ...hello, DATA: `554 ${echo}` }],
  ] as [Record<string, string | null>, boolean?][]) {
    const port = await serverOf(answers, { cert, key });
    const route = { host: '127.0.0.1', port, from: 'c@example.com', to: ['ops@example.com'] };
    const access = { username: 'u', password: 's3cret', ...(trusted && { ca }) };
    const failed = await sendMail({ ...route, ...access }, { title: 't', lines: ['l'] }, 'k').catch(
      (error: Failure) => error,
    );
    expect(failed).toBeInstanceOf(Failure);
    const { message, hint = '' } = (failed as Failure).diagnostics[0]!;
    expect(`${message} ${hint}`).not.toMatch(/s3cret|ECONNREFUSED/);
    found.push(`${message.replace(/.*127\.0\.0\.1: /, '')} | ${hint.slice(0, 24)}`);
  }
  expect(found).toEqual([
    'there is no encrypted connection to it (ETLS 454) | the server offers no STA',
    expect.stringMatching(
      /^(the connection broke|it ended the connection) \(\w+\) \| check `host` and `port`/,
    ),
    'its certificate is not trusted (ESOCKET) | give the authority that ',
    'it refused the login (EAUTH 535) | the server does not take',
    'it refused ops@example.com (EENVELOPE 451) | the server asks for it l',
    'it refused ops@example.com (EENVELOPE 550) | check `from` and `to`: t',
    'it refused the sender or the mail (EENVELOPE 554) | check `from` and `to`: t',
  ]);
});

test('a mail server that is not there is said to be not there', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise(closed => server.close(closed));
  const route = { host: '127.0.0.1', port, from: 'c@example.com', to: ['ops@example.com'] };
  await expect(sendMail(route, { title: 't', lines: [] }, 'k')).rejects.toThrow(
    'over 127.0.0.1: nothing listens there (ECONNREFUSED)',
  );
});
