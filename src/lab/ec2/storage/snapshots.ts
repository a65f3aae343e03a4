import type {
  CopySnapshotRequest,
  CopySnapshotResult,
  CreateSnapshotRequest,
  DeleteSnapshotRequest,
  DescribeSnapshotsRequest,
  DescribeSnapshotsResult,
  Snapshot,
} from '@aws-sdk/client-ec2';
import { blocksOf } from '../../blocks/bytes.ts';
import { type Ec2Actions, type Ec2Call, requestedTags, setTags } from '../world/call.ts';
import { filtersBy, select, tagSet } from '../world/describe.ts';
import { keyFor } from '../world/encryption.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import { isOver, type Paced } from '../world/pace.ts';
import type { LabSnapshot } from '../world/state.ts';
import type { Draft } from '../world/world.ts';

/** A snapshot of EBS direct that got no block for too long, or was sealed, as it is seen next. */
export function settleSnapshot(call: Paced, it: LabSnapshot): void {
  const since = it.lastBlock ?? it.started;
  if (it.state === 'completing' && isOver(call, 'snapshot', since)) it.state = 'completed';
  const silent = (call.now - since) / 60_000;
  if (it.state !== 'pending' || it.timeout === undefined || silent < it.timeout) return;
  it.state = 'error';
  it.stateMessage = 'Snapshot was not completed in time';
}

export const snapshotOf = ({ state }: Pick<Draft, 'state'>, it: LabSnapshot): Snapshot => ({
  SnapshotId: it.id,
  VolumeId: it.volume ?? 'vol-ffffffff',
  State: it.state === 'completing' ? 'pending' : it.state,
  ...(it.stateMessage !== undefined && { StateMessage: it.stateMessage }),
  StartTime: new Date(it.started),
  Progress: it.state === 'completed' ? '100%' : '0%',
  OwnerId: it.owner,
  Description: it.description,
  VolumeSize: it.size,
  Encrypted: it.encrypted,
  ...(it.key !== undefined && { KmsKeyId: it.key }),
  StorageTier: 'standard',
  ...(state.tags[it.id] && { Tags: tagSet(state, it.id) }),
});

export const snapshotActions = {
  CreateSnapshot(input: CreateSnapshotRequest, call: Ec2Call): Snapshot {
    const { state, now, account, tables } = call;
    const volume = byId('volume', state.volumes, input.VolumeId);
    if (volume.state === 'creating') throw refuse.state(`Volume '${volume.id}' is in the 'creating' state.`);
    const id = call.newId('snap');
    call.defer(async () => tables.write(id, await blocksOf(tables, volume)));
    const fails = call.fault('snapshot-fails', {}) !== undefined;
    const snapshot: LabSnapshot = {
      id,
      size: volume.size,
      state: fails ? 'error' : 'completing',
      ...(fails && { stateMessage: 'Client.InternalError' }),
      started: now,
      description: input.Description ?? '',
      owner: account,
      volume: volume.id,
      encrypted: volume.encrypted,
      ...(volume.key !== undefined && { key: volume.key }),
      // That of the snapshot which the volume came from: the two can then be compared.
      lineage: volume.lineage,
      table: id,
    };
    state.snapshots[id] = snapshot;
    setTags(call, id, requestedTags(input.TagSpecifications, 'snapshot'));
    return snapshotOf(call, snapshot);
  },

  CopySnapshot(input: CopySnapshotRequest, call: Ec2Call): CopySnapshotResult {
    const { state, now, account, region } = call;
    if (input.SourceRegion !== region)
      throw refuse.parameter(
        `The lab has one region, ${region}: nothing can be copied from ${input.SourceRegion}`,
      );
    const source = byId('snapshot', state.snapshots, input.SourceSnapshotId);
    if (source.state !== 'completed') throw refuse.state(`Snapshot ${source.id} is ${source.state}`);
    const key = keyFor(call, { asked: input.Encrypted, key: input.KmsKeyId, source });
    const id = call.newId('snap');
    const { key: _, stateMessage: __, timeout: ___, lastBlock: ____, sealed: _____, ...rest } = source;
    state.snapshots[id] = {
      ...rest,
      id,
      state: 'completing',
      started: now,
      owner: account,
      description: input.Description ?? `[Copied ${source.id} from ${region}]`,
      encrypted: key !== undefined,
      ...(key !== undefined && { key }),
      lineage: id,
    };
    const tags = requestedTags(input.TagSpecifications, 'snapshot');
    setTags(call, id, tags);
    return { SnapshotId: id, ...(tags.length > 0 && { Tags: tags }) };
  },

  DescribeSnapshots(input: DescribeSnapshotsRequest, call: Ec2Call): DescribeSnapshotsResult {
    const { state, account } = call;
    const owners = input.OwnerIds?.map(owner => (owner === 'self' ? account : owner));
    const isOfOwner = (it: LabSnapshot) =>
      !owners ||
      owners.length === 0 ||
      owners.includes(it.owner) ||
      (owners.includes('amazon') && it.owner !== account);
    const all = byIds('snapshot', Object.values(state.snapshots), input.SnapshotIds).filter(isOfOwner);
    for (const each of all) if (each.state === 'pending') settleSnapshot(call, each);
    const { page, ...token } = select(state, all, input, valuesOf, {
      ids: input.SnapshotIds,
      idsName: 'snapshotIds',
      largest: 200,
    });
    const answer = { Snapshots: page.map(it => snapshotOf(call, it)), ...token };
    for (const each of all) settleSnapshot(call, each);
    return answer;
  },

  DeleteSnapshot(input: DeleteSnapshotRequest, { state, account }: Ec2Call): object {
    const snapshot = byId('snapshot', state.snapshots, input.SnapshotId);
    if (snapshot.owner !== account)
      throw refuse.other('UnauthorizedOperation', 'You are not the owner of this snapshot.');
    const image = Object.values(state.images).find(({ devices }) =>
      devices.some(device => device.snapshot === snapshot.id),
    );
    if (image)
      throw refuse.other(
        'InvalidSnapshot.InUse',
        `The snapshot ${snapshot.id} is currently in use by ${image.id}`,
      );
    delete state.snapshots[snapshot.id];
    delete state.tags[snapshot.id];
    return {};
  },
} satisfies Ec2Actions;

const valuesOf = filtersBy<LabSnapshot>({
  'snapshot-id': it => [it.id],
  status: it => [it.state === 'completing' ? 'pending' : it.state],
  'volume-id': it => [it.volume],
  'volume-size': it => [String(it.size)],
  'owner-id': it => [it.owner],
  description: it => [it.description],
  encrypted: it => [String(it.encrypted)],
  'start-time': it => [new Date(it.started).toISOString()],
});
