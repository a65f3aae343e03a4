import type * as Sdk from '@aws-sdk/client-s3';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import { straight } from '../network/network.ts';
import { configured } from './default-chain.ts';
import { type About, isExpired, toFailure } from './errors.ts';
import { type AwsSettings, awsClient } from './settings.ts';
import { type Handler, largeBodies } from './wire/handler.ts';
import { type Retrying, type RetryOptions, withRetries } from './with-retries.ts';

/** With another endpoint than AWS's, buckets are addressed by path. */
export type S3Settings = AwsSettings;

/** A client with what goes round each call. Nothing has been sent yet when it is there. */
export interface S3Connection {
  readonly sdk: typeof Sdk;
  readonly client: Sdk.S3Client;
  readonly settings: S3Settings & Retrying;
  /**
   * Sends one request with retries. Rejects with a Failure that names the action and the bucket,
   * with the SDK's error as its cause. `expected` errors (S3's names) resolve to undefined instead.
   */
  call<T>(
    about: Omit<About, 'region' | 'endpoint'>,
    run: (options: { abortSignal?: AbortSignal }) => Promise<T>,
    options?: Pick<RetryOptions, 'signal' | 'patience'> & { expected?: (error: unknown) => boolean },
  ): Promise<T | undefined>;
  /**
   * Milliseconds by which the service's clock is ahead of the given one, by its last answer's Date; 0: none
   * yet.
   */
  clockAhead(): number;
  close(): void;
}

/**
 * The payload hash of a signature is the SHA-256 that the caller has computed already: without this
 * the SDK would go over the body a second time. A body that has a CRC-32 is not signed.
 */
function signWithKnownDigest(client: Sdk.S3Client): void {
  client.middlewareStack.add(
    next => args => {
      const { headers } = args.request as { headers: Record<string, string> };
      const digest = headers['x-amz-checksum-sha256'];
      if (digest !== undefined)
        headers['x-amz-content-sha256'] = Buffer.from(digest, 'base64').toString('hex');
      else if (headers['x-amz-checksum-crc32'] !== undefined)
        headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'signWithKnownDigest' },
  );
}

/** Tells the Date of every answer, milliseconds since the epoch. */
function onDate(client: Sdk.S3Client, tell: (date: number) => void): void {
  client.middlewareStack.add(
    next => async args => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      const date = Date.parse(headers?.date ?? '');
      if (!Number.isNaN(date)) tell(date);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'onDate' },
  );
}

/**
 * Credentials whose time is over are asked for once more, past what the SDK remembers of files and providers:
 * whoever renews them does so beside a cycle of hours. The call is sent again when there are others.
 */
function renewCredentials(client: Sdk.S3Client): void {
  client.middlewareStack.add(
    next => async args => {
      try {
        return await next(args);
      } catch (error) {
        if (!isExpired(error)) throw error;
        const { loadSharedConfigFiles } = await import('@smithy/core/config');
        await loadSharedConfigFiles({ ignoreCache: true }).catch(() => {});
        const before = (await client.config.credentials()).sessionToken;
        const now = await client.config.credentials({ forceRefresh: true });
        if (now.sessionToken === before) throw error;
        return next(args);
      }
    },
    { step: 'initialize', name: 'renewCredentials' },
  );
}

/** Milliseconds; without traffic: a pack over a slow line takes minutes. */
const waits = { connectTimeout: 5_000, idleTimeout: 60_000 };

const isAddress = (endpoint: string): boolean => /^https?:$/.test(URL.parse(endpoint)?.protocol ?? '');

/** It isn't repeated: it may hold a password. */
const noAddress = (declared: boolean): Failure =>
  new Failure(
    given(
      'aws-endpoint',
      `${declared ? 'The `endpoint` of the aws target' : 'The endpoint that the environment or the profile names'} is not the address of a service.`,
      { hint: 'Write http://HOST:PORT or https://HOST:PORT.' },
    ),
  );

/** Loads the SDK and makes a client; connects on the first call. @throws Failure `aws-endpoint` */
export async function connectS3(given: S3Settings): Promise<S3Connection> {
  const sdk = await import('@aws-sdk/client-s3');
  // The SDK would find it by itself, and go on addressing buckets by host name.
  const endpoint = given.endpoint ?? (await configured(given.profile)).endpoint;
  if (endpoint !== undefined && !isAddress(endpoint)) throw noAddress(given.endpoint !== undefined);
  const settings = { ...given, ...(endpoint !== undefined && { endpoint }) };
  const client = awsClient(sdk.S3Client, settings, waits.idleTimeout, {
    forcePathStyle: settings.endpoint !== undefined,
    requestChecksumCalculation: 'WHEN_REQUIRED' as const,
    responseChecksumValidation: 'WHEN_REQUIRED' as const,
    // It costs a round trip, and what is refused is small or will be sent again.
    expectContinueHeader: false,
  });
  const usual = client.config.requestHandler;
  const { network = straight, uploads } = settings;
  const wire = { ...waits, network, uploads };
  client.config.requestHandler = (await largeBodies(usual as Handler, wire)) as typeof usual;
  signWithKnownDigest(client);
  renewCredentials(client);
  let ahead = 0;
  onDate(client, date => {
    // Whole seconds: the middle of one is the best guess.
    ahead = date + 500 - settings.clock.now();
  });
  const closing = new AbortController();
  const retrying = { ...settings, closed: closing.signal };
  const where = {
    region: settings.region,
    ...(settings.endpoint !== undefined && { endpoint: settings.endpoint }),
  };
  return {
    sdk,
    client,
    settings: retrying,
    async call(about, run, { signal, patience = 'quick', expected } = {}) {
      try {
        return await withRetries(abortSignal => run(abortSignal ? { abortSignal } : {}), retrying, {
          signal,
          patience,
          words: error => toFailure(error, { ...about, ...where }),
        });
      } catch (error) {
        signal?.throwIfAborted();
        if (expected?.(error)) return undefined;
        throw toFailure(error, { ...about, ...where });
      }
    },
    // Less than what an answer and the seconds of its Date can tell doesn't count.
    clockAhead: () => (Math.abs(ahead) < 2_000 ? 0 : ahead),
    close: () => {
      closing.abort(new Error('the connection to S3 was closed'));
      client.destroy();
    },
  };
}
