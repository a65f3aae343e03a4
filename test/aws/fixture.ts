import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { onTestFinished } from 'vitest';
import { connectS3, type S3Connection, type S3Settings } from '../../src/aws/s3-client.ts';
import type { CallKind } from '../../src/aws/with-retries.ts';
import { type Diagnostic, Failure } from '../../src/diagnostics/diagnostic.ts';
import { credentials, openLab, realRandom, region, type TestLab } from '../lab/s3/fixture.ts';

export interface Connected {
  lab: TestLab;
  connection: S3Connection;
  calls: CallKind[];
}

/** Our client against a lab of its own. */
export async function connected(
  settings: Partial<S3Settings> = {},
  options: { bucket?: string } = {},
): Promise<Connected> {
  const lab = await openLab();
  const calls: CallKind[] = [];
  const connection = await connectS3({
    region,
    endpoint: lab.url,
    credentials,
    clock: lab.clock,
    random: realRandom,
    onCall: kind => calls.push(kind),
    ...settings,
  });
  onTestFinished(() => connection.close());
  if (options.bucket) {
    await lab.sdk().send(
      new CreateBucketCommand({
        Bucket: options.bucket,
        CreateBucketConfiguration: { LocationConstraint: region },
      }),
    );
  }
  return { lab, connection, calls };
}

/** The one diagnostic that `promise` rejects with. */
export async function diagnosticOf(promise: Promise<unknown>): Promise<Diagnostic> {
  const error = await promise.then(
    () => new Error('did not reject'),
    (reason: unknown) => reason,
  );
  if (error instanceof Failure && error.diagnostics.length === 1 && error.diagnostics[0])
    return error.diagnostics[0];
  throw error;
}
