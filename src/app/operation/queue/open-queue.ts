import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { type Diagnostic, Failure, given, world } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import { Link } from '../../../operation/queue/link.ts';
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
 * @param mover its id: what it takes is its own
 * @param mover.canDoWithout it moves by itself meanwhile: a server that isn't fit is one that is away
 * @param told gets why it is away, and nothing when it is back
 * @throws Failure `bad-queue-url`, `queue-ca`; `queue-refused`, `queue-evicts` where it can't do without
 */
export async function openQueue(
  context: Context,
  { queue: url, queuePassword, queueCa }: QueueOptions,
  mover: { id: string; canDoWithout: boolean },
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
  const queue = bullQueue({ ...address, password, ca, mover: mover.id });
  const link = new Link(queue, told);
  try {
    context.reporter.diagnostics(warnings);
    context.reporter.diagnostics(await link.begin(failure => !mover.canDoWithout && isRefused(failure)));
  } catch (error) {
    await queue.close();
    throw error;
  }
  return { link, close: () => queue.close() };
}

/** Doesn't pass by itself. */
const isRefused = (failure: Failure): boolean => failure.has('queue-refused') || failure.has('queue-evicts');

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
