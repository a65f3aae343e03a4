import {
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupEgressCommand,
  CreateInternetGatewayCommand,
  CreateNetworkInterfaceCommand,
  CreateRouteCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  DescribeDhcpOptionsCommand,
  DescribeNetworkAclsCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
} from '@aws-sdk/client-ec2';
import { expect, onTestFinished, test } from 'vitest';
import { testNetwork, testProber } from '../../../src/app/recovery/test-network.ts';
import { apply } from '../../../src/engine/apply/apply.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { waysOut } from '../../../src/recovery/failover/isolation.ts';
import { NETWORK_TAG } from '../../../src/recovery/model/networks.ts';
import { isolatedNetwork } from '../../../src/resources/aws/network/isolated_network.ts';
import { catalogOf, declare, testRun, testWorld, volatileMemory } from '../../support/engine-world.ts';
import { pilotLab } from '../../support/pilot-lab.ts';

const properties = {
  cidr: '10.0.0.0/16',
  subnets: { '10.0.1.0/24': 'eu-west-1a', '10.0.2.0/24': 'eu-west-1b' },
};

async function account() {
  const { lab, recovery, ec2, connect, targets, close } = await pilotLab();
  onTestFinished(close);
  const memory = volatileMemory();
  const converge = async (change: object = {}, ensure: 'present' | 'absent' = 'present') => {
    const world = testWorld({ connect, memory });
    const run = testRun([isolatedNetwork], world);
    const declared = declare('isolated_network:drill', { ...properties, ...change }, { ensure });
    const planned = await plan(catalogOf([declared], targets), run, { engine: '1.0.0' });
    const report = await apply(planned, run, { allow: ['isolated_network:drill'] });
    return { planned: planned.resources[0]!, result: report.results[0]! };
  };
  const found = async () => (await recovery.networks.find('drill')).get('drill') ?? [];
  const ours = { Filters: [{ Name: 'tag-key', Values: [NETWORK_TAG] }] };
  return { lab, recovery, ec2, converge, found, ours };
}

test('what it builds is proven to be apart, with its default network ACL as it came', async () => {
  const { recovery, ec2, converge, found } = await account();
  const { result } = await converge();
  const [network] = await found();
  expect(result).toMatchObject({ result: 'changed', shows: { vpc: network!.vpc } });
  const [group] = await recovery.groups.list({ tags: { [NETWORK_TAG]: 'drill' } });
  for (const { id } of network!.subnets)
    expect(waysOut(await recovery.machines.network([id], group!.id))).toEqual([]);
  const Filters = [{ Name: 'vpc-id', Values: [network!.vpc] }];
  const acls = await ec2.send(new DescribeNetworkAclsCommand({ Filters }));
  expect(acls.NetworkAcls).toMatchObject([{ IsDefault: true }]);
});

test('a route of its own table and a rule of its own group are taken away again, and the plan says so', async () => {
  const { recovery, ec2, converge, found } = await account();
  await converge();
  const [network] = await found();
  const RouteTableId = network!.table!.id;
  const to = { DestinationCidrBlock: '10.7.0.0/16', TransitGatewayId: 'tgw-0123456789abcdef0' };
  await ec2.send(new CreateRouteCommand({ RouteTableId, ...to }));
  const [group] = await recovery.groups.list({ tags: { [NETWORK_TAG]: 'drill' } });
  const IpPermissions = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '192.0.2.0/24' }] }];
  await ec2.send(new AuthorizeSecurityGroupEgressCommand({ GroupId: group!.id, IpPermissions }));
  const { planned, result } = await converge();
  expect(planned.fields).toMatchObject([
    { path: '/group', before: 'out to 192.0.2.0/24', after: 'only itself' },
    { path: '/routes', before: '10.7.0.0/16 by tgw-0123456789abcdef0', after: 'local alone' },
  ]);
  expect(result.result).toBe('changed');
  expect((await converge()).result.result).toBe('unchanged');
});

test('a gateway that somebody else gave it is told and left, and nothing else is done', async () => {
  const { ec2, converge, found } = await account();
  await converge();
  const { InternetGateway } = await ec2.send(new CreateInternetGatewayCommand({}));
  const { InternetGatewayId } = InternetGateway!;
  await ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: (await found())[0]!.vpc }));
  for (const ensure of ['present', 'absent'] as const) {
    const { planned, result } = await converge({ name_servers: 'none' }, ensure);
    expect(planned.action).toBe('failed');
    expect(result).toMatchObject({ result: 'failed' });
    expect(JSON.stringify([planned, result])).toContain(`internet gateway ${InternetGatewayId}`);
  }
  expect(await found()).toMatchObject([{ dns: true, doors: [`internet gateway ${InternetGatewayId}`] }]);
});

test('without name servers the VPC tells none and answers none', async () => {
  const { ec2, converge, found, ours } = await account();
  await converge();
  expect((await ec2.send(new DescribeDhcpOptionsCommand(ours))).DhcpOptions).toMatchObject([
    { DhcpConfigurations: [{ Key: 'domain-name-servers', Values: [{ Value: 'AmazonProvidedDNS' }] }] },
  ]);
  const { planned, result } = await converge({ name_servers: 'none' });
  expect(planned.fields).toMatchObject([{ path: '/name_servers', before: 'amazon', after: 'none' }]);
  expect(result.result).toBe('changed');
  const VpcId = (await found())[0]!.vpc;
  const attribute = new DescribeVpcAttributeCommand({ VpcId, Attribute: 'enableDnsSupport' });
  expect((await ec2.send(attribute)).EnableDnsSupport).toEqual({ Value: false });
  expect((await ec2.send(new DescribeDhcpOptionsCommand(ours))).DhcpOptions).toEqual([]);
});

test.for(['CreateVpc', 'CreateSubnet', 'CreateRouteTable', 'CreateDhcpOptions', 'CreateSecurityGroup'])(
  'the answer of %s is lost: nothing is there twice, and the next plan is empty',
  async operation => {
    const { lab, ec2, converge, ours } = await account();
    await lab.command({ do: 'fault', on: 'ec2', rule: { kind: 'lost-answer', operation } });
    await converge();
    await converge();
    expect((await converge()).planned.action).toBe('none');
    expect((await ec2.send(new DescribeVpcsCommand(ours))).Vpcs).toHaveLength(1);
    expect((await ec2.send(new DescribeSubnetsCommand(ours))).Subnets).toHaveLength(2);
    expect((await ec2.send(new DescribeRouteTablesCommand(ours))).RouteTables).toHaveLength(1);
    expect((await ec2.send(new DescribeDhcpOptionsCommand(ours))).DhcpOptions).toHaveLength(1);
  },
);

test('a subnet that is no longer declared goes, and comes back in another zone', async () => {
  const { converge, found } = await account();
  await converge();
  await converge({ subnets: { '10.0.1.0/24': 'eu-west-1b' } });
  expect(await found()).toMatchObject([{ subnets: [{ cidr: '10.0.1.0/24', zone: 'eu-west-1b' }] }]);
});

test('what somebody put into it keeps it, and the message says which part is used', async () => {
  const { ec2, converge, found } = await account();
  await converge();
  const [network] = await found();
  const SubnetId = network!.subnets[1]!.id;
  await ec2.send(new CreateNetworkInterfaceCommand({ SubnetId }));
  const { result } = await converge({}, 'absent');
  expect(result.diagnostic).toMatchObject({
    code: 'network-in-use',
    message: expect.stringContaining(SubnetId),
  });
});

test('a subnet without the tag is never removed, nor the VPC that holds it', async () => {
  const { ec2, converge, found } = await account();
  await converge();
  const VpcId = (await found())[0]!.vpc;
  const made = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.0.9.0/24' }));
  expect((await converge()).planned.action).toBe('none');
  const { result } = await converge({}, 'absent');
  expect(result.diagnostic).toMatchObject({
    code: 'network-in-use',
    message: expect.stringContaining(VpcId),
  });
  const SubnetIds = [made.Subnet!.SubnetId!];
  expect((await ec2.send(new DescribeSubnetsCommand({ SubnetIds }))).Subnets).toHaveLength(1);
});

test('two VPCs that say they are it are told, and neither is changed', async () => {
  const { ec2, converge, found } = await account();
  await converge();
  const [other] = (await ec2.send(new DescribeVpcsCommand({}))).Vpcs!;
  const Tags = [{ Key: NETWORK_TAG, Value: 'drill' }];
  await ec2.send(new CreateTagsCommand({ Resources: [other!.VpcId!], Tags }));
  for (const ensure of ['present', 'absent'] as const)
    expect(JSON.stringify(await converge({}, ensure))).toContain('network-twice');
  expect(await found()).toHaveLength(2);
});

test('a plan names it: all its subnets and its group are meant; one that is not whole is refused', async () => {
  const { recovery, converge, found } = await account();
  const test = { network: 'drill', teardown: 'none' };
  await expect(testNetwork(test, recovery)).rejects.toMatchObject({
    diagnostics: [{ code: 'network-not-found' }],
  });
  await converge();
  const [group] = await recovery.groups.list({ tags: { [NETWORK_TAG]: 'drill' } });
  const subnets = (await found())[0]!.subnets.map(({ id }) => id).sort();
  expect(await testNetwork(test, recovery)).toEqual({ subnets, group: group!.id });
  await recovery.groups.remove(group!.id);
  await expect(testNetwork(test, recovery)).rejects.toThrow('not there, or not whole');
});

test('in it a prober is the newest Amazon Linux 2023 where nothing else is said, and only where one is needed', async () => {
  const { recovery } = await account();
  const through = [{ kind: 'tcp' as const, port: 22, within: 0 }];
  const test = { network: 'drill', teardown: 'none' };
  const image = await recovery.shells.newestLinux();
  expect(await recovery.shells.image(image!)).toMatchObject({ id: image });
  expect(await testProber(test, through, recovery)).toEqual({ image, type: 't3.micro' });
  expect(await testProber(test, [{ kind: 'status', within: 0 }], recovery)).toBeUndefined();
  const given = { subnet: 'subnet-1', security_group: 'sg-1', teardown: 'none' };
  expect(await testProber(given, through, recovery)).toBeUndefined();
  const prober = { type: 't3.nano', image: 'ami-0123456789abcdef0' };
  await expect(testProber({ ...given, prober }, through, recovery)).rejects.toMatchObject({
    diagnostics: [{ code: 'prober-image' }],
  });
});
