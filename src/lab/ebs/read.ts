import { blockBytes } from '../blocks/store.ts';
import type { BlockMap } from '../blocks/tables.ts';
import { settleSnapshot } from '../ec2/storage/snapshots.ts';
import type { LabSnapshot } from '../ec2/world/state.ts';
import type { Ec2World } from '../ec2/world/world.ts';
import { invalid } from './errors.ts';
import { ownSnapshot } from './write.ts';

const sevenDays = 7 * 86_400_000;
const usualPage = 10_000;

interface Asking {
  account: string;
  now: number;
}

/** A snapshot whose blocks can be read, with them. Throws EbsError. */
async function readable(
  world: Ec2World,
  { account, now }: Asking,
  id: string,
): Promise<[LabSnapshot, BlockMap]> {
  const snapshot = { ...ownSnapshot({ state: await world.state(), account }, id) };
  if (snapshot.state === 'pending') settleSnapshot({ now }, snapshot);
  if (snapshot.state !== 'completed')
    throw invalid(
      'INVALID_SNAPSHOT_ID',
      `The snapshot ${id} is ${snapshot.state === 'completing' ? 'pending' : snapshot.state}: blocks are read of completed ones.`,
    );
  return [snapshot, await (await world.tables()).read(snapshot.table)];
}

/** Names a block of a snapshot, and when the token ends. */
const blockToken = (snapshot: string, index: number, ends: number): string =>
  Buffer.from(`${snapshot} ${index} ${ends}`).toString('base64');

interface Page {
  NextToken?: string;
  MaxResults?: number;
  StartingBlockIndex?: number;
}

/** One page of ascending indexes, and the token of the next. */
function paged(indexes: readonly number[], { NextToken, MaxResults, StartingBlockIndex }: Page) {
  const from = NextToken === undefined ? (StartingBlockIndex ?? 0) : fromToken(NextToken);
  const left = indexes.filter(index => index >= from).sort((a, b) => a - b);
  const page = left.slice(0, MaxResults ?? usualPage);
  const next = left[page.length];
  return {
    page,
    ...(next !== undefined && { NextToken: Buffer.from(`from ${next}`).toString('base64') }),
  };
}

function fromToken(token: string): number {
  const from = /^from (\d+)$/.exec(Buffer.from(token, 'base64').toString())?.[1];
  if (from === undefined) throw invalid('INVALID_PAGE_TOKEN', 'The page token is not valid.');
  return Number(from);
}

export async function listSnapshotBlocks(
  world: Ec2World,
  asking: Asking,
  input: Page & { SnapshotId: string },
): Promise<object> {
  const [snapshot, blocks] = await readable(world, asking, input.SnapshotId);
  const ends = asking.now + sevenDays;
  const { page, ...token } = paged([...blocks.keys()], input);
  return {
    Blocks: page.map(index => ({ BlockIndex: index, BlockToken: blockToken(snapshot.id, index, ends) })),
    ExpiryTime: new Date(ends),
    VolumeSize: snapshot.size,
    BlockSize: blockBytes,
    ...token,
  };
}

/** What was written between two snapshots of one lineage, whether it changed the bytes or not. */
export async function listChangedBlocks(
  world: Ec2World,
  asking: Asking,
  input: Page & { FirstSnapshotId?: string; SecondSnapshotId: string },
): Promise<object> {
  const [second, newer] = await readable(world, asking, input.SecondSnapshotId);
  const [first, older] =
    input.FirstSnapshotId === undefined
      ? [undefined, new Map() as BlockMap]
      : await readable(world, asking, input.FirstSnapshotId);
  if (first && first.lineage !== second.lineage)
    throw invalid('UNRELATED_SNAPSHOTS', 'The snapshots are not of the same volume or lineage.');
  const changed = [...new Set([...older.keys(), ...newer.keys()])].filter(
    index => older.get(index)?.stamp !== newer.get(index)?.stamp,
  );
  const ends = asking.now + sevenDays;
  const { page, ...token } = paged(changed, input);
  return {
    ChangedBlocks: page.map(index => ({
      BlockIndex: index,
      ...(first && older.has(index) && { FirstBlockToken: blockToken(first.id, index, ends) }),
      ...(newer.has(index) && { SecondBlockToken: blockToken(second.id, index, ends) }),
    })),
    ExpiryTime: new Date(ends),
    VolumeSize: second.size,
    BlockSize: blockBytes,
    ...token,
  };
}

export async function getSnapshotBlock(
  world: Ec2World,
  asking: Asking,
  input: { SnapshotId: string; BlockIndex: number; BlockToken: string },
): Promise<{ data: Buffer; output: object }> {
  const [snapshot, blocks] = await readable(world, asking, input.SnapshotId);
  const [id, index, ends] = Buffer.from(input.BlockToken, 'base64').toString().split(' ');
  const isOfBlock = id === snapshot.id && index === String(input.BlockIndex) && Number(ends) > asking.now;
  if (!isOfBlock) throw invalid('INVALID_BLOCK_TOKEN', 'The block token is not valid, or has ended.');
  const entry = blocks.get(input.BlockIndex);
  if (!entry) throw invalid('INVALID_BLOCK', `The snapshot has no block ${input.BlockIndex}.`);
  const data = await (await world.blocks()).get(entry.digest);
  return {
    data,
    output: {
      DataLength: data.length,
      Checksum: Buffer.from(entry.digest, 'hex').toString('base64'),
      ChecksumAlgorithm: 'SHA256',
    },
  };
}
