import type {
  CreateReplaceRootVolumeTaskRequest,
  CreateReplaceRootVolumeTaskResult,
  DescribeReplaceRootVolumeTasksRequest,
  DescribeReplaceRootVolumeTasksResult,
  ReplaceRootVolumeTask,
} from '@aws-sdk/client-ec2';
import { powerOn } from '../storage/guest.ts';
import { attachmentOf, makeVolume } from '../storage/volumes.ts';
import { type Ec2Actions, type Ec2Call, once, requestedTags, setTags } from '../world/call.ts';
import { select, tagSet } from '../world/describe.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import { isOver } from '../world/pace.ts';
import type { LabInstance, LabVolume, ReplaceTask } from '../world/state.ts';

const rootOf = (instance: LabInstance) =>
  instance.devices.find(({ device }) => device === instance.rootDevice);

/**
 * Source of the rules: API reference, CreateReplaceRootVolumeTask: a running instance; a snapshot of the
 * lineage of its root; a volume in the same zone, available, encrypted if the root is; one of the three at
 * most.
 */
function check(call: Ec2Call, instance: LabInstance, input: CreateReplaceRootVolumeTaskRequest): void {
  const { state } = call;
  if (instance.state !== 'running')
    throw refuse.instanceState(instance.id, instance.state, 'given another root');
  const root = rootOf(instance);
  const old = root && state.volumes[root.volume];
  if (!old) throw refuse.state(`Instance ${instance.id} has no root volume`);
  const busy = Object.values(state.replaceTasks).find(
    it => it.instance === instance.id && (it.state === 'pending' || it.state === 'in-progress'),
  );
  if (busy)
    throw refuse.other(
      'OperationNotPermitted',
      `A root volume of ${instance.id} is being replaced by ${busy.id}`,
    );
  const { VolumeId, SnapshotId, ImageId } = input;
  if ([VolumeId, SnapshotId, ImageId].filter(it => it !== undefined).length > 1)
    throw refuse.combination('Only one of VolumeId, SnapshotId and ImageId can be given');
  if (SnapshotId !== undefined) {
    const snapshot = byId('snapshot', state.snapshots, SnapshotId);
    if (snapshot.lineage !== old.lineage)
      throw refuse.parameter(
        `The snapshot ${snapshot.id} does not belong to the lineage of the root volume ${old.id}`,
      );
  }
  if (ImageId !== undefined) checkImage(call, instance, ImageId);
  if (VolumeId === undefined) return;
  const volume = byId('volume', state.volumes, VolumeId);
  if (volume.zone !== old.zone)
    throw refuse.other(
      'InvalidVolume.ZoneMismatch',
      `The volume '${volume.id}' is not in the same availability zone as instance '${instance.id}'`,
    );
  if (attachmentOf(state.instances, volume.id))
    throw refuse.other('VolumeInUse', `${volume.id} is already attached to an instance`);
  if (volume.state !== 'available')
    throw refuse.state(`Volume '${volume.id}' is not 'available': it is ${volume.state}.`);
  if (old.encrypted && !volume.encrypted)
    throw refuse.parameter(`The volume ${volume.id} must be encrypted, as the root volume ${old.id} is`);
}

function checkImage({ state }: Ec2Call, instance: LabInstance, id: string): void {
  const image = byId('image', state.images, id);
  const isSame =
    image.platformDetails === instance.platformDetails &&
    image.architecture === instance.architecture &&
    image.bootMode === instance.bootMode;
  if (!isSame)
    throw refuse.parameter(
      `The image ${id} must have the product code, billing, architecture and boot mode of ${instance.id}`,
    );
}

/** The volume that takes the root's place. */
function replacement(call: Ec2Call, task: ReplaceTask, old: LabVolume): LabVolume {
  const { state } = call;
  if (task.volume !== undefined) return byId('volume', state.volumes, task.volume);
  const fromImage =
    task.image === undefined
      ? undefined
      : state.images[task.image]?.devices.find(
          ({ device }) => device === state.images[task.image!]!.rootDevice,
        );
  const snapshot = task.snapshot ?? fromImage?.snapshot ?? old.snapshot;
  return makeVolume(call, {
    zone: old.zone,
    size: old.size,
    type: old.type,
    snapshot,
    encrypted: old.encrypted || undefined,
  });
}

/** Does what a task is for, after it was seen at work. */
async function settle(call: Ec2Call, task: ReplaceTask): Promise<void> {
  const { state, now } = call;
  if (task.state === 'pending') {
    task.state = 'in-progress';
    return;
  }
  if (task.state !== 'in-progress' || !isOver(call, 'root', task.started)) return;
  const instance = byId('instance', state.instances, task.instance);
  const root = rootOf(instance);
  const old = root && state.volumes[root.volume];
  const fault = call.fault('replace-fails', {});
  task.completed = now;
  if (fault || !root || !old || instance.state !== 'running') {
    task.state = fault?.state ?? 'failed';
    if (task.state !== 'failed-detached' || !root || !old) return;
    instance.devices = instance.devices.filter(each => each !== root);
    instance.instanceCheck = 'impaired';
    old.state = 'available';
    return;
  }
  const made = replacement(call, task, old);
  made.state = 'in-use';
  instance.devices = instance.devices.map(each =>
    each === root ? { ...root, volume: made.id, at: now, state: 'attached' } : each,
  );
  old.state = 'available';
  if (task.deleteReplaced) {
    delete state.volumes[old.id];
    delete state.tags[old.id];
  }
  task.state = 'succeeded';
  // The instance restarts from its new root.
  await powerOn(call, instance);
}

const described = ({ state }: Ec2Call, it: ReplaceTask): ReplaceRootVolumeTask => ({
  ReplaceRootVolumeTaskId: it.id,
  InstanceId: it.instance,
  TaskState: it.state,
  StartTime: new Date(it.started).toISOString(),
  ...(it.completed !== undefined && { CompleteTime: new Date(it.completed).toISOString() }),
  ...(it.image !== undefined && { ImageId: it.image }),
  ...(it.snapshot !== undefined && { SnapshotId: it.snapshot }),
  DeleteReplacedRootVolume: it.deleteReplaced,
  ...(state.tags[it.id] && { Tags: tagSet(state, it.id) }),
});

export const replaceRootActions = {
  async CreateReplaceRootVolumeTask(
    input: CreateReplaceRootVolumeTaskRequest,
    call: Ec2Call,
  ): Promise<CreateReplaceRootVolumeTaskResult> {
    const { state, now } = call;
    const instance = byId('instance', state.instances, input.InstanceId);
    const tags = requestedTags(input.TagSpecifications, 'replace-root-volume-task', ['volume']);
    const [id = ''] = await once(call, input.ClientToken, input, () => {
      check(call, instance, input);
      const made = call.newId('replacevol');
      state.replaceTasks[made] = {
        id: made,
        instance: instance.id,
        state: 'pending',
        started: now,
        ...(input.VolumeId !== undefined && { volume: input.VolumeId }),
        ...(input.SnapshotId !== undefined && { snapshot: input.SnapshotId }),
        ...(input.ImageId !== undefined && { image: input.ImageId }),
        deleteReplaced: input.DeleteReplacedRootVolume ?? false,
      };
      setTags(call, made, tags);
      return [made];
    });
    return { ReplaceRootVolumeTask: described(call, state.replaceTasks[id]!) };
  },

  async DescribeReplaceRootVolumeTasks(
    input: DescribeReplaceRootVolumeTasksRequest,
    call: Ec2Call,
  ): Promise<DescribeReplaceRootVolumeTasksResult> {
    const { state } = call;
    const all = byIds('replaceTask', Object.values(state.replaceTasks), input.ReplaceRootVolumeTaskIds);
    const { page, ...token } = select(
      state,
      all,
      input,
      (it, filter) => (filter === 'instance-id' ? [it.instance] : undefined),
      { ids: input.ReplaceRootVolumeTaskIds, smallest: 1, largest: 50 },
    );
    const answer = { ReplaceRootVolumeTasks: page.map(it => described(call, it)), ...token };
    for (const task of all) await settle(call, task);
    return answer;
  },
} satisfies Ec2Actions;
