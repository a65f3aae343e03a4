import type {
  InstanceStateChange,
  RebootInstancesRequest,
  Reservation,
  RunInstancesRequest,
  StartInstancesRequest,
  StartInstancesResult,
  StopInstancesRequest,
  StopInstancesResult,
  TerminateInstancesRequest,
  TerminateInstancesResult,
} from '@aws-sdk/client-ec2';
import { powerOn } from '../storage/guest.ts';
import { attachmentOf } from '../storage/volumes.ts';
import { type Ec2Actions, type Ec2Call, once } from '../world/call.ts';
import { byIds, refuse } from '../world/errors.ts';
import { isOver } from '../world/pace.ts';
import type { LabInstance } from '../world/state.ts';
import { instanceOf, stateOf } from './instance-output.ts';
import { launch } from './launch.ts';
import { withTemplate } from './templates.ts';

/** Lets instances go one step on from what was seen of them. */
export async function settleInstances(call: Ec2Call, instances: readonly LabInstance[]): Promise<void> {
  for (const instance of instances) {
    switch (instance.state) {
      case 'pending':
        if (isOver(call, 'run', instance.told ?? instance.launched)) await powerOn(call, instance);
        break;
      case 'stopping':
        if (isOver(call, 'stop', instance.told ?? instance.launched)) instance.state = 'stopped';
        break;
      case 'shutting-down':
        terminate(call, instance);
        break;
      default:
        for (const each of instance.devices) if (each.state === 'attaching') each.state = 'attached';
        freeDetached(call, instance);
    }
  }
}

function freeDetached({ state }: Ec2Call, instance: LabInstance): void {
  for (const each of instance.devices.filter(({ state: its }) => its === 'detaching')) {
    const volume = state.volumes[each.volume];
    if (volume) volume.state = 'available';
  }
  instance.devices = instance.devices.filter(({ state: its }) => its !== 'detaching');
}

function terminate({ state }: Ec2Call, instance: LabInstance): void {
  delete state.tags[instance.interface.id];
  for (const { volume, deleteOnTermination } of instance.devices) {
    if (deleteOnTermination) {
      delete state.volumes[volume];
      delete state.tags[volume];
    } else if (state.volumes[volume]) state.volumes[volume].state = 'available';
  }
  instance.devices = [];
  instance.state = 'terminated';
  delete instance.boot;
}

/** Ends an instance, as TerminateInstances does. Throws ApiError for a protected one. */
export function beginTermination(instance: LabInstance): void {
  if (instance.state === 'terminated') return;
  if (instance.protected)
    throw refuse.other(
      'OperationNotPermitted',
      `The instance '${instance.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
    );
  instance.state = 'shutting-down';
  instance.stateReason = {
    code: 'Client.UserInitiatedShutdown',
    message: 'Client.UserInitiatedShutdown: User initiated shutdown',
  };
}

/** Carries out a change of state on all or, when one of them can't, on none; says what they were and are. */
function changed(
  { state }: Ec2Call,
  ids: string[] | undefined,
  change: (instance: LabInstance) => void,
): InstanceStateChange[] {
  if (!ids || ids.length === 0) throw refuse.missing('InstanceId');
  return byIds('instance', Object.values(state.instances), ids).map(instance => {
    const before = stateOf(instance.state);
    change(instance);
    return { InstanceId: instance.id, CurrentState: stateOf(instance.state), PreviousState: before };
  });
}

export const instanceActions = {
  async RunInstances(input: RunInstancesRequest, call: Ec2Call): Promise<Reservation> {
    const { state, account } = call;
    const { merged, tags } = withTemplate(call, input);
    const ids = await once(call, input.ClientToken, input, () => {
      const made = launch(call, merged);
      for (const id of made) state.tags[id] = { ...state.tags[id], ...tags };
      return made;
    });
    const instances = byIds('instance', Object.values(state.instances), ids);
    return {
      ReservationId: instances[0]!.reservation,
      OwnerId: account,
      Groups: [],
      Instances: instances.map(it => instanceOf(call, it)),
    };
  },

  StartInstances: (input: StartInstancesRequest, call: Ec2Call): StartInstancesResult => ({
    StartingInstances: changed(call, input.InstanceIds, instance => {
      if (instance.state === 'running' || instance.state === 'pending') return;
      if (instance.state !== 'stopped') throw refuse.instanceState(instance.id, instance.state, 'started');
      const root = attachmentsOf(call, instance).find(({ device }) => device === instance.rootDevice);
      if (!root)
        throw refuse.other(
          'IncorrectInstanceState',
          `Instance ID '${instance.id}' is not in a valid state: it has no volume attached at root (${instance.rootDevice})`,
        );
      const failed = call.fault('capacity', {
        type: instance.type,
        zone: call.state.subnets[instance.subnet]!.zone,
      });
      if (failed)
        throw refuse.other(
          'InsufficientInstanceCapacity',
          `We currently do not have sufficient ${instance.type} capacity in the Availability Zone you requested.`,
        );
      instance.state = 'pending';
      instance.told = call.now;
      instance.started = call.now;
      instance.systemCheck = 'initializing';
      instance.instanceCheck = 'initializing';
      delete instance.stateReason;
      delete instance.boot;
    }),
  }),

  StopInstances: (input: StopInstancesRequest, call: Ec2Call): StopInstancesResult => ({
    StoppingInstances: changed(call, input.InstanceIds, instance => {
      if (instance.state === 'stopped' || instance.state === 'stopping') return;
      if (instance.state !== 'running') throw refuse.instanceState(instance.id, instance.state, 'stopped');
      instance.state = 'stopping';
      instance.told = call.now;
      instance.stateReason = {
        code: 'Client.UserInitiatedShutdown',
        message: 'Client.UserInitiatedShutdown: User initiated shutdown',
      };
      delete instance.boot;
    }),
  }),

  async RebootInstances(input: RebootInstancesRequest, call: Ec2Call): Promise<object> {
    if (!input.InstanceIds || input.InstanceIds.length === 0) throw refuse.missing('InstanceId');
    for (const instance of byIds('instance', Object.values(call.state.instances), input.InstanceIds)) {
      if (instance.state !== 'running') throw refuse.instanceState(instance.id, instance.state, 'rebooted');
      await powerOn(call, instance);
    }
    return {};
  },

  TerminateInstances: (input: TerminateInstancesRequest, call: Ec2Call): TerminateInstancesResult => ({
    TerminatingInstances: changed(call, input.InstanceIds, beginTermination),
  }),
} satisfies Ec2Actions;

const attachmentsOf = ({ state }: Ec2Call, instance: LabInstance) =>
  instance.devices.filter(
    each => each.state !== 'detaching' && attachmentOf(state.instances, each.volume) !== undefined,
  );
