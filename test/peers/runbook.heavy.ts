import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { expect, it, onTestFinished } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { sha256, someBytes } from '../recovery/fixture.ts';
import { apart } from '../recovery/network.ts';
import { cli, scratch } from '../support/cli.ts';
import { describeWith, run } from './s3-programs.ts';

const manifest = ({ subnet, group }: { subnet: string; group: string }) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { gdh-vm-replication: { versioning: true } }
  protected_vm:
    web01: { repository: s3://gdh-vm-replication/dr, schedule: every 15 minutes }
    win01: { repository: s3://gdh-vm-replication/dr, schedule: every 15 minutes }
  recovery_target:
    web01:
      subnet: ${subnet}
      security_groups: [ apart ]
      admin_cidrs: [ 203.0.113.0/24 ]
    win01:
      subnet: ${subnet}
      security_groups: [ ${group} ]
      instance_profile: recovered
      license: aws
`;

describeWith('the runbook, run line by line with the AWS CLI', 'aws', ['--version'], () => {
  it('recovers Linux and Windows without converge', { timeout: 600_000 }, async () => {
    const dir = await scratch();
    const folder = join(dir, 'lab');
    const ok = async (...args: string[]) => {
      const result = await cli(dir, [...args, '--lab', folder]);
      expect(result.code, `${args.join(' ')}\n${result.stdout}${result.stderr}`).toBe(0);
      return result.stdout;
    };
    const disks = {
      root: Buffer.concat([bootBlock(), someBytes('root', 512 * 100)]),
      data: someBytes('data', 512 * 2000),
    };
    for (const [name, bytes] of Object.entries(disks)) await writeFile(join(dir, name), bytes);
    await ok('lab', 'add-vm', 'web01', '--disk', 'root', '--guest', 'debian12_64Guest');
    await ok(
      'lab',
      'add-vm',
      'win01',
      '--disk',
      'root',
      '--disk',
      'data',
      '--guest',
      'windows2019srv_64Guest',
    );
    const opened = () => openLab(folder, { host: nodeHost(), seeded: false, lockTimeout: 0 });
    const before = await opened();
    const { region, s3: credentials } = before.settings;
    const client = (endpoint: string) => {
      const made = new EC2Client({ region, credentials, endpoint });
      onTestFinished(() => made.destroy());
      return made;
    };
    const network = await apart(client(before.api.url));
    await before.close();
    await mkdir(join(dir, 'm'));
    await writeFile(join(dir, 'm/dr.yaml'), manifest(network));
    await ok('apply', 'm');
    expect(await ok('plan', 'm', '--detailed-exitcodes')).toContain('Nothing to do');
    await ok('replicate', 'web01', '--replica', 'm');
    await ok('replicate', 'win01', '--replica', 'm');
    const script = await ok('readiness', '--runbook', 'm');
    await writeFile(join(dir, 'runbook.sh'), script);

    const lab = await opened();
    onTestFinished(() => lab.close());
    const environment = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL: lab.api.url,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const out = await run('sh', [join(dir, 'runbook.sh')], environment);
    const [web, win] = ['web01', 'win01'].map(vm => new RegExp(`^${vm}: (i-[0-9a-f]+)$`, 'm').exec(out)![1]!);
    const ec2 = client(lab.api.url);
    const seen = async (id: string) =>
      (await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }))).Reservations![0]!.Instances![0]!;
    const linux = await seen(web!);
    expect(linux).toMatchObject({ State: { Name: 'running' }, PlatformDetails: 'Linux/UNIX' });
    expect(linux.SecurityGroups!.map(({ GroupName }) => GroupName).sort()).toEqual([
      'apart',
      'converge-web01-admin',
    ]);
    const windows = await seen(win!);
    expect(windows).toMatchObject({
      State: { Name: 'running' },
      PlatformDetails: 'Windows',
      SecurityGroups: [{ GroupName: 'apart' }],
      IamInstanceProfile: { Arn: expect.stringMatching(/instance-profile\/recovered$/) },
    });
    const mapped = windows.BlockDeviceMappings!;
    expect(mapped.map(({ DeviceName, Ebs }) => [DeviceName, Ebs!.DeleteOnTermination])).toEqual([
      ['/dev/sda1', true],
      ['xvdf', true],
    ]);
    for (const [n, bytes] of [disks.root, disks.data].entries()) {
      const volume = mapped[n]!.Ebs!.VolumeId!;
      const asked = { do: 'volume', volume, firstStart: true, length: bytes.length } as const;
      expect((await lab.command(asked)).data).toMatchObject({
        sha256: sha256(bytes),
        restIsZero: true,
        firstStart: { instance: win, root: mapped[0]!.Ebs!.VolumeId },
      });
    }
    expect(windows.Tags).toContainEqual({ Key: 'Name', Value: 'win01' });
    const again = await run('sh', [join(dir, 'runbook.sh')], environment);
    expect(again).toContain(`web01: ${web} was recovered before`);
    expect(again).toContain(`win01: ${win} was recovered before`);
    // The lab has an instance of its own.
    const machines = [{ Name: 'tag-key', Values: ['converge:vm'] }];
    const all = await ec2.send(new DescribeInstancesCommand({ Filters: machines }));
    expect(all.Reservations!.flatMap(({ Instances }) => Instances!)).toHaveLength(2);
  });
});
