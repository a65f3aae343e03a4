import type { Clock, Random } from '../io/ports.ts';
import type { Waits } from '../io/retry.ts';
import { secureAgent } from '../network/agent.ts';
import { proxyPatience } from '../network/connecting.ts';
import { type Network, straight } from '../network/network.ts';
import type { Throttle } from '../network/throttle.ts';
import { forwarding } from './wire/forwarding.ts';
import type { Handler } from './wire/handler.ts';
import { paced } from './wire/paced.ts';
import { wholeInTime } from './wire/whole-in-time.ts';
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
  /** By which proxies; none when left out. */
  network?: Network;
  /** What holds uploads back; nothing when left out. */
  uploads?: Throttle;
  onCall?: (kind: CallKind) => void;
  /** Hears of the calls that are tried for long. */
  long?: Waits;
}

/** Milliseconds until a connection stands: a proxy may take its time, and says itself why there is none. */
export const connectionTimeoutOf = (network: Network): number =>
  network === straight ? 5_000 : proxyPatience + 5_000;

/** What every client of the SDK is made with. */
const clientConfig = (
  { region, endpoint, profile, credentials, network = straight }: AwsSettings,
  socketTimeout: number,
) => {
  const agent = { keepAlive: true, maxSockets: 64 };
  return {
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(profile !== undefined && { profile }),
    ...(credentials && { credentials }),
    // `withRetries` does it: see there.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: connectionTimeoutOf(network),
      socketTimeout,
      httpAgent: agent,
      httpsAgent: secureAgent(network, agent),
    },
  };
};

/**
 * A client of the SDK. Its signatures carry the time of the given clock, as it is at each call: a lab's clock
 * may be set while the client is in use. What the SDK learns of the service's clock is kept on top.
 *
 * @param socketTimeout ms without traffic
 */
export function awsClient<C extends { readonly config: object }, M extends object = object>(
  Client: new (config: ReturnType<typeof clientConfig> & M) => C,
  settings: AwsSettings,
  socketTimeout: number,
  more = {} as M,
): C {
  // Those of the SDK's clients that renew a login have handlers of their own unless this says otherwise.
  const forCredentials: { requestHandler?: Handler } = {};
  const client = new Client({
    ...clientConfig(settings, socketTimeout),
    ...{ ...more, clientConfig: forCredentials },
  });
  const config = client.config as { requestHandler: Handler };
  const { network = straight, uploads } = settings;
  const timely = wholeInTime(config.requestHandler, socketTimeout);
  config.requestHandler = paced(forwarding(timely, network), uploads);
  forCredentials.requestHandler = config.requestHandler;
  const ahead = () => settings.clock.now() - Date.now();
  let learnt = 0;
  Object.defineProperty(client.config, 'systemClockOffset', {
    get: () => ahead() + learnt,
    set: (offset: number) => {
      learnt = offset - ahead();
    },
  });
  return client;
}
