import type { S3Connection } from '../../aws/s3-client.ts';
import { Failure } from '../../diagnostics/diagnostic.ts';
import { quickTime } from '../../io/retry.ts';
import { failingFast } from '../../network/failing-fast.ts';
import { passingProxyFailures } from '../../network/failures.ts';

/**
 * The same connection, for many resources that are looked at one after the other: a service that was found
 * silent is not waited for a minute by each of them.
 */
export function givingUpOnce(connection: S3Connection): S3Connection {
  const { clock } = connection.settings;
  const asking = failingFast(
    () => clock.now(),
    { atLeast: quickTime / 4, lasts: quickTime / 2 },
    error => error instanceof Failure && error.hasOnly('aws-unreachable', ...passingProxyFailures),
  );
  return { ...connection, call: (...asked) => asking('s3', () => connection.call(...asked)) };
}
