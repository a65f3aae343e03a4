import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { type Diagnostic, Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import { Link } from '../../../operation/queue/link.ts';
import { unsuitable } from '../../../operation/queue/unsuitable.ts';
import { isLoopback, queueAddress } from '../../../queue/address.ts';
import type { Context } from '../../app-context.ts';
import { readSecretFrom } from '../../session/read-secret.ts';

/** Where movers share the work. */
export interface QueueOptions {
  /** `redis://[USER@]HOST[:PORT]`, or `rediss://`. */
  queue: string;
  /** `env:NAME`, `file:PATH` or `credential:NAME`. */
  queuePassword?: string;
  /** PEM file of the authority that signed the certificate of the server. */
  queueCa?: string;
}

/** A queue that is being used. */
export interface OpenQueue {
  link: Link;
  close(): Promise<void>;
}

/**
 * Opens the queue and sees whether its server is fit for that. One that is away now may come later.
 *
 * @param mover id of the mover that takes from it
 * @param told gets why it is away, and nothing when it is back
 * @throws Failure `bad-queue-url`, `queue-ca`; `queue-refused`, `queue-evicts`: somebody has to do something
 */
export async function openQueue(
  context: Context,
  { queue: url, queuePassword, queueCa }: QueueOptions,
  mover: string,
  told: (why: Diagnostic[]) => void,
): Promise<OpenQueue> {
  const address = queueAddress(url);
  const password = queuePassword === undefined ? undefined : await readSecretFrom(queuePassword, context);
  const ca = queueCa === undefined ? undefined : await readAuthority(context, queueCa);
  if (ca !== undefined && !address.isEncrypted)
    throw new Failure(given('bad-queue-url', '--queue-ca goes with rediss://, which is encrypted'));
  const warnings: Diagnostic[] = [];
  if (password !== undefined && !address.isEncrypted && !isLoopback(address))
    warnings.push({
      ...world('queue-plain', `the password of the queue goes to ${address.host} as it is, for all to read`, {
        hint: 'use rediss:// where others are on that network',
      }),
      severity: 'warning',
    });
  // Only who shares the work loads a client for it.
  const { bullQueue } = await import('../../../queue/bull-queue.ts');
  const queue = bullQueue({ ...address, password, ca, mover });
  const link = new Link(queue, told);
  try {
    const server = await link.use(it => it.server(), refusals);
    const found = server && unsuitable(server.value);
    if (found?.refused) throw found.refused;
    context.reporter.diagnostics([...warnings, ...(found?.warnings ?? [])]);
  } catch (error) {
    await queue.close();
    throw error;
  }
  return { link, close: () => queue.close() };
}

/** Doesn't pass by itself. */
const refusals = (failure: Failure): boolean => failure.has('queue-refused');

async function readAuthority({ io: { host } }: Context, path: string): Promise<string> {
  const file = resolve(host.cwd, path);
  const text = (await host.files.read(file))?.toString('latin1');
  const wrong = (why: string) =>
    new Failure(
      given('queue-ca', own`--queue-ca ${path}: ${why}`, {
        hint: 'it is the certificate of an authority, as a PEM file',
      }),
    );
  if (text === undefined) throw wrong('there is no such file');
  try {
    new X509Certificate(text);
  } catch {
    throw wrong('it holds no certificate');
  }
  return text;
}
