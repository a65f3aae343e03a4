import type {
  AssociateIamInstanceProfileRequest,
  DescribeIamInstanceProfileAssociationsRequest,
  DescribeInstanceAttributeRequest,
  DisassociateIamInstanceProfileRequest,
  IamInstanceProfileAssociation,
  InstanceAttribute,
  ModifyInstanceAttributeRequest,
  ModifyInstanceMetadataOptionsRequest,
  ModifyInstanceMetadataOptionsResult,
} from '@aws-sdk/client-ec2';
import type { Ec2Actions, Ec2Call } from '../world/call.ts';
import { select } from '../world/describe.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import type { LabInstance } from '../world/state.ts';
import { instanceOf } from './instance-output.ts';
import { typeOf } from './instance-types.ts';

function setGroups({ state }: Ec2Call, instance: LabInstance, ids: string[]): void {
  const { vpc } = state.subnets[instance.subnet]!;
  const groups = byIds('group', Object.values(state.groups), ids);
  const foreign = groups.find(group => group.vpc !== vpc);
  if (foreign)
    throw refuse.other(
      'InvalidGroup.NotFound',
      `The security group '${foreign.id}' does not belong to the VPC of ${instance.id}`,
    );
  instance.groups = groups.map(({ id }) => id);
}

function setDeleteOnTermination(instance: LabInstance, input: ModifyInstanceAttributeRequest): void {
  for (const { DeviceName, Ebs } of input.BlockDeviceMappings ?? []) {
    const device = instance.devices.find(each => each.device === DeviceName);
    if (!device)
      throw refuse.other(
        'InvalidInstanceAttributeValue',
        `No device is currently mapped at ${DeviceName} of ${instance.id}`,
      );
    if (Ebs?.DeleteOnTermination !== undefined) device.deleteOnTermination = Ebs.DeleteOnTermination;
  }
}

const associationOf = (it: LabInstance): IamInstanceProfileAssociation & { id: string } => ({
  id: it.id.replace('i-', 'iip-assoc-'),
  AssociationId: it.id.replace('i-', 'iip-assoc-'),
  InstanceId: it.id,
  IamInstanceProfile: { Arn: it.profile, Id: 'AIPALAB00000000000000' },
  State: 'associated',
});

const shown = ({ id: _, ...association }: ReturnType<typeof associationOf>) => association;

export const attributeActions = {
  ModifyInstanceAttribute(input: ModifyInstanceAttributeRequest, call: Ec2Call): object {
    const instance = byId('instance', call.state.instances, input.InstanceId);
    if (input.Groups) setGroups(call, instance, input.Groups);
    setDeleteOnTermination(instance, input);
    if (input.DisableApiTermination?.Value !== undefined)
      instance.protected = input.DisableApiTermination.Value;
    if (input.InstanceInitiatedShutdownBehavior?.Value !== undefined)
      instance.shutdownTerminates = input.InstanceInitiatedShutdownBehavior.Value === 'terminate';
    const type = input.InstanceType?.Value;
    if (type === undefined && input.UserData?.Value === undefined) return {};
    if (instance.state !== 'stopped') throw refuse.instanceState(instance.id, instance.state, 'modified');
    if (type !== undefined) instance.type = typeOf(type).name;
    if (input.UserData?.Value) instance.userData = Buffer.from(input.UserData.Value).toString('base64');
    return {};
  },

  DescribeInstanceAttribute(input: DescribeInstanceAttributeRequest, call: Ec2Call): InstanceAttribute {
    const it = byId('instance', call.state.instances, input.InstanceId);
    const { BlockDeviceMappings = [], SecurityGroups = [] } = instanceOf(call, it);
    const attributes: Record<string, InstanceAttribute> = {
      instanceType: { InstanceType: { Value: it.type } },
      userData: { UserData: it.userData === undefined ? {} : { Value: it.userData } },
      disableApiTermination: { DisableApiTermination: { Value: it.protected } },
      instanceInitiatedShutdownBehavior: {
        InstanceInitiatedShutdownBehavior: { Value: it.shutdownTerminates ? 'terminate' : 'stop' },
      },
      rootDeviceName: { RootDeviceName: { Value: it.rootDevice } },
      blockDeviceMapping: { BlockDeviceMappings },
      groupSet: { Groups: SecurityGroups },
    };
    const found = attributes[input.Attribute ?? ''];
    if (!found) throw refuse.parameter(`The lab does not know the attribute ${input.Attribute}`);
    return { InstanceId: it.id, ...found };
  },

  ModifyInstanceMetadataOptions(
    input: ModifyInstanceMetadataOptionsRequest,
    call: Ec2Call,
  ): ModifyInstanceMetadataOptionsResult {
    const instance = byId('instance', call.state.instances, input.InstanceId);
    instance.metadata = {
      tokens: input.HttpTokens ?? instance.metadata.tokens,
      tags: input.InstanceMetadataTags ?? instance.metadata.tags,
      hops: input.HttpPutResponseHopLimit ?? instance.metadata.hops,
    };
    return {
      InstanceId: instance.id,
      InstanceMetadataOptions: instanceOf(call, instance).MetadataOptions!,
    };
  },

  AssociateIamInstanceProfile(input: AssociateIamInstanceProfileRequest, call: Ec2Call) {
    const instance = byId('instance', call.state.instances, input.InstanceId);
    if (instance.profile !== undefined)
      throw refuse.other('IncorrectState', `There is an existing association for instance ${instance.id}`);
    const { Arn, Name } = input.IamInstanceProfile ?? {};
    instance.profile = Arn ?? `arn:aws:iam::${call.account}:instance-profile/${Name}`;
    return { IamInstanceProfileAssociation: shown(associationOf(instance)) };
  },

  DisassociateIamInstanceProfile(input: DisassociateIamInstanceProfileRequest, { state }: Ec2Call) {
    const instance = Object.values(state.instances).find(
      it => it.profile !== undefined && associationOf(it).id === input.AssociationId,
    );
    if (!instance)
      throw refuse.other(
        'InvalidAssociationID.NotFound',
        `An invalid association-id of '${input.AssociationId}' was given`,
      );
    const association = shown(associationOf(instance));
    delete instance.profile;
    return { IamInstanceProfileAssociation: { ...association, State: 'disassociating' } };
  },

  DescribeIamInstanceProfileAssociations(
    input: DescribeIamInstanceProfileAssociationsRequest,
    { state }: Ec2Call,
  ) {
    const all = Object.values(state.instances)
      .filter(({ profile }) => profile !== undefined)
      .map(associationOf)
      .filter(({ id }) => !input.AssociationIds?.length || input.AssociationIds.includes(id));
    const { page, ...token } = select(state, all, input, (it, filter) =>
      filter === 'instance-id' ? [it.InstanceId] : filter === 'state' ? [it.State] : undefined,
    );
    return { IamInstanceProfileAssociations: page.map(shown), ...token };
  },
} satisfies Ec2Actions;
