import {
  AuthorizeSecurityGroupIngressCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  ModifyInstanceAttributeCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { ec2Lab, refusal } from './fixture.ts';

/** Amazon's image of that name. */
async function stock(ec2: EC2Client, name: string): Promise<string> {
  const Filters = [{ Name: 'name', Values: [name] }];
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'], Filters }));
  return Images![0]!.ImageId!;
}

async function opened() {
  const it = await ec2Lab();
  const ImageId = await stock(it.ec2, 'al2023*');
  const run = (more: Partial<RunInstancesCommandInput> = {}) =>
    it.ec2.send(
      new RunInstancesCommand({ ImageId, InstanceType: 'm6i.large', MinCount: 1, MaxCount: 1, ...more }),
    );
  const { Vpcs } = await it.ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: 'tag:Name', Values: ['isolated'] }] }),
  );
  return { ...it, ImageId, run, vpc: Vpcs![0]!.VpcId! };
}

test('a token launches once; with other parameters it is refused', async () => {
  const { run, ec2 } = await opened();
  const first = await run({ ClientToken: 'run-1' });
  const second = await run({ ClientToken: 'run-1' });
  expect(second.ReservationId).toBe(first.ReservationId);
  expect(await refusal(run({ ClientToken: 'run-1', InstanceType: 'm6i.xlarge' }))).toBe(
    'IdempotentParameterMismatch',
  );
  expect(
    (await ec2.send(new DescribeInstancesCommand({ Filters: [{ Name: 'client-token', Values: ['run-1'] }] })))
      .Reservations!.length,
  ).toBe(1);
});

test('a dry run says that it would, or why not, and does nothing', async () => {
  const { run, ec2 } = await opened();
  expect(await refusal(run({ DryRun: true }))).toBe('DryRunOperation');
  expect(await refusal(run({ DryRun: true, SubnetId: 'subnet-00000000000000000' }))).toBe(
    'InvalidSubnetID.NotFound',
  );
  const { Reservations } = await ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'image-id', Values: ['*'] }] }),
  );
  expect(Reservations).toEqual([]);
});

test('what RunInstances refuses', async () => {
  const { run, ec2, vpc } = await opened();
  const code = (more: Partial<RunInstancesCommandInput>) => refusal(run(more));
  expect(await code({ ImageId: 'ami-00000000000000000' })).toBe('InvalidAMIID.NotFound');
  expect(await code({ InstanceType: 'm6i.lrage' as 'm6i.large' })).toBe('InvalidParameterValue');
  expect(await code({ InstanceType: 'm6g.large' })).toBe('InvalidParameterValue');
  expect(await code({ KeyName: 'nobody' })).toBe('InvalidKeyPair.NotFound');
  expect(await code({ MinCount: 2, MaxCount: 1 })).toBe('InvalidParameterValue');
  expect(
    await code({
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId: 'snap-00000000000000000' } }],
    }),
  ).toBe('InvalidBlockDeviceMapping');
  const uefi = await stock(ec2, 'TPM-Windows_Server-2022*');
  expect(await code({ ImageId: uefi, InstanceType: 't2.large' })).toBe('InvalidParameterValue');
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: 'here', Description: 'x', VpcId: vpc }),
  );
  expect(await code({ SecurityGroupIds: [GroupId!] })).toBe('InvalidParameterValue');
  const zone = { Placement: { AvailabilityZone: 'eu-west-1b' } };
  expect(await code({ InstanceType: 'm7i.large', ...zone })).toBe('Unsupported');
});

test('capacity fails by type and zone until the fault is used up', async () => {
  const { run, lab } = await opened();
  const rule = { kind: 'capacity', type: 'm6i.large', zone: 'eu-west-1a', times: 2 };
  await lab.command({ do: 'fault', on: 'ec2', rule });
  expect(await refusal(run())).toBe('InsufficientInstanceCapacity');
  expect(await refusal(run({ InstanceType: 'm5.large' }))).toBe('none');
  expect(await refusal(run({ Placement: { AvailabilityZone: 'eu-west-1b' } }))).toBe('none');
  expect(await refusal(run())).toBe('InsufficientInstanceCapacity');
  expect(await refusal(run())).toBe('none');
});

test('addresses: of the subnet, not reserved, not taken, not more than there are', async () => {
  const { run, ec2, vpc } = await opened();
  const create = (CidrBlock: string) => ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock }));
  expect(await refusal(create('10.99.1.0/28'))).toBe('InvalidSubnet.Conflict');
  expect(await refusal(create('10.98.0.0/28'))).toBe('InvalidSubnet.Range');
  expect(await refusal(create('10.99.9.8/28'))).toBe('InvalidParameterValue');
  const SubnetId = (await create('10.99.9.0/28')).Subnet!.SubnetId!;
  const at = (PrivateIpAddress: string) => refusal(run({ SubnetId, PrivateIpAddress }));
  expect(await at('10.99.9.3')).toBe('InvalidParameterValue');
  expect(await at('10.99.1.9')).toBe('InvalidParameterValue');
  expect(await at('10.99.9.9')).toBe('none');
  expect(await at('10.99.9.9')).toBe('InvalidIPAddress.InUse');
  const left = async () =>
    (await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [SubnetId] }))).Subnets![0]!
      .AvailableIpAddressCount;
  expect(await left()).toBe(10);
  expect(await refusal(run({ SubnetId, MaxCount: 11, MinCount: 11 }))).toBe(
    'InsufficientFreeAddressesInSubnet',
  );
  expect(await left()).toBe(10);
  expect(await refusal(run({ SubnetId, MaxCount: 10, MinCount: 10 }))).toBe('none');
  expect(await left()).toBe(0);
});

test('a template says what the request does not, and leaves its mark', async () => {
  const { ec2, run, ImageId, vpc } = await opened();
  const { SecurityGroups } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
  );
  const group = SecurityGroups!.find(it => it.GroupName === 'recovery-test')!.GroupId!;
  const { Subnets } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
  );
  const LaunchTemplateName = 'converge-web01';
  const asked = {
    LaunchTemplateName,
    ClientToken: 'lt',
    LaunchTemplateData: {
      ImageId,
      InstanceType: 't3.large' as const,
      SecurityGroupIds: [group],
      TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'vm', Value: 'web01' }] }],
    },
  };
  const made = await ec2.send(new CreateLaunchTemplateCommand(asked));
  const again = await ec2.send(new CreateLaunchTemplateCommand(asked));
  expect(again.LaunchTemplate!.LaunchTemplateId).toBe(made.LaunchTemplate!.LaunchTemplateId);
  expect(await refusal(ec2.send(new CreateLaunchTemplateCommand({ ...asked, ClientToken: 'other' })))).toBe(
    'InvalidLaunchTemplateName.AlreadyExistsException',
  );
  await ec2.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateName,
      SourceVersion: '1',
      LaunchTemplateData: { InstanceType: 'm5.xlarge' },
    }),
  );
  const { LaunchTemplateVersions } = await ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName, Versions: ['$Latest'] }),
  );
  expect(LaunchTemplateVersions).toMatchObject([
    { VersionNumber: 2, DefaultVersion: false, LaunchTemplateData: { ImageId, InstanceType: 'm5.xlarge' } },
  ]);
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      LaunchTemplate: { LaunchTemplateName, Version: '$Latest' },
      SubnetId: Subnets![0]!.SubnetId,
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'run', Value: '7' }] }],
    }),
  );
  expect(Instances![0]).toMatchObject({
    InstanceType: 'm5.xlarge',
    SecurityGroups: [{ GroupId: group, GroupName: 'recovery-test' }],
  });
  expect(Object.fromEntries(Instances![0]!.Tags!.map(({ Key, Value }) => [Key, Value]))).toEqual({
    vm: 'web01',
    run: '7',
    'aws:ec2launchtemplate:id': made.LaunchTemplate!.LaunchTemplateId,
    'aws:ec2launchtemplate:version': '2',
  });
  expect(await refusal(run({ LaunchTemplate: { LaunchTemplateName, Version: '3' } }))).toBe(
    'InvalidLaunchTemplateId.VersionNotFound',
  );
});

test('a page can be empty though more follow', async () => {
  const { run, ec2 } = await opened();
  await run({ MinCount: 12, MaxCount: 12 });
  const last = await run({
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'run', Value: 'last' }] }],
  });
  const pages: number[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ec2.send(
      new DescribeInstancesCommand({
        MaxResults: 5,
        NextToken,
        Filters: [{ Name: 'tag:run', Values: ['last'] }],
      }),
    );
    pages.push(page.Reservations!.length);
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  expect(pages).toEqual([0, 0, 1]);
  const { Tags } = await ec2.send(
    new DescribeTagsCommand({
      Filters: [{ Name: 'resource-id', Values: [last.Instances![0]!.InstanceId!] }],
    }),
  );
  expect(Tags).toMatchObject([{ ResourceType: 'instance', Key: 'run', Value: 'last' }]);
});

test('groups change on a running instance; tags keep AWS’s own; protection holds', async () => {
  const { run, ec2, vpc } = await opened();
  const { GroupId } = await ec2.send(
    new CreateSecurityGroupCommand({ GroupName: 'quarantine', Description: 'x' }),
  );
  const permission = { IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '10.0.0.0/8' }] };
  const authorize = () =>
    ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [permission] }));
  await authorize();
  expect(await refusal(authorize())).toBe('InvalidPermission.Duplicate');
  const id = (await run()).Instances![0]!.InstanceId!;
  await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, Groups: [GroupId!] }));
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  expect(Reservations![0]!.Instances![0]!.SecurityGroups).toEqual([{ GroupId, GroupName: 'quarantine' }]);
  const tag = (Key: string) =>
    refusal(ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key, Value: 'x' }] })));
  expect([await tag('aws:mine'), await tag('mine')]).toEqual(['InvalidParameterValue', 'none']);
  await ec2.send(
    new ModifyInstanceAttributeCommand({ InstanceId: id, DisableApiTermination: { Value: true } }),
  );
  expect(await refusal(ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] })))).toBe(
    'OperationNotPermitted',
  );
  const { RouteTables } = await ec2.send(
    new DescribeRouteTablesCommand({ Filters: [{ Name: 'vpc-id', Values: [vpc] }] }),
  );
  expect(RouteTables![0]!.Routes!.map(it => it.GatewayId)).toEqual(['local']);
});

test('an account outlives the process that served it', async () => {
  const first = await opened();
  const id = (await first.run()).Instances![0]!.InstanceId!;
  await first.lab.close();
  const { ec2 } = await ec2Lab(first.dir);
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  expect(Reservations![0]!.Instances![0]!.State!.Name).toBe('pending');
});
