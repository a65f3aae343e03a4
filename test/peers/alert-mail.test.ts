import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { sendMail } from '../../src/alerts/mail.ts';
import type { Diagnostic, Failure } from '../../src/diagnostics/diagnostic.ts';
import { nodeHost } from '../../src/io/node.ts';
import { labCertificates } from '../../src/lab/tls.ts';
import { freePort } from '../support/free-port.ts';
import { runMark } from '../support/run-mark.ts';
import { endAll, start } from '../support/start.ts';
import { describeWith, folder } from './s3-programs.ts';

interface Mail {
  tls: boolean;
  login: string;
  from: string;
  to: string[];
  content: string;
}

/** A mail server behind TLS, and the mails that it took. */
async function server() {
  const dir = folder();
  const { clock, random } = nodeHost();
  const { caPem, certPem, keyPem } = await labCertificates(dir, clock, random);
  const files = ['cert.pem', 'key.pem'].map(name => join(dir, name)) as [string, string];
  writeFileSync(files[0], certPem);
  writeFileSync(files[1], keyPem);
  const port = await freePort();
  const args = [join(import.meta.dirname, 'smtp_server.py'), ...files, String(port)];
  const child = start('python3', args, {
    env: { PATH: process.env.PATH, ...runMark },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => endAll(child));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  await lines.next();
  const next = async () => JSON.parse((await lines.next()).value as string) as Mail;
  const route = {
    ...{
      host: 'localhost',
      port,
      from: 'converge@example.com',
      to: ['ops@example.com', 'night@example.com'],
    },
    ...{ username: 'converge', password: 'correct horse', ca: caPem },
  };
  return { next, route };
}

const message = {
  title: 'converge: critical: the newest point of Zürich is too old',
  lines: ['since today'],
};

const why = (sending: Promise<Diagnostic[]>) =>
  sending.then(
    ([partly]) => partly?.message ?? 'delivered',
    error => (error as Failure).diagnostics[0]!.message,
  );

describeWith('alerts by mail, judged by aiosmtpd', 'python3', ['-c', 'import aiosmtpd'], () => {
  it('logs in behind STARTTLS and delivers; refusals are told without what was sent', async () => {
    const { next, route } = await server();
    await sendMail(route, message, 'converge-breached-1');
    const mail = await next();
    expect(mail).toMatchObject({ tls: true, login: 'converge', from: route.from, to: route.to });
    expect(mail.content).toMatch(/^Subject: =\?UTF-8\?Q\?converge/m);
    expect(mail.content).toMatch(/^References: <converge-breached-1@converge.invalid>/m);
    expect(mail.content).toMatch(/since today/);

    const wrong = await why(sendMail({ ...route, password: 'battery staple' }, message, 'k'));
    expect(wrong).toMatch(/over localhost: it refused the login \(EAUTH 535\)$/);
    expect(wrong).not.toContain('battery');
    const { ca: _, ...strangers } = route;
    expect(await why(sendMail(strangers, message, 'k'))).toMatch(
      /over localhost: its certificate is not trusted/,
    );
    expect(await why(sendMail({ ...route, to: ['refused@example.com'] }, message, 'k'))).toMatch(
      /it refused refused@example.com \(EENVELOPE 550\)/,
    );
    // Whoever took it is not to get it again: that some refused it is a warning.
    const [partly] = await sendMail({ ...route, to: ['a@example.com', 'refused@example.com'] }, message, 'k');
    expect(partly).toMatchObject({ severity: 'warning' });
    expect(partly!.message).toMatch(/it refused refused@example.com, and took it for the others$/);
    expect((await next()).to).toEqual(['a@example.com']);
    await expect(sendMail(route, message, 'k', AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
