import type { EC2Client, IpPermission, SecurityGroup } from '@aws-sdk/client-ec2';
import type { CloudGroup, GroupCloud, GroupRule } from '../../recovery/model/groups.ts';
import type { RecoveryConnection } from './connection.ts';
import { filtersOf, tagsOf, toTags } from './tags.ts';

export function awsGroups({ ec2, onEc2 }: RecoveryConnection): GroupCloud {
  return {
    async list(which, signal) {
      const asked =
        'ids' in which
          ? { GroupIds: [...which.ids] }
          : {
              Filters: 'vpc' in which ? [{ Name: 'vpc-id', Values: [which.vpc] }] : filtersOf(which.tags),
              MaxResults: 1000,
            };
      if ('ids' in which && which.ids.length === 0) return [];
      const found: CloudGroup[] = [];
      let NextToken: string | undefined;
      do {
        const command = new ec2.DescribeSecurityGroupsCommand({
          ...asked,
          ...(NextToken !== undefined && { NextToken }),
        });
        const answer = await onEc2(
          'DescribeSecurityGroups',
          'ids' in which ? which.ids.join(', ') : 'vpc' in which ? which.vpc : 'the groups of a failover',
          (client, options) => client.send(command, options),
          { signal, expected: /^InvalidGroup\.NotFound$/ },
        );
        found.push(...(answer?.SecurityGroups ?? []).map(groupOf));
        NextToken = answer?.NextToken || undefined;
      } while (NextToken !== undefined);
      return found;
    },

    async create({ name, vpc, description, tags }, signal) {
      const command = new ec2.CreateSecurityGroupCommand({
        GroupName: name,
        VpcId: vpc,
        Description: description,
        TagSpecifications: [{ ResourceType: 'security-group', Tags: toTags(tags) }],
      });
      const send = (client: EC2Client, options: object) => client.send(command, options);
      // It does not know tokens: a second attempt after a lost answer finds the name taken, by ourselves.
      const answer = await onEc2('CreateSecurityGroup', name, send, {
        signal,
        expected: /^InvalidGroup\.Duplicate$/,
      });
      return answer?.GroupId;
    },

    async allow(GroupId, rules, signal) {
      for (const egress of [false, true]) {
        const IpPermissions = permissions(rules, egress);
        if (IpPermissions.length === 0) continue;
        const action = egress ? 'AuthorizeSecurityGroupEgress' : 'AuthorizeSecurityGroupIngress';
        const send = (client: EC2Client, options: object) =>
          egress
            ? client.send(new ec2.AuthorizeSecurityGroupEgressCommand({ GroupId, IpPermissions }), options)
            : client.send(new ec2.AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }), options);
        await onEc2<unknown>(action, GroupId, send, { signal, expected: /^InvalidPermission\.Duplicate$/ });
      }
    },

    async revoke(GroupId, rules, signal) {
      for (const egress of [false, true]) {
        const IpPermissions = permissions(rules, egress);
        if (IpPermissions.length === 0) continue;
        const action = egress ? 'RevokeSecurityGroupEgress' : 'RevokeSecurityGroupIngress';
        const send = (client: EC2Client, options: object) =>
          egress
            ? client.send(new ec2.RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions }), options)
            : client.send(new ec2.RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions }), options);
        await onEc2<unknown>(action, GroupId, send, { signal, expected: /^InvalidPermission\.NotFound$/ });
      }
    },

    async remove(GroupId, signal) {
      let used = false;
      await onEc2(
        'DeleteSecurityGroup',
        GroupId,
        async (client, options) => {
          try {
            await client.send(new ec2.DeleteSecurityGroupCommand({ GroupId }), options);
          } catch (error) {
            used = (error as Error).name === 'DependencyViolation';
            if (!used) throw error;
          }
        },
        { signal, expected: /^InvalidGroup\.NotFound$/ },
      );
      return !used;
    },

    async subnet(id, signal) {
      const command = new ec2.DescribeSubnetsCommand({ SubnetIds: [id] });
      const answer = await onEc2('DescribeSubnets', id, (client, options) => client.send(command, options), {
        signal,
        expected: /^InvalidSubnetID\./,
      });
      const [found] = answer?.Subnets ?? [];
      return found?.VpcId === undefined
        ? undefined
        : { vpc: found.VpcId, zone: found.AvailabilityZone ?? '' };
    },

    async keyPairs(signal) {
      const command = new ec2.DescribeKeyPairsCommand({});
      const answer = await onEc2(
        'DescribeKeyPairs',
        'the key pairs',
        (client, options) => client.send(command, options),
        { signal },
      );
      return (answer?.KeyPairs ?? []).map(({ KeyPairId = '', KeyName = '' }) => ({
        id: KeyPairId,
        name: KeyName,
      }));
    },
  };
}

const groupOf = (it: SecurityGroup): CloudGroup => ({
  id: it.GroupId ?? '',
  name: it.GroupName ?? '',
  vpc: it.VpcId ?? '',
  tags: tagsOf(it.Tags),
  rules: [...rulesOf(it.IpPermissions, false), ...rulesOf(it.IpPermissionsEgress, true)],
});

const rulesOf = (permissions: IpPermission[] | undefined, egress: boolean): GroupRule[] =>
  (permissions ?? []).flatMap(it =>
    [
      ...(it.IpRanges ?? []).map(({ CidrIp }) => CidrIp),
      ...(it.Ipv6Ranges ?? []).map(({ CidrIpv6 }) => CidrIpv6),
      ...(it.PrefixListIds ?? []).map(({ PrefixListId }) => PrefixListId),
      ...(it.UserIdGroupPairs ?? []).map(({ GroupId }) => GroupId),
    ].map(peer => ({
      egress,
      protocol: it.IpProtocol ?? '-1',
      ...(it.FromPort !== undefined && { from: it.FromPort }),
      ...(it.ToPort !== undefined && { to: it.ToPort }),
      peer: peer ?? '',
    })),
  );

const permissions = (rules: readonly GroupRule[], egress: boolean): IpPermission[] =>
  rules
    .filter(rule => rule.egress === egress)
    .map(({ protocol, from, to, peer }) => ({
      IpProtocol: protocol,
      ...(from !== undefined && { FromPort: from }),
      ...(to !== undefined && { ToPort: to }),
      ...(peer.startsWith('sg-')
        ? { UserIdGroupPairs: [{ GroupId: peer }] }
        : peer.startsWith('pl-')
          ? { PrefixListIds: [{ PrefixListId: peer }] }
          : peer.includes(':')
            ? { Ipv6Ranges: [{ CidrIpv6: peer }] }
            : { IpRanges: [{ CidrIp: peer }] }),
    }));
