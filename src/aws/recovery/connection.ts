import type * as Ebs from '@aws-sdk/client-ebs';
import type * as Ec2 from '@aws-sdk/client-ec2';
import type { Patience } from '../../io/retry.ts';
import { codeOf, toFailure } from '../errors.ts';
import { type AwsSettings, awsClient } from '../settings.ts';
import type { Signing } from '../signed-call.ts';
import { type Retrying, withRetries } from '../with-retries.ts';
import { ec2Pace } from './calls/pace.ts';

export interface Asking {
  signal?: AbortSignal | undefined;
  /** Default: polite. A failover of many machines is throttled, and half of one is worse than a late one. */
  patience?: Patience;
  /** Errors, by their code, that are an answer: undefined. */
  expected?: RegExp;
}

/** EC2 and EBS direct of one account and region. */
export interface RecoveryConnection {
  readonly ec2: typeof Ec2;
  readonly ebs: typeof Ebs;
  readonly settings: AwsSettings & Retrying;
  credentials(): ReturnType<Ec2.EC2Client['config']['credentials']>;
  /** What requests of services without a client of their own are sent with. */
  readonly handler: Signing['handler'];
  /** One call of EC2, tried again; rejects with a Failure that names action and thing. */
  onEc2<T>(
    action: string,
    thing: string,
    run: (client: Ec2.EC2Client, options: { abortSignal?: AbortSignal }) => Promise<T>,
    asking?: Asking,
  ): Promise<T | undefined>;
  onEbs<T>(
    action: string,
    thing: string,
    run: (client: Ebs.EBSClient, options: { abortSignal?: AbortSignal }) => Promise<T>,
    asking?: Asking & { onThrottled?: () => void },
  ): Promise<T | undefined>;
  close(): void;
}

/** Milliseconds without traffic. */
const silence = 30_000;

/** Loads both SDKs. */
export async function connectRecovery(settings: AwsSettings): Promise<RecoveryConnection> {
  const [ec2, ebs] = await Promise.all([import('@aws-sdk/client-ec2'), import('@aws-sdk/client-ebs')]);
  const ec2Client = awsClient(ec2.EC2Client, settings, silence);
  const ebsClient = awsClient(ebs.EBSClient, settings, silence);
  const pace = ec2Pace(settings.clock);
  const closing = new AbortController();
  const retrying = { ...settings, closed: closing.signal };
  const where = {
    region: settings.region,
    ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
  };
  const call = async <T>(
    about: { service: string; action: string; thing: string },
    run: (options: { abortSignal?: AbortSignal }) => Promise<T>,
    { signal, patience = 'polite', expected }: Asking,
    onThrottled?: () => void,
  ): Promise<T | undefined> => {
    const counted: Retrying = {
      ...retrying,
      onCall: kind => {
        if (kind === 'throttled') onThrottled?.();
        settings.onCall?.(kind);
      },
    };
    try {
      return await withRetries(abortSignal => run(abortSignal ? { abortSignal } : {}), counted, {
        signal,
        patience,
        words: error => toFailure(error, { ...about, ...where }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (expected?.test(codeOf(error))) return undefined;
      throw toFailure(error, { ...about, ...where });
    }
  };
  return {
    ec2,
    ebs,
    settings: retrying,
    credentials: () => ec2Client.config.credentials(),
    handler: ec2Client.config.requestHandler as unknown as Signing['handler'],
    onEc2: (action, thing, run, asking = {}) =>
      call(
        { service: 'EC2', action: `ec2:${action}`, thing },
        async options => {
          await pace(action, options.abortSignal);
          return run(ec2Client, options);
        },
        asking,
      ),
    onEbs: (action, thing, run, asking = {}) =>
      call(
        { service: 'EBS direct', action: `ebs:${action}`, thing },
        options => run(ebsClient, options),
        asking,
        asking.onThrottled,
      ),
    close() {
      closing.abort(new Error('the connection to EC2 was closed'));
      ec2Client.destroy();
      ebsClient.destroy();
    },
  };
}

/** Asks EC2 for all of something. `expected`: errors, by their code, that mean there is none. */
export type AllPages = <P, T>(
  action: string,
  thing: string,
  pages: (at: { client: Ec2.EC2Client }, options: object) => AsyncIterable<P>,
  pick: (page: P) => T[] | undefined,
  expected?: RegExp,
) => Promise<T[]>;

/** All pages: one without content may come before one with. */
export const allPages =
  ({ onEc2 }: RecoveryConnection, signal?: AbortSignal): AllPages =>
  async (action, thing, pages, pick, expected) =>
    (await onEc2(
      action,
      thing,
      async (client, options) => {
        const found = [];
        for await (const page of pages({ client }, options)) found.push(...(pick(page) ?? []));
        return found;
      },
      { signal, ...(expected && { expected }) },
    )) ?? [];
