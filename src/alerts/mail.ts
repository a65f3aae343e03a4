import { Failure, world } from '../diagnostics/diagnostic.ts';
import type { Message } from '../operation/alerts/words.ts';

export interface MailRoute {
  host: string;
  /** 465: TLS from the start; every other: STARTTLS, without which nothing is sent. */
  port: number;
  from: string;
  to: string[];
  /** Neither: the server takes mail of this machine without. */
  username?: string;
  password?: string;
  /** What makes the server's certificate good beside the system's authorities, PEM. */
  ca?: string;
}

/** ms: until there is a connection, until the server greets, and between two of its answers. */
const patience = { connectionTimeout: 15_000, greetingTimeout: 15_000, socketTimeout: 20_000 };

/**
 * Sends one mail. @param key the same for all mails about one alert: they make one thread
 *
 * @throws Failure `alert-undelivered`
 */
export async function sendMail(
  { host, port, from, to, username, password, ca }: MailRoute,
  { title, lines }: Message,
  key: string,
): Promise<void> {
  const { createTransport } = await import('nodemailer');
  const { rootCertificates } = await import('node:tls');
  const transport = createTransport({
    host,
    port,
    secure: port === 465,
    requireTLS: true,
    ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca: [...rootCertificates, ca] }) },
    disableFileAccess: true,
    disableUrlAccess: true,
    ...patience,
  });
  try {
    const thread = `<${key}@converge.invalid>`;
    const text = `${lines.join('\n')}\n`;
    const sent = await transport.sendMail({
      from,
      to,
      subject: title,
      text,
      references: thread,
      inReplyTo: thread,
    });
    if (sent.rejected.length > 0)
      throw undelivered(host, `it refused ${sent.rejected.length} of ${to.length} recipients`);
  } catch (error) {
    if (error instanceof Failure) throw error;
    // What the server said may quote what it was sent.
    const { code, responseCode } = error as { code?: string; responseCode?: number };
    throw undelivered(host, [code, responseCode].filter(part => part !== undefined).join(' ') || 'it failed');
  } finally {
    transport.close();
  }
}

const undelivered = (host: string, why: string): Failure =>
  new Failure(
    world('alert-undelivered', `an alert could not be delivered by mail over ${host}: ${why}`, {
      hint: 'EAUTH: user name or password; ETLS: the server offers no STARTTLS, or its certificate is not trusted (`ca`)',
    }),
  );
