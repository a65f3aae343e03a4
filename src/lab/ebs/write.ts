import { createHash } from 'node:crypto';
import { blockBytes } from '../blocks/store.ts';
import type { BlockMap } from '../blocks/tables.ts';
import { settleSnapshot } from '../ec2/storage/snapshots.ts';
import { setTags } from '../ec2/world/call.ts';
import { defaultKey } from '../ec2/world/encryption.ts';
import type { LabSnapshot } from '../ec2/world/state.ts';
import type { Draft, Ec2World } from '../ec2/world/world.ts';
import { EbsError, invalid, notFound } from './errors.ts';

/** Pending snapshots of an account at once. The number is believed: see the evidence. */
const mostPending = 100;
const usualTimeout = 60;
/** GiB. */
const largestVolume = 65_536;

export interface StartInput {
  VolumeSize: number;
  ParentSnapshotId?: string;
  Tags?: { Key?: string; Value?: string }[];
  Description?: string;
  ClientToken?: string;
  Encrypted?: boolean;
  KmsKeyArn?: string;
  Timeout?: number;
}

const shownState = ({ state }: LabSnapshot) => (state === 'completing' ? 'pending' : state);

/** A snapshot of this account. Throws EbsError. */
export function ownSnapshot({ state, account }: Pick<Draft, 'state' | 'account'>, id: string): LabSnapshot {
  const found = state.snapshots[id];
  if (!found) throw notFound(id);
  if (found.owner !== account)
    throw new EbsError(
      403,
      'AccessDeniedException',
      `The snapshot ${id} belongs to another account.`,
      'UNAUTHORIZED_ACCOUNT',
    );
  return found;
}

function output(draft: Draft, it: LabSnapshot) {
  const tags = Object.entries(draft.state.tags[it.id] ?? {}).map(([Key, Value]) => ({ Key, Value }));
  return {
    SnapshotId: it.id,
    OwnerId: it.owner,
    Status: shownState(it),
    StartTime: new Date(it.started),
    VolumeSize: it.size,
    BlockSize: blockBytes,
    ...(it.description !== '' && { Description: it.description }),
    ...(tags.length > 0 && { Tags: tags }),
    ...(it.parent !== undefined && { ParentSnapshotId: it.parent }),
    ...(it.key !== undefined && { KmsKeyArn: it.key }),
    SseType: it.encrypted ? 'sse-kms' : 'none',
  };
}

/**
 * What a new snapshot is encrypted with. Source: Amazon EBS user guide, "Use encryption with EBS direct
 * APIs": with a parent nothing may be said and the parent's key counts; a plain parent doesn't go with
 * encryption by default.
 */
function keyOf(draft: Draft, input: StartInput, parent: LabSnapshot | undefined): string | undefined {
  const { Encrypted, KmsKeyArn } = input;
  if (parent && (Encrypted !== undefined || KmsKeyArn !== undefined))
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      'Encrypted and KmsKeyArn cannot be given with ParentSnapshotId: the parent decides.',
    );
  if (parent && !parent.encrypted && draft.state.encryptByDefault)
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      `The parent snapshot ${parent.id} is not encrypted, but encryption by default is enabled for the account.`,
    );
  if (parent) return parent.key;
  if (KmsKeyArn !== undefined && Encrypted !== true)
    throw invalid('INVALID_PARAMETER_VALUE', 'KmsKeyArn needs Encrypted to be true.');
  if (KmsKeyArn !== undefined) return KmsKeyArn;
  return Encrypted === true || draft.state.encryptByDefault ? defaultKey(draft) : undefined;
}

export function startSnapshot(draft: Draft, input: StartInput): object {
  const { state, now, account } = draft;
  const { ClientToken, ...rest } = input;
  const asked = JSON.stringify(Object.fromEntries(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))));
  const token = `StartSnapshot ${ClientToken ?? ''}`;
  const known = ClientToken === undefined ? undefined : state.tokens[token];
  if (known && known.asked !== asked)
    throw new EbsError(409, 'ConflictException', 'The client token was used with other parameters.');
  const same = known && state.snapshots[known.made[0]!];
  if (same) return output(draft, same);
  const pending = Object.values(state.snapshots).filter(it => {
    if (it.state === 'pending') settleSnapshot(draft, it);
    return it.state === 'pending' && it.owner === account;
  });
  if (pending.length >= mostPending)
    throw new EbsError(
      400,
      'ConcurrentLimitExceededException',
      `You have reached the limit of ${mostPending} pending snapshots.`,
    );
  const parent =
    input.ParentSnapshotId === undefined ? undefined : ownSnapshot(draft, input.ParentSnapshotId);
  if (parent && parent.state !== 'completed')
    throw invalid('INVALID_SNAPSHOT_ID', `The parent snapshot ${parent.id} is ${parent.state}.`);
  if (input.VolumeSize > largestVolume)
    throw invalid('INVALID_VOLUME_SIZE', `VolumeSize is at most ${largestVolume} GiB.`);
  if (parent && input.VolumeSize < parent.size)
    throw invalid(
      'INVALID_VOLUME_SIZE',
      `VolumeSize is smaller than that of the parent snapshot, ${parent.size} GiB.`,
    );
  const key = keyOf(draft, input, parent);
  const id = draft.newId('snap');
  state.snapshots[id] = {
    id,
    size: input.VolumeSize,
    state: 'pending',
    started: now,
    description: input.Description ?? '',
    owner: account,
    ...(parent && { parent: parent.id, base: parent.table }),
    encrypted: key !== undefined,
    ...(key !== undefined && { key }),
    lineage: parent?.lineage ?? id,
    table: `${id}.put`,
    timeout: input.Timeout ?? usualTimeout,
  };
  setTags(draft, id, input.Tags);
  if (ClientToken !== undefined) state.tokens[token] = { asked, made: [id] };
  return output(draft, state.snapshots[id]);
}

export interface PutInput {
  SnapshotId: string;
  BlockIndex: number;
  DataLength: number;
  Checksum: string;
}

/**
 * Stores one block, whose checksum is held against its bytes. Many are put at once: no change of the world.
 */
export async function putBlock(
  world: Ec2World,
  { account, now, stamp }: { account: string; now: number; stamp: string },
  input: PutInput,
  { body: data, digest: digestOfBody }: { body: Buffer; digest(): string },
): Promise<object> {
  const known = ownSnapshot({ state: await world.state(), account }, input.SnapshotId);
  const lastBlock = world.lastBlock(known.id) ?? known.lastBlock;
  const snapshot = { ...known, ...(lastBlock !== undefined && { lastBlock }) };
  if (snapshot.state === 'pending') settleSnapshot({ now }, snapshot);
  checkBlock(snapshot, input, data);
  const [blocks, tables] = await Promise.all([world.blocks(), world.tables()]);
  const digest = digestOfBody();
  if (Buffer.from(digest, 'hex').toString('base64') !== input.Checksum)
    throw invalid('INVALID_BLOCK', 'The checksum does not match the data of the block.');
  await blocks.put(digest, data, () => tables.append(snapshot.table, input.BlockIndex, { digest, stamp }));
  world.gotBlock(snapshot.id);
  return { Checksum: input.Checksum, ChecksumAlgorithm: 'SHA256' };
}

const blocksIn = ({ size }: LabSnapshot) => (size * 2 ** 30) / blockBytes;

function checkBlock(snapshot: LabSnapshot, input: PutInput, data: Buffer): void {
  if (snapshot.state !== 'pending' || snapshot.timeout === undefined)
    throw invalid(
      'INVALID_SNAPSHOT_ID',
      `The snapshot ${snapshot.id} is not pending: it is ${snapshot.state}.`,
    );
  if (input.BlockIndex >= blocksIn(snapshot))
    throw invalid(
      'INVALID_BLOCK',
      `The block ${input.BlockIndex} is beyond the ${snapshot.size} GiB of the volume.`,
    );
  if (input.DataLength !== blockBytes || data.length !== blockBytes)
    throw invalid('INVALID_BLOCK', `A block has ${blockBytes} bytes, not ${data.length}.`);
}

/**
 * Of the blocks that were put, in their order. Source: EBS user guide, "Use checksums with EBS direct APIs".
 */
function linearChecksum(put: BlockMap): string {
  const hash = createHash('sha256');
  for (const [, { digest }] of [...put].sort(([a], [b]) => a - b)) hash.update(digest, 'hex');
  return hash.digest('base64');
}

export interface CompleteInput {
  SnapshotId: string;
  ChangedBlocksCount: number;
  Checksum?: string;
  ChecksumAlgorithm?: string;
  ChecksumAggregationMethod?: string;
}

/** Seals a snapshot. Asked again, it says the same once more: its answer may have been lost. */
export async function completeSnapshot(draft: Draft, input: CompleteInput, fails: boolean): Promise<object> {
  const { tables } = draft;
  const snapshot = ownSnapshot(draft, input.SnapshotId);
  if (snapshot.state === 'pending') settleSnapshot(draft, snapshot);
  const { sealed, state } = snapshot;
  if (sealed && sealed.count === input.ChangedBlocksCount && state !== 'error')
    return { Status: shownState(snapshot) };
  if (state !== 'pending' || snapshot.timeout === undefined)
    throw invalid('INVALID_SNAPSHOT_ID', `The snapshot ${snapshot.id} is not pending: it is ${state}.`);
  const put = await tables.read(snapshot.table);
  if (put.size !== input.ChangedBlocksCount)
    throw invalid(
      'INVALID_PARAMETER_VALUE',
      `ChangedBlocksCount is ${input.ChangedBlocksCount}, but ${put.size} blocks were put.`,
    );
  const isWhole = input.ChecksumAlgorithm !== undefined && input.ChecksumAggregationMethod !== undefined;
  if (input.Checksum !== undefined && !isWhole)
    throw invalid('INVALID_PARAMETER_VALUE', 'A checksum needs its algorithm and its aggregation method.');
  if (input.Checksum !== undefined && input.Checksum !== linearChecksum(put))
    throw invalid('INVALID_PARAMETER_VALUE', 'The checksum does not match those of the blocks.');
  const { table: putTable, base, id } = snapshot;
  draft.defer(async () => {
    const below: BlockMap = base === undefined ? new Map() : await tables.read(base);
    await tables.write(id, new Map([...below, ...(await tables.read(putTable))]));
  });
  snapshot.table = id;
  delete snapshot.base;
  snapshot.sealed = { count: put.size, ...(input.Checksum !== undefined && { checksum: input.Checksum }) };
  snapshot.state = fails ? 'error' : 'completing';
  if (fails) snapshot.stateMessage = 'Client.InternalError';
  return { Status: 'pending' };
}
