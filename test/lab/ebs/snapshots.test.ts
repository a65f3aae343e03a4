import { createHash } from 'node:crypto';
import { DescribeSnapshotsCommand, EnableEbsEncryptionByDefaultCommand } from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Hex } from '../../../src/lab/s3/protocol/sigv4.ts';
import { type Answered, blockBytes, blockOf, ec2Lab } from '../ec2/fixture.ts';

const reason = ({ status, headers, json }: Answered) => [
  status,
  headers.get('x-amzn-errortype'),
  ...(json.Reason === undefined ? [] : [json.Reason]),
];
const idOf = ({ json }: Answered) => String(json.SnapshotId);
const indexes = ({ json }: Answered, list = 'Blocks') =>
  (json[list] as { BlockIndex: number }[]).map(({ BlockIndex }) => BlockIndex);

async function opened() {
  const it = await ec2Lab();
  /** Completed, with a block of `byte` at each index. */
  async function snapshot(blocks: Record<number, number>, more: object = {}): Promise<string> {
    const started = await it.ebs.start({ VolumeSize: 1, ...more });
    const id = idOf(started);
    for (const [index, byte] of Object.entries(blocks)) await it.ebs.put(id, Number(index), blockOf(byte));
    expect((await it.ebs.complete(id, Object.keys(blocks).length)).status).toBe(202);
    await it.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }));
    return id;
  }
  async function read(id: string): Promise<Record<number, number>> {
    const { json } = await it.ebs.list(id);
    const found: Record<number, number> = {};
    for (const { BlockIndex, BlockToken } of json.Blocks as { BlockIndex: number; BlockToken: string }[]) {
      const { status, body, headers } = await it.ebs.get(id, BlockIndex, BlockToken);
      expect([status, body.length]).toEqual([200, blockBytes]);
      expect(Buffer.from(headers.get('x-amz-checksum')!, 'base64').toString('hex')).toBe(sha256Hex(body));
      found[BlockIndex] = body[0]!;
    }
    return found;
  }
  return { ...it, snapshot, read };
}

test('a child has its parent’s blocks, and a block that became zero hides the parent’s', async () => {
  const { snapshot, read, ebs } = await opened();
  const parent = await snapshot({ 0: 1, 5: 5, 9: 9 });
  const child = await snapshot({ 5: 6, 7: 7, 9: 0 }, { ParentSnapshotId: parent });
  expect(await read(child)).toEqual({ 0: 1, 5: 6, 7: 7, 9: 0 });
  expect(await read(parent)).toEqual({ 0: 1, 5: 5, 9: 9 });
  expect(indexes(await ebs.changed(child, { firstSnapshotId: parent }), 'ChangedBlocks')).toEqual([5, 7, 9]);
  expect(indexes(await ebs.changed(child), 'ChangedBlocks')).toEqual([0, 5, 7, 9]);
  const stranger = await snapshot({ 0: 1 });
  expect(reason(await ebs.changed(child, { firstSnapshotId: stranger }))).toEqual([
    400,
    'ValidationException',
    'UNRELATED_SNAPSHOTS',
  ]);
});

test('any history of puts reads back as its last write of each block', async () => {
  const { snapshot, read } = await opened();
  const layer = fc.dictionary(fc.integer({ min: 0, max: 6 }).map(String), fc.integer({ min: 0, max: 3 }), {
    minKeys: 1,
    maxKeys: 4,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(layer, { minLength: 1, maxLength: 3 }), async layers => {
      let parent: string | undefined;
      for (const blocks of layers)
        parent = await snapshot(blocks, parent === undefined ? {} : { ParentSnapshotId: parent });
      expect(await read(parent!)).toEqual(Object.assign({}, ...layers));
    }),
    { numRuns: 10 },
  );
}, 300_000);

test('a token makes one snapshot, and another request with it is a conflict', async () => {
  const { ebs } = await opened();
  const asked = { VolumeSize: 1, ClientToken: 'cycle-1', Description: 'a' };
  const first = await ebs.start(asked);
  expect(idOf(await ebs.start(asked))).toBe(idOf(first));
  expect(reason(await ebs.start({ ...asked, Description: 'b' }))).toEqual([409, 'ConflictException']);
});

test('what is put is checked: index, size, checksum, state; put again it is overwritten', async () => {
  const { ebs, ec2, snapshot } = await opened();
  const id = idOf(await ebs.start({ VolumeSize: 1 }));
  const wrong = (...args: Parameters<typeof ebs.put>) => ebs.put(...args).then(reason);
  expect(await wrong(id, 2048, blockOf(1))).toEqual([400, 'ValidationException', 'INVALID_BLOCK']);
  expect(await wrong(id, 0, Buffer.alloc(512))).toEqual([400, 'ValidationException', 'INVALID_BLOCK']);
  const other = createHash('sha256').update('other').digest('base64');
  expect(await wrong(id, 0, blockOf(1), { 'x-amz-Checksum': other })).toEqual([
    400,
    'ValidationException',
    'INVALID_BLOCK',
  ]);
  expect(await wrong('snap-00000000000000000', 0, blockOf(1))).toEqual([
    404,
    'ResourceNotFoundException',
    'SNAPSHOT_NOT_FOUND',
  ]);
  await ebs.put(id, 3, blockOf(1));
  await ebs.put(id, 3, blockOf(2));
  expect(reason(await ebs.complete(id, 2))).toEqual([400, 'ValidationException', 'INVALID_PARAMETER_VALUE']);
  expect((await ebs.complete(id, 1)).status).toBe(202);
  // Its answer may have been lost.
  expect((await ebs.complete(id, 1)).status).toBe(202);
  expect(await wrong(id, 4, blockOf(1))).toEqual([400, 'ValidationException', 'INVALID_SNAPSHOT_ID']);
  expect(reason(await ebs.list(id))).toEqual([400, 'ValidationException', 'INVALID_SNAPSHOT_ID']);
  await ec2.send(new DescribeSnapshotsCommand({}));
  expect(indexes(await ebs.list(id))).toEqual([3]);
  const stolen = (await ebs.list(await snapshot({ 3: 3 }))).json.Blocks as { BlockToken: string }[];
  expect(reason(await ebs.get(id, 3, stolen[0]!.BlockToken))).toEqual([
    400,
    'ValidationException',
    'INVALID_BLOCK_TOKEN',
  ]);
});

test('the whole’s checksum is of the raw checksums of the blocks that were put, in their order', async () => {
  const { ebs } = await opened();
  const id = idOf(await ebs.start({ VolumeSize: 1 }));
  for (const index of [9, 2]) await ebs.put(id, index, blockOf(index));
  const raw = [2, 9].map(index => createHash('sha256').update(blockOf(index)).digest());
  const linear = createHash('sha256').update(Buffer.concat(raw)).digest('base64');
  const headers = (checksum: string) => ({
    'x-amz-Checksum': checksum,
    'x-amz-Checksum-Algorithm': 'SHA256',
    'x-amz-Checksum-Aggregation-Method': 'LINEAR',
  });
  const swapped = createHash('sha256').update(Buffer.concat(raw.reverse())).digest('base64');
  expect(reason(await ebs.complete(id, 2, headers(swapped)))[0]).toBe(400);
  expect((await ebs.complete(id, 2, headers(linear))).status).toBe(202);
});

test('the parent decides on encryption; encryption by default does not go with a plain parent', async () => {
  const { ebs, ec2, snapshot } = await opened();
  const plain = await snapshot({ 0: 1 });
  expect(reason(await ebs.start({ VolumeSize: 1, ParentSnapshotId: plain, Encrypted: true }))[1]).toBe(
    'ValidationException',
  );
  expect((await ebs.start({ VolumeSize: 1, ParentSnapshotId: plain })).json.SseType).toBe('none');
  await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
  expect(reason(await ebs.start({ VolumeSize: 1, ParentSnapshotId: plain }))[1]).toBe('ValidationException');
  const encrypted = await snapshot({ 0: 1 });
  const child = await ebs.start({ VolumeSize: 1, ParentSnapshotId: encrypted });
  expect(child.json).toMatchObject({ SseType: 'sse-kms', KmsKeyArn: expect.stringContaining(':key/') });
});

test('a parent is there, completed and not larger', async () => {
  const { ebs, ec2, snapshot } = await opened();
  const start = (more: object) => ebs.start({ VolumeSize: 1, ...more }).then(reason);
  expect(await start({ ParentSnapshotId: 'snap-00000000000000000' })).toEqual([
    404,
    'ResourceNotFoundException',
    'SNAPSHOT_NOT_FOUND',
  ]);
  const pending = idOf(await ebs.start({ VolumeSize: 1 }));
  expect((await start({ ParentSnapshotId: pending }))[2]).toBe('INVALID_SNAPSHOT_ID');
  const large = await snapshot({ 0: 1 }, { VolumeSize: 2 });
  expect((await start({ ParentSnapshotId: large }))[2]).toBe('INVALID_VOLUME_SIZE');
  expect((await start({ VolumeSize: 65_537 }))[2]).toBe('INVALID_VOLUME_SIZE');
  expect((await start({ Timeout: 9 }))[1]).toBe('ValidationException');
  const { Snapshots = [] } = await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }));
  const stock = (await ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['amazon'] }))).Snapshots![0]!;
  expect(Snapshots.length).toBe(2);
  expect(reason(await ebs.list(stock.SnapshotId!))).toEqual([
    403,
    'AccessDeniedException',
    'UNAUTHORIZED_ACCOUNT',
  ]);
});

test('a pending snapshot that gets no block fails by the lab’s clock; each block gives it more time', async () => {
  const { ebs, ec2, lab } = await opened();
  const minutes = (offset: number) => lab.command({ do: 'clock', offset: offset * 60_000 });
  const state = async (id: string) =>
    (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))).Snapshots![0]!.State;
  const silent = idOf(await ebs.start({ VolumeSize: 1, Timeout: 10 }));
  const busy = idOf(await ebs.start({ VolumeSize: 1, Timeout: 10 }));
  await minutes(8);
  await ebs.put(busy, 0, blockOf(1));
  await minutes(12);
  expect([await state(silent), await state(busy)]).toEqual(['error', 'pending']);
  expect((await ebs.put(busy, 1, blockOf(1))).status).toBe(201);
  await minutes(30);
  expect(reason(await ebs.put(busy, 2, blockOf(1)))[2]).toBe('INVALID_SNAPSHOT_ID');
  expect(reason(await ebs.complete(busy, 2))[2]).toBe('INVALID_SNAPSHOT_ID');
});

test('pages ascend and go on by token; a page begins where it is asked to', async () => {
  const { ebs, snapshot } = await opened();
  const id = await snapshot(Object.fromEntries(Array.from({ length: 150 }, (_, at) => [at * 2, 0])));
  const first = await ebs.list(id, { maxResults: 100 });
  const second = await ebs.list(id, { maxResults: 100, pageToken: String(first.json.NextToken) });
  expect([...indexes(first), ...indexes(second)]).toEqual(Array.from({ length: 150 }, (_, at) => at * 2));
  expect(second.json.NextToken).toBeUndefined();
  expect(indexes(await ebs.list(id, { startingBlockIndex: 297 }))).toEqual([298]);
  expect(reason(await ebs.list(id, { maxResults: 99 }))[1]).toBe('ValidationException');
  expect(reason(await ebs.list(id, { pageToken: 'AAAA' }))[2]).toBe('INVALID_PAGE_TOKEN');
}, 300_000);

test('faults of a call: throttled, lost answer, reset', async () => {
  const { ebs, lab } = await opened();
  const arm = (kind: string) =>
    lab.command({ do: 'fault', on: 'ebs', rule: { kind, operation: 'StartSnapshot' } });
  await arm('throttled');
  expect(reason(await ebs.start({ VolumeSize: 1 }))).toEqual([
    400,
    'RequestThrottledException',
    'ACCOUNT_THROTTLED',
  ]);
  const asked = { VolumeSize: 1, ClientToken: 'lost' };
  await arm('lost-answer');
  await expect(ebs.start(asked)).rejects.toThrow();
  await arm('reset');
  await expect(ebs.start({ VolumeSize: 1, ClientToken: 'reset' })).rejects.toThrow();
  const again = await ebs.start(asked);
  const { snapshots } = await lab
    .command({ do: 'show' })
    .then(({ data }) => (data as { ec2: { snapshots: object } }).ec2);
  const own = Object.values(snapshots).filter(it => (it as { timeout?: number }).timeout !== undefined);
  expect(own.map(it => (it as { id: string }).id)).toEqual([idOf(again)]);
});
