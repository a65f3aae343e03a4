import { type Diagnostic, Failure, world } from '../diagnostics/diagnostic.ts';
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
 * Sends one mail. Gives back, as a warning, that the server took it for some recipients only: whoever sent it
 * again would tell those twice.
 *
 * @param key the same for all mails about one alert: they make one thread
 * @throws Failure `alert-undelivered`
 */
export async function sendMail(
  { host, port, from, to, username, password, ca }: MailRoute,
  { title, lines }: Message,
  key: string,
  signal?: AbortSignal,
): Promise<Diagnostic[]> {
  signal?.throwIfAborted();
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
  const close = () => transport.close();
  signal?.addEventListener('abort', close, { once: true });
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
    if (sent.rejected.length === 0) return [];
    const why = `it refused ${sent.rejected.map(String).join(', ')}, and took it for the others`;
    return [{ ...undelivered(host, why, hints.EENVELOPE), severity: 'warning' }];
  } catch (error) {
    // What the server said may quote what it was sent.
    const { code, responseCode, rejected } = error as {
      code?: string;
      responseCode?: number;
      rejected?: string[];
    };
    const said = [code, responseCode].filter(part => part !== undefined).join(' ') || 'it failed';
    const who = rejected && rejected.length > 0 ? `it refused ${rejected.join(', ')} (${said})` : said;
    throw new Failure(undelivered(host, who, code === undefined ? undefined : hints[code]));
  } finally {
    signal?.removeEventListener('abort', close);
    transport.close();
  }
}

/** By the code of nodemailer. */
const hints: Record<string, string> = {
  EAUTH: 'the server does not take the user name or the password',
  EENVELOPE: 'check `from` and `to`: the server has no such mailbox, or does not relay to it',
  ETLS: 'the server offers no STARTTLS, or its certificate is not trusted: give its authority as `ca`',
  EDNS: 'check `host`',
  ECONNECTION: 'check `host` and `port`, and that the network lets the agent out',
  ETIMEDOUT: 'check `host` and `port`, and that the network lets the agent out',
};

const undelivered = (host: string, why: string, hint = 'look into the log of the mail server'): Diagnostic =>
  world('alert-undelivered', `nothing could be delivered by mail over ${host}: ${why}`, { hint });
