import type { Snapshot } from '@aws-sdk/client-ec2';
import { Failure, world } from '../../diagnostics/diagnostic.ts';
import type { CloudSnapshot, SnapshotStore } from '../../recovery/model/snapshots.ts';
import { sha256Base64 } from '../../values/digest.ts';
import { type AdaptiveLimit, adaptiveLimit } from './calls/adaptive-limit.ts';
import type { RecoveryConnection } from './connection.ts';
import { blockPutter } from './put/put-block.ts';
import { filtersOf, tagsOf, toTags } from './tags.ts';

/** Calls of EBS direct at once, at first and at most: 1,000 a second at 100 ms each are 100. */
const firstWidth = 16;
const mostWidth = 64;
/** The most that ListSnapshotBlocks gives. */
const listPage = 10_000;

/**
 * What EC2 shows as the volume of a snapshot that has none. Source: what users of DescribeSnapshots
 * print.
 */
const writtenFromOutside = 'vol-ffffffff';

const told = (snapshot: Snapshot): CloudSnapshot => ({
  id: snapshot.SnapshotId ?? '',
  state: snapshot.State === 'pending' || snapshot.State === 'completed' ? snapshot.State : 'error',
  started: snapshot.StartTime?.getTime() ?? 0,
  gib: snapshot.VolumeSize ?? 0,
  encrypted: snapshot.Encrypted ?? false,
  ...(snapshot.KmsKeyId !== undefined && { key: snapshot.KmsKeyId }),
  ...(snapshot.VolumeId !== writtenFromOutside && { ofVolume: snapshot.VolumeId ?? '' }),
  tags: tagsOf(snapshot.Tags),
});

/** As many calls of EBS direct at once as one account and region bear. */
export const ebsLimit = (): AdaptiveLimit => adaptiveLimit(firstWidth, mostWidth);

function ofItsOwn(): () => Promise<AdaptiveLimit> {
  const limit = ebsLimit();
  return async () => limit;
}

/**
 * @param limitOf the limiter that all connections to the same account and region share, since EBS counts
 *   their calls together; asked for before each call of EBS direct, and by nothing else. Its own when left
 *   out
 */
export function awsSnapshots(
  connection: RecoveryConnection,
  limitOf: () => Promise<AdaptiveLimit> = ofItsOwn(),
): SnapshotStore {
  const { ec2, ebs, onEc2, onEbs } = connection;
  const putBlock = blockPutter(ebs);
  const bulk = async (signal: AbortSignal | undefined) => {
    const limit = await limitOf();
    return { limit, patiently: { signal, patience: 'bulk', onThrottled: () => limit.slower() } as const };
  };

  return {
    async encryption(signal) {
      const thing = 'the account';
      const answer = await onEc2(
        'GetEbsEncryptionByDefault',
        thing,
        (client, options) => client.send(new ec2.GetEbsEncryptionByDefaultCommand({}), options),
        { signal },
      );
      if (!answer?.EbsEncryptionByDefault) return { on: false };
      const key = await onEc2(
        'GetEbsDefaultKmsKeyId',
        thing,
        (client, options) => client.send(new ec2.GetEbsDefaultKmsKeyIdCommand({}), options),
        { signal },
      );
      return { on: true, ...(key?.KmsKeyId !== undefined && { key: key.KmsKeyId }) };
    },

    async list(which, signal) {
      const found: CloudSnapshot[] = [];
      const byTag = 'tags' in which;
      if (!byTag && which.ids.length === 0) return found;
      let NextToken: string | undefined;
      do {
        const command = new ec2.DescribeSnapshotsCommand({
          OwnerIds: ['self'],
          ...(byTag ? { Filters: filtersOf(which.tags), MaxResults: 1000 } : { SnapshotIds: which.ids }),
          ...(NextToken !== undefined && { NextToken }),
        });
        const answer = await onEc2(
          'DescribeSnapshots',
          byTag ? 'the replicas' : which.ids.join(', '),
          (client, options) => client.send(command, options),
          { signal, expected: /^InvalidSnapshot\.NotFound$/ },
        );
        found.push(...(answer?.Snapshots ?? []).map(told));
        NextToken = answer?.NextToken || undefined;
      } while (NextToken !== undefined);
      return found;
    },

    async start({ gib, parent, token, description, tags, timeout }, signal) {
      const { patiently } = await bulk(signal);
      const command = new ebs.StartSnapshotCommand({
        VolumeSize: gib,
        ...(parent !== undefined && { ParentSnapshotId: parent }),
        ClientToken: token,
        Description: description,
        Tags: toTags(tags),
        Timeout: timeout,
      });
      const answer = await onEbs(
        'StartSnapshot',
        description,
        (client, options) => client.send(command, options),
        patiently,
      );
      return answer?.SnapshotId ?? '';
    },

    async put(id, index, bytes, digest, signal) {
      const { limit, patiently } = await bulk(signal);
      return limit.run(async () => {
        try {
          await onEbs(
            'PutSnapshotBlock',
            `${id}, block ${index}`,
            (client, options) => putBlock(client, { snapshot: id, index, bytes, digest }, options),
            patiently,
          );
        } catch (error) {
          if (reasonOf(error) === 'INVALID_SNAPSHOT_ID') throw notPending(id, error);
          throw error;
        }
      });
    },

    async complete(id, count, checksum, signal) {
      const { patiently } = await bulk(signal);
      const command = new ebs.CompleteSnapshotCommand({
        SnapshotId: id,
        ChangedBlocksCount: count,
        // Nothing was put, so that there is nothing to sum up.
        ...(count > 0 && {
          Checksum: checksum,
          ChecksumAlgorithm: 'SHA256',
          ChecksumAggregationMethod: 'LINEAR',
        }),
      });
      await onEbs('CompleteSnapshot', id, (client, options) => client.send(command, options), patiently);
    },

    async *blocks(id, signal) {
      const { patiently } = await bulk(signal);
      let NextToken: string | undefined;
      do {
        const command = new ebs.ListSnapshotBlocksCommand({
          SnapshotId: id,
          MaxResults: listPage,
          ...(NextToken !== undefined && { NextToken }),
        });
        const answer = await onEbs(
          'ListSnapshotBlocks',
          id,
          (client, options) => client.send(command, options),
          patiently,
        );
        for (const { BlockIndex, BlockToken } of answer?.Blocks ?? [])
          if (BlockIndex !== undefined) yield { index: BlockIndex, token: BlockToken ?? '' };
        NextToken = answer?.NextToken || undefined;
      } while (NextToken !== undefined);
    },

    async get(id, index, token, signal) {
      const { limit, patiently } = await bulk(signal);
      return limit.run(async () => {
        const command = new ebs.GetSnapshotBlockCommand({
          SnapshotId: id,
          BlockIndex: index,
          BlockToken: token,
        });
        const read = await onEbs(
          'GetSnapshotBlock',
          `${id}, block ${index}`,
          async (client, options) => {
            const answer = await client.send(command, options);
            const bytes = Buffer.from((await answer.BlockData?.transformToByteArray()) ?? []);
            return { bytes, checksum: answer.Checksum };
          },
          patiently,
        );
        const bytes = read?.bytes ?? Buffer.alloc(0);
        if (sha256Base64(bytes) !== read?.checksum)
          throw new Failure(
            world('block-garbled', `block ${index} of snapshot ${id} isn't what its checksum says`, {
              hint: 'run again; the line or a proxy altered it if it was read well once',
            }),
          );
        return bytes;
      });
    },

    async *changed(first, second, signal) {
      const { patiently } = await bulk(signal);
      let NextToken: string | undefined;
      do {
        const command = new ebs.ListChangedBlocksCommand({
          FirstSnapshotId: first,
          SecondSnapshotId: second,
          MaxResults: listPage,
          ...(NextToken !== undefined && { NextToken }),
        });
        const answer = await onEbs(
          'ListChangedBlocks',
          `${first} and ${second}`,
          (client, options) => client.send(command, options),
          patiently,
        ).catch((error: unknown) => {
          throw reasonOf(error) === 'UNRELATED_SNAPSHOTS' ? unrelated(first, second, error) : error;
        });
        for (const { BlockIndex, SecondBlockToken } of answer?.ChangedBlocks ?? [])
          if (BlockIndex !== undefined)
            yield { index: BlockIndex, ...(SecondBlockToken !== undefined && { token: SecondBlockToken }) };
        NextToken = answer?.NextToken || undefined;
      } while (NextToken !== undefined);
    },

    async take(volume, { description, tags }, signal) {
      const command = new ec2.CreateSnapshotCommand({
        VolumeId: volume,
        Description: description,
        TagSpecifications: [{ ResourceType: 'snapshot', Tags: toTags(tags) }],
      });
      const answer = await onEc2(
        'CreateSnapshot',
        volume,
        (client, options) => client.send(command, options),
        { signal },
      );
      return answer?.SnapshotId ?? '';
    },

    async remove(id, signal) {
      let used = false;
      await onEc2(
        'DeleteSnapshot',
        id,
        async (client, options) => {
          try {
            await client.send(new ec2.DeleteSnapshotCommand({ SnapshotId: id }), options);
          } catch (error) {
            used = (error as Error).name === 'InvalidSnapshot.InUse';
            if (!used) throw error;
          }
        },
        { signal, expected: /^InvalidSnapshot\.NotFound$/ },
      );
      return !used;
    },
  };
}

const reasonOf = (error: unknown): unknown =>
  error instanceof Failure ? (error.cause as { Reason?: unknown } | undefined)?.Reason : undefined;

const unrelated = (first: string, second: string, cause: unknown): Failure =>
  new Failure(
    world(
      'snapshots-unrelated',
      `EBS can't compare the snapshots ${first} and ${second}: their lineage differs`,
      {
        hint: 'whole disks are compared in its place',
      },
    ),
    { cause },
  );

const notPending = (id: string, cause: unknown): Failure =>
  new Failure(
    world(
      'snapshot-not-pending',
      `snapshot ${id} does not take any more blocks: it is complete or has failed`,
      {
        hint: 'run again: what was complete is kept, what failed is begun anew',
      },
    ),
    { cause },
  );
