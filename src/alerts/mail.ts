import { type Diagnostic, Failure, world } from '../diagnostics/diagnostic.ts';
import { awayWords } from '../io/errors.ts';
import type { Message } from '../operation/alerts/words.ts';

export interface MailRoute {
  host: string;
  /** Where that is, when somebody has looked it up. */
  address?: string;
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
  { host, address = host, port, from, to, username, password, ca }: MailRoute,
  { title, lines }: Message,
  key: string,
  signal?: AbortSignal,
): Promise<Diagnostic[]> {
  signal?.throwIfAborted();
  const { createTransport } = await import('nodemailer');
  const { rootCertificates } = await import('node:tls');
  const transport = createTransport({
    host: address,
    port,
    secure: port === 465,
    requireTLS: true,
    ...(username !== undefined && { auth: { user: username, pass: password ?? '' } }),
    tls: {
      minVersion: 'TLSv1.2',
      ...(address !== host && { servername: host }),
      ...(ca !== undefined && { ca: [...rootCertificates, ca] }),
    },
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
    const refused = sent.rejected.map(String).join(', ');
    const message = `the mail over ${host} reached some alone: it refused ${refused}, and took it for the others`;
    return [{ ...world('alert-undelivered', message, { hint: hints.EENVELOPE! }), severity: 'warning' }];
  } catch (error) {
    const { why, hint } = meaningOf(error as MailError);
    throw new Failure(
      world('alert-undelivered', `nothing could be delivered by mail over ${host}: ${why}`, { hint }),
    );
  } finally {
    signal?.removeEventListener('abort', close);
    transport.close();
  }
}

/** What nodemailer fails with. */
interface MailError {
  message: string;
  code?: string;
  /** Of the server's answer. */
  responseCode?: number;
  rejected?: string[];
}

/**
 * What an error means, without what the server said, which may quote what it was sent: the words of an error
 * count only where no server said them.
 */
function meaningOf({ message, code = '', responseCode, rejected = [] }: MailError): {
  why: string;
  hint: string;
} {
  const own = responseCode === undefined ? message : '';
  const cause = own.match(/\bE[A-Z_]{3,}\b/g)?.find(awayWords);
  const kind = /certificate|altnames/i.test(own) ? 'CERTIFICATE' : code;
  const what =
    rejected.length > 0
      ? `it refused ${rejected.join(', ')}`
      : (awayWords(cause ?? code) ?? words[kind] ?? 'it failed');
  const said = [cause ?? code, responseCode].filter(part => part !== undefined && part !== '').join(' ');
  const isLater = responseCode !== undefined && responseCode >= 400 && responseCode < 500;
  return {
    why: said === '' ? what : `${what} (${said})`,
    hint: (isLater && kind !== 'ETLS' ? later : hints[kind]) ?? 'look into the log of the mail server',
  };
}

/** By the code of nodemailer, and for a certificate, which has none of its own. */
const words: Record<string, string> = {
  EAUTH: 'it refused the login',
  EENVELOPE: 'it refused the sender or the mail',
  EMESSAGE: 'it refused the mail',
  ETLS: 'there is no encrypted connection to it',
  ESOCKET: 'the connection broke',
  ECONNECTION: 'the connection broke',
  EPROTOCOL: 'it does not speak SMTP',
  EDNS: 'its name is not known',
  CERTIFICATE: 'its certificate is not trusted',
};

const certificate =
  'give the authority that signed its certificate as `ca`, and the name that it is for as `host`';
const reach = 'check `host` and `port`, and that the network lets the agent out';
const later =
  'the server asks for it later (greylisting, or a limit): an agent tries again by itself for as long as the alert lasts';

/** The same. */
const hints: Record<string, string> = {
  EAUTH: 'the server does not take the user name or the password',
  EENVELOPE: 'check `from` and `to`: the server has no such mailbox, or does not relay to it',
  ETLS: `the server offers no STARTTLS, or its certificate is not trusted: ${certificate}`,
  EDNS: 'check `host`',
  ESOCKET: reach,
  ECONNECTION: reach,
  ETIMEDOUT: reach,
  CERTIFICATE: certificate,
};
