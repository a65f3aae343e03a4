import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  type EC2Client,
  RevokeSecurityGroupEgressCommand,
} from '@aws-sdk/client-ec2';

/**
 * A network as a test wants it: a VPC that nothing leads out of, and a group that names only itself.
 *
 * @param ipv6 the VPC has a block of it, of which no subnet has any
 */
export async function apart(
  ec2: EC2Client,
  ipv6 = false,
): Promise<{ vpc: string; subnet: string; group: string }> {
  const { Vpc } = await ec2.send(
    new CreateVpcCommand({ CidrBlock: '10.9.0.0/16', AmazonProvidedIpv6CidrBlock: ipv6 }),
  );
  const VpcId = Vpc!.VpcId!;
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({ VpcId, CidrBlock: '10.9.1.0/24', AvailabilityZone: 'eu-west-1a' }),
  );
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({ VpcId, GroupName: 'apart', Description: 'only itself' }),
  );
  const everything = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
  await ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions: everything }));
  const itself = [{ IpProtocol: '-1', UserIdGroupPairs: [{ GroupId }] }];
  await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: itself }));
  return { vpc: VpcId, subnet: Subnet!.SubnetId!, group: GroupId! };
}
