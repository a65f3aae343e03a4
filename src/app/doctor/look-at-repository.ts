import type { BucketApi } from '../../aws/buckets.ts';
import { callerArn } from '../../aws/caller-identity.ts';
import type { BucketFacts, LifecycleRule, RepositoryFacts } from '../../doctor/repository.ts';
import type { CallCounter } from '../../engine/model/calls.ts';
import { decodeConfig } from '../../replication/format/config.ts';
import { parseKey } from '../../replication/format/keys.ts';
import { CONFIG } from '../../replication/format/names.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import type { ObjectStore } from '../../replication/model/store.ts';
import { openRepository } from '../../replication/repository/open-repository.ts';
import { proveConditions } from '../../replication/repository/prove-creation.ts';
import type { Closing } from '../connect/reach.ts';
import { awsTarget, storeAt } from '../connect/repositories.ts';
import type { Session } from '../session/open-session.ts';
import { answerOf } from './answer.ts';

const uncounted: CallCounter = { made() {}, retried() {}, throttled() {} };

/**
 * Looks at a repository and its bucket with the credentials of whoever replicates. Writes are tried under
 * conditions that can't be met, so that nothing is written.
 *
 * @throws Failure where no target gives access
 */
export async function lookAtRepository(
  { world, reach }: Session,
  ref: RepositoryRef,
  closing: Closing,
  signal: AbortSignal,
): Promise<RepositoryFacts> {
  const { url, key } = ref;
  const { random } = world.host;
  const store = await storeAt(url, ref.target, { ...reach, counter: () => uncounted }, closing);
  const target = url.kind === 's3' ? awsTarget(url.written, ref.target, reach.targets) : undefined;
  const caller =
    url.kind === 's3'
      ? await answerOf(async () => callerArn(await reach.aws.api(target, uncounted)), signal)
      : undefined;
  const list = await answerOf(() => firstOf(store), signal);
  const found = await answerOf(() => store.get(CONFIG, { signal }), signal);
  const bytes = 'value' in found ? found.value?.bytes : undefined;
  const decoded = await answerOf(async () => bytes && decodeConfig(store.url, bytes), signal);
  const config = 'failed' in found ? found : decoded;
  const conditions = bytes && (await answerOf(() => proveConditions(store, bytes), signal));
  const opened =
    bytes &&
    'value' in decoded &&
    (await answerOf(async () => {
      const secret = key && parseKey(await reach.secret(key), key.$secret);
      await openRepository(store, { key: secret, random });
    }, signal));
  const bucket =
    url.kind === 's3' && 'value' in list
      ? await bucketFacts(url.place, (await world.connect(target, 's3', uncounted)) as BucketApi, signal)
      : undefined;
  return {
    ...(caller && { caller }),
    list,
    configuration:
      'failed' in config
        ? config
        : { value: config.value && { keys: config.value.encryption?.keys.length ?? 0 } },
    ...(conditions && { conditions }),
    ...(opened && { opened }),
    ...(key && { key: key.$secret }),
    ahead: store.clockAhead?.() ?? 0,
    ...(bucket && { bucket }),
  };
}

async function firstOf(store: ObjectStore): Promise<string | undefined> {
  for await (const { key } of store.list('')) return key;
  return undefined;
}

async function bucketFacts(
  { bucket, prefix }: { bucket: string; prefix: string },
  api: BucketApi,
  signal: AbortSignal,
): Promise<BucketFacts> {
  const [versioning, publicAccessBlocked, policy, lifecycle] = await Promise.all([
    answerOf(() => api.versioning(bucket, signal), signal),
    answerOf(() => api.publicAccessBlocked(bucket, signal), signal),
    answerOf(() => api.policy(bucket, signal), signal),
    answerOf(async () => (await api.lifecycle(bucket, signal)).rules.map(ruleOf), signal),
  ]);
  return { name: bucket, prefix, versioning, publicAccessBlocked, policy, lifecycle };
}

type S3Rule = Awaited<ReturnType<BucketApi['lifecycle']>>['rules'][number];

/** What a filter asks of an object besides its prefix (a tag, a size) may be true of some of ours. */
const ruleOf = ({ ID, Status, Filter, Prefix, Expiration }: S3Rule): LifecycleRule => ({
  id: ID ?? '(without a name)',
  enabled: Status === 'Enabled',
  prefix: Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '',
  expires: Expiration?.Days !== undefined || Expiration?.Date !== undefined,
});
