import type {
  AuthorizeSecurityGroupIngressRequest,
  CreateSecurityGroupRequest,
  CreateSecurityGroupResult,
  DeleteSecurityGroupRequest,
  DescribeSecurityGroupRulesRequest,
  DescribeSecurityGroupRulesResult,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
  IpPermission,
  RevokeSecurityGroupIngressRequest,
  SecurityGroupRule,
} from '@aws-sdk/client-ec2';
import { type Ec2Actions, type Ec2Call, requestedTags, setTags } from '../world/call.ts';
import { select, tagSet } from '../world/describe.ts';
import { byId, byIds, refuse } from '../world/errors.ts';
import { networkOf } from '../world/network-of.ts';
import type { Rule, SecurityGroup } from '../world/state.ts';

const protocols: Record<string, string> = { '6': 'tcp', '17': 'udp', '1': 'icmp', all: '-1' };

/** Without ids: one per peer. */
function rulesOf(permissions: readonly IpPermission[], egress: boolean): Omit<Rule, 'id'>[] {
  return permissions.flatMap(it => {
    const protocol = protocols[it.IpProtocol ?? ''] ?? it.IpProtocol ?? '-1';
    const needsPorts = protocol === 'tcp' || protocol === 'udp';
    if (needsPorts && (it.FromPort === undefined || it.ToPort === undefined))
      throw refuse.parameter('Invalid value for portRange: TCP and UDP need FromPort and ToPort.');
    const peers = [
      ...(it.IpRanges ?? []).map(each => ({ peer: networkOf(each.CidrIp), text: each.Description })),
      ...(it.Ipv6Ranges ?? []).map(each => ({ peer: networkOf(each.CidrIpv6), text: each.Description })),
      ...(it.PrefixListIds ?? []).map(each => ({ peer: each.PrefixListId, text: each.Description })),
      ...(it.UserIdGroupPairs ?? []).map(each => ({ peer: each.GroupId, text: each.Description })),
    ];
    return peers.map(({ peer = '', text }) => ({
      egress,
      protocol,
      ...(protocol !== '-1' && it.FromPort !== undefined && { from: it.FromPort }),
      ...(protocol !== '-1' && it.ToPort !== undefined && { to: it.ToPort }),
      peer,
      ...(text !== undefined && { description: text }),
    }));
  });
}

const same = (a: Omit<Rule, 'id'>, b: Omit<Rule, 'id'>) =>
  a.egress === b.egress &&
  a.protocol === b.protocol &&
  a.from === b.from &&
  a.to === b.to &&
  a.peer === b.peer;

/** Rules of the same protocol and ports are one permission. */
function permissionsOf({ account }: Ec2Call, rules: readonly Rule[]): IpPermission[] {
  const byPorts = new Map<string, Rule[]>();
  for (const rule of rules) {
    const key = `${rule.protocol} ${rule.from} ${rule.to}`;
    byPorts.set(key, [...(byPorts.get(key) ?? []), rule]);
  }
  return [...byPorts.values()].map(each => {
    const [{ protocol, from, to }] = each as [Rule];
    const of = (test: RegExp) => each.filter(({ peer }) => test.test(peer));
    const said = ({ description }: Rule) => description !== undefined && { Description: description };
    return {
      IpProtocol: protocol,
      ...(from !== undefined && { FromPort: from }),
      ...(to !== undefined && { ToPort: to }),
      IpRanges: of(/^[\d.]+\//).map(rule => ({ CidrIp: rule.peer, ...said(rule) })),
      Ipv6Ranges: of(/:/).map(rule => ({ CidrIpv6: rule.peer, ...said(rule) })),
      PrefixListIds: of(/^pl-/).map(rule => ({ PrefixListId: rule.peer, ...said(rule) })),
      UserIdGroupPairs: of(/^sg-/).map(rule => ({ GroupId: rule.peer, UserId: account, ...said(rule) })),
    };
  });
}

const ruleOutput = ({ account }: Ec2Call, group: SecurityGroup, rule: Rule): SecurityGroupRule => ({
  SecurityGroupRuleId: rule.id,
  GroupId: group.id,
  GroupOwnerId: account,
  IsEgress: rule.egress,
  IpProtocol: rule.protocol,
  FromPort: rule.from ?? -1,
  ToPort: rule.to ?? -1,
  ...(rule.peer.startsWith('sg-')
    ? { ReferencedGroupInfo: { GroupId: rule.peer, UserId: account } }
    : rule.peer.startsWith('pl-')
      ? { PrefixListId: rule.peer }
      : rule.peer.includes(':')
        ? { CidrIpv6: rule.peer }
        : { CidrIpv4: rule.peer }),
  ...(rule.description !== undefined && { Description: rule.description }),
  Tags: [],
});

/** EC2's own way to say a single rule, without a list of permissions. */
const permissionsIn = (input: AuthorizeSecurityGroupIngressRequest): IpPermission[] =>
  input.IpPermissions ??
  (input.IpProtocol === undefined
    ? []
    : [
        {
          IpProtocol: input.IpProtocol,
          FromPort: input.FromPort,
          ToPort: input.ToPort,
          IpRanges: input.CidrIp === undefined ? [] : [{ CidrIp: input.CidrIp }],
        },
      ]);

function authorize(egress: boolean) {
  return (input: AuthorizeSecurityGroupIngressRequest, call: Ec2Call) => {
    const group = groupOf(call, input);
    const added = rulesOf(permissionsIn(input), egress).map(rule => {
      if (rule.peer.startsWith('sg-')) byId('group', call.state.groups, rule.peer);
      const known = group.rules.find(each => same(each, rule));
      if (known)
        throw refuse.other(
          'InvalidPermission.Duplicate',
          `the specified rule "peer: ${rule.peer}, ${rule.protocol}, ALLOW" already exists`,
        );
      const made = { ...rule, id: call.newId('sgr') };
      group.rules.push(made);
      return made;
    });
    return { Return: true, SecurityGroupRules: added.map(rule => ruleOutput(call, group, rule)) };
  };
}

function revoke(egress: boolean) {
  return (input: RevokeSecurityGroupIngressRequest, call: Ec2Call) => {
    const group = groupOf(call, input);
    const unwanted = rulesOf(permissionsIn(input), egress);
    const missing = unwanted.find(rule => !group.rules.some(each => same(each, rule)));
    if (missing)
      throw refuse.other(
        'InvalidPermission.NotFound',
        'The specified rule does not exist in this security group.',
      );
    group.rules = group.rules.filter(
      rule =>
        !unwanted.some(each => same(each, rule)) && !(input.SecurityGroupRuleIds ?? []).includes(rule.id),
    );
    return { Return: true };
  };
}

function groupOf(
  { state }: Ec2Call,
  input: { GroupId?: string | undefined; GroupName?: string | undefined },
) {
  if (input.GroupId !== undefined) return byId('group', state.groups, input.GroupId);
  const vpc = Object.values(state.vpcs).find(({ isDefault }) => isDefault)?.id;
  const found = Object.values(state.groups).find(it => it.vpc === vpc && it.name === input.GroupName);
  if (found) return found;
  throw refuse.other('InvalidGroup.NotFound', `The security group '${input.GroupName}' does not exist`);
}

export const groupActions = {
  CreateSecurityGroup(input: CreateSecurityGroupRequest, call: Ec2Call): CreateSecurityGroupResult {
    const { state } = call;
    const vpc =
      input.VpcId === undefined
        ? Object.values(state.vpcs).find(({ isDefault }) => isDefault)
        : byId('vpc', state.vpcs, input.VpcId);
    if (!vpc) throw refuse.other('VPCIdNotSpecified', 'No default VPC for this user');
    const name = input.GroupName ?? '';
    if (!/^[\w .:\-/()#,@[\]+=&;{}!$*]{1,255}$/.test(name) || /^sg-/i.test(name))
      throw refuse.parameter(`Value (${name}) for parameter GroupName is invalid.`);
    if (Object.values(state.groups).some(it => it.vpc === vpc.id && it.name === name))
      throw refuse.other(
        'InvalidGroup.Duplicate',
        `The security group '${name}' already exists for VPC '${vpc.id}'`,
      );
    const id = call.newId('sg');
    const everywhere = { id: call.newId('sgr'), egress: true, protocol: '-1', peer: '0.0.0.0/0' };
    state.groups[id] = { id, vpc: vpc.id, name, description: input.Description ?? '', rules: [everywhere] };
    setTags(call, id, requestedTags(input.TagSpecifications, 'security-group'));
    return { GroupId: id, ...(state.tags[id] && { Tags: tagSet(state, id) }) };
  },

  DeleteSecurityGroup(input: DeleteSecurityGroupRequest, call: Ec2Call): object {
    const { state } = call;
    const group = groupOf(call, input);
    if (group.name === 'default')
      throw refuse.other('CannotDelete', 'the specified group: "default" name: "default" cannot be deleted');
    const used =
      Object.values(state.instances).some(it => it.state !== 'terminated' && it.groups.includes(group.id)) ||
      Object.values(state.interfaces ?? {}).some(it => it.groups.includes(group.id)) ||
      Object.values(state.groups).some(
        it => it.id !== group.id && it.rules.some(({ peer }) => peer === group.id),
      );
    if (used) throw refuse.dependency(`resource ${group.id} has a dependent object`);
    delete state.groups[group.id];
    delete state.tags[group.id];
    return { Return: true, GroupId: group.id };
  },

  DescribeSecurityGroups(input: DescribeSecurityGroupsRequest, call: Ec2Call): DescribeSecurityGroupsResult {
    const { state, account } = call;
    const named = input.GroupNames?.map(GroupName => groupOf(call, { GroupName }));
    const all =
      named && named.length > 0 ? named : byIds('group', Object.values(state.groups), input.GroupIds);
    const { page, ...token } = select(
      state,
      all,
      input,
      (it, filter) => {
        const peers = it.rules.filter(({ egress }) => !egress).map(({ peer }) => peer);
        switch (filter) {
          case 'group-id':
            return [it.id];
          case 'group-name':
            return [it.name];
          case 'vpc-id':
            return [it.vpc];
          case 'description':
            return [it.description];
          case 'ip-permission.cidr':
          case 'ip-permission.group-id':
            return peers;
          default:
            return undefined;
        }
      },
      { ids: input.GroupIds, idsName: 'groupIds' },
    );
    return {
      SecurityGroups: page.map(it => ({
        GroupId: it.id,
        GroupName: it.name,
        Description: it.description,
        OwnerId: account,
        VpcId: it.vpc,
        IpPermissions: permissionsOf(
          call,
          it.rules.filter(({ egress }) => !egress),
        ),
        IpPermissionsEgress: permissionsOf(
          call,
          it.rules.filter(({ egress }) => egress),
        ),
        Tags: tagSet(state, it.id),
      })),
      ...token,
    };
  },

  DescribeSecurityGroupRules(
    input: DescribeSecurityGroupRulesRequest,
    call: Ec2Call,
  ): DescribeSecurityGroupRulesResult {
    const { state } = call;
    const all = Object.values(state.groups)
      .flatMap(group => group.rules.map(rule => ({ id: rule.id, group, rule })))
      .filter(({ id }) => !input.SecurityGroupRuleIds || input.SecurityGroupRuleIds.includes(id));
    const { page, ...token } = select(state, all, input, ({ id, group }, filter) =>
      filter === 'group-id' ? [group.id] : filter === 'security-group-rule-id' ? [id] : undefined,
    );
    return { SecurityGroupRules: page.map(({ group, rule }) => ruleOutput(call, group, rule)), ...token };
  },

  AuthorizeSecurityGroupIngress: authorize(false),
  AuthorizeSecurityGroupEgress: authorize(true),
  RevokeSecurityGroupIngress: revoke(false),
  RevokeSecurityGroupEgress: revoke(true),
} satisfies Ec2Actions;
