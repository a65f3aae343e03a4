import type { BucketApi } from '../../aws/buckets.ts';
import { callerArn } from '../../aws/caller-identity.ts';
import { configured as chain } from '../../aws/default-chain.ts';
import type { Answer } from '../../doctor/finding.ts';
import type { BucketFacts, LifecycleRule, RepositoryFacts } from '../../doctor/repository.ts';
import type { CallCounter } from '../../engine/model/calls.ts';
import { decodeConfig } from '../../replication/format/config.ts';
import { parseKey } from '../../replication/format/keys.ts';
import { CONFIG } from '../../replication/format/names.ts';
import type { RepositoryRef } from '../../replication/model/clients.ts';
import { lockPolicyOf } from '../../replication/model/object-lock.ts';
import type { ObjectStore } from '../../replication/model/store.ts';
import { locksStore } from '../../replication/repository/locks-store.ts';
import {
  type OpenRepository,
  openRepository,
  whatIsThere,
} from '../../replication/repository/open-repository.ts';
import { proveConditions } from '../../replication/repository/prove-creation.ts';
import { vmContext } from '../../replication/repository/vm.ts';
import { repositoryLost } from '../../resources/shared/lost-repository.ts';
import type { Closing } from '../connect/reach.ts';
import { awsTarget, storeAt } from '../connect/repositories.ts';
import type { Session } from '../session/open-session.ts';
import { answerOf } from './answer.ts';
import { lookAtProxy } from './look-at-proxy.ts';

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
  const [caller, list, proxy, keyRead] = await Promise.all([
    url.kind === 's3'
      ? answerOf(async () => callerArn(await reach.aws.api(target, uncounted)), signal)
      : undefined,
    answerOf(() => firstOf(store), signal),
    url.kind === 's3'
      ? endpointOf(url.place.bucket).then(at => lookAtProxy(reach.network, at, signal))
      : undefined,
    key && answerOf(async () => parseKey(await reach.secret(key), key.$secret), signal),
  ]);
  const keyFacts = key && keyRead && { key: { from: key.$secret, read: withoutValue(keyRead) } };
  // What can't be listed is not asked for more: of a service that is silent each answer takes a minute.
  if ('failed' in list)
    return {
      ...(proxy && { proxy }),
      ...(caller && { caller }),
      ...keyFacts,
      ...{ list, configuration: { value: undefined }, ahead: store.clockAhead?.() ?? 0 },
    };
  const found = await answerOf(() => store.get(CONFIG, { signal }), signal);
  const bytes = 'value' in found ? found.value?.bytes : undefined;
  const decoded = await answerOf(async () => {
    if (bytes) return decodeConfig(store.url, bytes);
    // What the first cycle would refuse to begin in is no place for it.
    const other = 'value' in found && (await whatIsThere(store));
    if (other) throw other;
    return undefined;
  }, signal);
  const config = 'failed' in found ? found : decoded;
  const conditions = bytes && (await answerOf(() => proveConditions(store, bytes), signal));
  const opened =
    bytes &&
    'value' in decoded &&
    (keyRead && 'failed' in keyRead
      ? keyRead
      : await answerOf(() => openRepository(store, { key: keyRead?.value, random }), signal));
  const there = opened && 'value' in opened ? opened.value : undefined;
  // Of one that can't be opened nobody can say which it is.
  const isSeen = 'value' in config && (there !== undefined || !opened);
  const lost = isSeen ? repositoryLost(ref, await reach.known.at(url), there) : undefined;
  const lock = ref.lock && lockPolicyOf(ref.lock);
  const now = world.host.clock.now() + (store.clockAhead?.() ?? 0);
  const looked =
    lock && opened && 'value' in opened
      ? await answerOf(() => lookedAtLocks(opened.value, now), signal)
      : undefined;
  const bucket =
    url.kind === 's3'
      ? await bucketFacts(
          url.place,
          (await world.connect(target, 's3', uncounted)) as BucketApi,
          signal,
          lock !== undefined,
        )
      : undefined;
  return {
    ...(proxy && { proxy }),
    ...(caller && { caller }),
    list,
    configuration:
      'failed' in config
        ? config
        : { value: config.value && { keys: config.value.encryption?.keys.length ?? 0 } },
    ...(lost && { lost }),
    ...(conditions && { conditions }),
    ...(opened && { opened }),
    ...keyFacts,
    ahead: store.clockAhead?.() ?? 0,
    ...(lock && looked && { locks: { span: ref.lock!.for, for: lock.for, looked } }),
    ...(bucket && { bucket }),
  };

  /** Where requests for a bucket go to. */
  async function endpointOf(bucket: string): Promise<string> {
    const { endpoint, region, profile } = await reach.aws.s3(target, uncounted);
    const configured = endpoint ?? (await chain(profile)).endpoint;
    return configured ?? `https://${bucket}.s3.${region}.amazonaws.com`;
  }
}

const withoutValue = (answer: Answer<unknown>): Answer<unknown> =>
  'failed' in answer ? answer : { value: undefined };

/** Since when all locks of each VM were looked at. */
async function lookedAtLocks(
  repository: OpenRepository,
  now: number,
): Promise<{ vm: string; ago: number | undefined }[]> {
  const { context } = repository;
  const found: { vm: string; ago: number | undefined }[] = [];
  for (const uuid of await repository.enrolled(() => {})) {
    const record = await locksStore(vmContext(context, uuid)).read();
    const newest = await repository.vm(uuid).newest(() => {});
    const swept = record?.record?.swept ?? 0;
    found.push({ vm: newest?.vm.name ?? uuid, ago: swept === 0 ? undefined : now - swept });
  }
  return found;
}

async function firstOf(store: ObjectStore): Promise<string | undefined> {
  for await (const { key } of store.list('')) return key;
  return undefined;
}

async function bucketFacts(
  { bucket, prefix }: { bucket: string; prefix: string },
  api: BucketApi,
  signal: AbortSignal,
  isLocked: boolean,
): Promise<BucketFacts> {
  const [versioning, publicAccessBlocked, policy, lifecycle] = await Promise.all([
    answerOf(() => api.versioning(bucket, signal), signal),
    answerOf(() => api.publicAccessBlocked(bucket, signal), signal),
    answerOf(() => api.policy(bucket, signal), signal),
    answerOf(async () => (await api.lifecycle(bucket, signal)).rules.map(ruleOf), signal),
  ]);
  const lock = isLocked && {
    on: await answerOf(() => api.objectLock(bucket, signal), signal),
    byDefault: await answerOf(() => api.locksByDefault(bucket, signal), signal),
  };
  return { name: bucket, prefix, versioning, publicAccessBlocked, policy, lifecycle, ...(lock && { lock }) };
}

type S3Rule = Awaited<ReturnType<BucketApi['lifecycle']>>['rules'][number];

/** What a filter asks of an object besides its prefix (a tag, a size) may be true of some of ours. */
const ruleOf = ({ ID, Status, Filter, Prefix, Expiration, Transitions }: S3Rule): LifecycleRule => ({
  id: ID ?? '(without a name)',
  enabled: Status === 'Enabled',
  prefix: Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '',
  expires: Expiration?.Days !== undefined || Expiration?.Date !== undefined,
  ...archivesOf(Transitions ?? []),
});

/** The classes whose objects have to be brought back before they can be read (Amazon S3 user guide). */
function archivesOf(transitions: NonNullable<S3Rule['Transitions']>): Pick<LifecycleRule, 'archives'> {
  const classes = transitions.flatMap(({ StorageClass }) => StorageClass ?? []);
  const archives = classes.find(one => one === 'GLACIER' || one === 'DEEP_ARCHIVE');
  return archives === undefined ? {} : { archives };
}
