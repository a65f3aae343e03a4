import type {
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  DescribeInstancesRequest,
  DescribeInstancesResult,
  Instance,
  InstanceStatusSummary,
} from '@aws-sdk/client-ec2';
import type { FleetMember } from '../../instance/member.ts';
import type { Ec2Actions, Ec2Call } from '../world/call.ts';
import { select } from '../world/describe.ts';
import { byIds, refuse } from '../world/errors.ts';
import { hasStarted } from '../world/pace.ts';
import { type Ec2State, type LabInstance, PENDING } from '../world/state.ts';
import { instanceOf, memberOf, stateOf } from './instance-output.ts';
import { settleInstances } from './instances.ts';

/** Most of one page, whatever is asked for. */
const largestPage = 100;
const mostIds = 100;

/** One that EC2 lists: of this account's machines, or one that was added to a fleet. */
type Listed = { id: string } & ({ own: LabInstance; member?: never } | { member: FleetMember; own?: never });

function listed({ state, fleet }: Ec2Call, ids: string[] | undefined): Listed[] {
  const members = fleet.map((member): Listed => ({ id: member.instanceId, member }));
  const own = Object.values(state.instances).map((it): Listed => ({ id: it.id, own: it }));
  const all = [...members, ...own];
  if (!ids || ids.length === 0) return all;
  const chosen = new Set(byIds('instance', all, ids));
  return all.filter(each => chosen.has(each));
}

const ownOf = (all: readonly Listed[]): LabInstance[] => all.flatMap(({ own }) => own ?? []);

export const describeInstanceActions = {
  async DescribeInstances(input: DescribeInstancesRequest, call: Ec2Call): Promise<DescribeInstancesResult> {
    const { state, account } = call;
    const all = listed(call, input.InstanceIds);
    const settled = ownOf(all).filter(
      ({ state: its, launched }) => its === 'pending' && call.now - launched >= PENDING,
    );
    await settleInstances(call, settled);
    const { page, ...token } = select(withMemberTags(call), all, input, valuesOf(state), {
      ids: input.InstanceIds,
      idsName: 'instancesSet',
      largest: largestPage,
    });
    const answer = {
      Reservations: reservations(page, account, each =>
        each.own ? instanceOf(call, each.own) : memberOf(each.member),
      ),
      ...token,
    };
    await settleInstances(call, ownOf(all));
    return answer;
  },

  /** Of running ones unless all are asked for; the others have no checks. */
  async DescribeInstanceStatus(
    input: DescribeInstanceStatusRequest,
    call: Ec2Call,
  ): Promise<DescribeInstanceStatusResult> {
    if ((input.InstanceIds ?? []).length > mostIds)
      throw refuse.parameter(`Maximum ${mostIds} explicitly specified instance IDs.`);
    const all = listed(call, input.InstanceIds);
    const chosen = all.filter(
      it => input.IncludeAllInstances === true || (it.own ?? it.member).state === 'running',
    );
    const { page, ...token } = select(withMemberTags(call), chosen, input, valuesOf(call.state), {
      ids: input.InstanceIds,
      idsName: 'instancesSet',
      largest: largestPage,
    });
    const InstanceStatuses = page.map(each => {
      const it = each.own ?? each.member;
      const zone = each.own && call.state.subnets[each.own.subnet]?.zone;
      const check = (result: FleetMember['systemCheck']): InstanceStatusSummary =>
        it.state === 'running'
          ? {
              Status: result,
              Details: [{ Name: 'reachability', Status: detail[result] }],
            }
          : { Status: 'not-applicable' };
      return {
        InstanceId: each.id,
        ...(zone !== undefined && { AvailabilityZone: zone }),
        InstanceState: stateOf(it.state),
        SystemStatus: check(it.systemCheck),
        InstanceStatus: check(it.instanceCheck),
      };
    });
    for (const it of ownOf(chosen)) {
      // What QEMU runs is said by whoever watches it.
      if (it.state !== 'running' || it.systemCheck !== 'initializing' || it.boot?.by === 'qemu') continue;
      if (!hasStarted(call, it)) continue;
      it.systemCheck = 'ok';
      it.instanceCheck = it.boot?.boots === true ? 'ok' : 'impaired';
    }
    await settleInstances(
      call,
      ownOf(all).filter(({ state }) => state !== 'running'),
    );
    return { InstanceStatuses, ...token };
  },
} satisfies Ec2Actions;

const detail = {
  ok: 'passed',
  impaired: 'failed',
  initializing: 'initializing',
  'insufficient-data': 'insufficient-data',
} as const;

/** Filters find the tags of fleet members where those of all else are. */
const withMemberTags = ({ state, fleet }: Ec2Call): Ec2State => ({
  ...state,
  tags: { ...state.tags, ...Object.fromEntries(fleet.map(({ instanceId, tags }) => [instanceId, tags])) },
});

function reservations(page: readonly Listed[], owner: string, write: (each: Listed) => Instance) {
  const byReservation = new Map<string, Instance[]>();
  for (const each of page) {
    // A fleet's members were each launched alone.
    const key = each.own?.reservation ?? `r-${each.id.slice(2)}`;
    byReservation.set(key, [...(byReservation.get(key) ?? []), write(each)]);
  }
  return [...byReservation].map(([ReservationId, Instances]) => ({
    ReservationId,
    OwnerId: owner,
    Groups: [],
    Instances,
  }));
}

const valuesOf =
  (state: Ec2State) =>
  ({ own, member }: Listed, filter: string): (string | undefined)[] | undefined => {
    const it = own ?? member;
    switch (filter) {
      case 'instance-state-name':
        return [it.state];
      case 'instance-state-code':
        return [String(stateOf(it.state).Code)];
      case 'instance-id':
        return [own?.id ?? member?.instanceId];
      case 'private-ip-address':
        return [it.privateIp];
      case 'instance-type':
        return [own?.type ?? member?.instanceType];
      case 'client-token':
        return [own?.token];
      case 'image-id':
        return [own?.image];
      case 'subnet-id':
        return [own?.subnet];
      case 'vpc-id':
        return [own && state.subnets[own.subnet]?.vpc];
      case 'availability-zone':
        return [own && state.subnets[own.subnet]?.zone];
      case 'key-name':
        return [own?.key];
      case 'reservation-id':
        return [own?.reservation];
      case 'instance.group-id':
      case 'network-interface.group-id':
        return own?.groups ?? [];
      case 'block-device-mapping.volume-id':
        return own?.devices.map(({ volume }) => volume) ?? [];
      case 'root-device-name':
        return [own?.rootDevice];
      case 'platform':
        return [own?.platform];
      case 'platform-details':
        return [own?.platformDetails];
      default:
        return undefined;
    }
  };
