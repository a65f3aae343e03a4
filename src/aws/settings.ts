import type { Clock, Random } from '../io/ports.ts';
import type { CallKind } from './with-retries.ts';

/** How to reach an AWS service, and who counts the calls. */
export interface AwsSettings {
  region: string;
  /** Another service than AWS's own. */
  endpoint?: string;
  profile?: string;
  /** Default: the chain of the AWS SDK (environment, profile, instance role ...). */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  clock: Clock;
  random: Random;
  onCall?: (kind: CallKind) => void;
}

/** What every client of the SDK is made with. `socketTimeout`: ms without traffic. */
export function clientConfig(
  { region, endpoint, profile, credentials, clock }: AwsSettings,
  socketTimeout: number,
) {
  const agent = { keepAlive: true, maxSockets: 64 };
  return {
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(profile !== undefined && { profile }),
    ...(credentials && { credentials }),
    // `withRetries` does it: see there.
    maxAttempts: 1,
    // Signatures carry the time of the given clock, so that a lab's clock can be set.
    systemClockOffset: clock.now() - Date.now(),
    requestHandler: { connectionTimeout: 5_000, socketTimeout, httpAgent: agent, httpsAgent: agent },
  };
}
