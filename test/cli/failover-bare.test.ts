import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { apart } from '../recovery/network.ts';
import { cli, scratch } from '../support/cli.ts';

const url = 's3://gdh-vm-replication/dr';

interface Said {
  subnet: string;
  group: string;
  repository?: string;
  /** Of the AWS target. */
  more?: string;
  plan?: string;
}

const manifest = ({ subnet, group, repository = url, more = '', plan = 'web' }: Said) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:VC_PASSWORD')}" }
  dr: { type: aws, region: eu-west-1${more} }
resources:
  bucket: { gdh-vm-replication: { versioning: true } }
  protected_vm:
    web01: { repository: ${repository}, schedule: every 15 minutes }
  recovery_target:
    web01:
      repository: ${repository}
      instance_type: m6i.large
      subnet: ${subnet}
      security_groups: [ ${group} ]
  recovery_plan:
    ${plan}:
      repository: ${repository}
      groups: [ { targets: [ web01 ] } ]
      test: { subnet: ${subnet}, security_group: ${group} }
      probes: { within: 1m }
`;

/** A lab with a Linux VM and a network that is apart; `home` writes the manifests of home. */
async function world(env: Record<string, string> = {}) {
  const dir = await scratch();
  const folder = join(dir, 'lab');
  const run = (args: string[], own = env) => cli(dir, [...args, '--lab', folder], { env: own });
  const ok = async (...args: string[]) => {
    const result = await run(args);
    expect(result.code, `${args.join(' ')}\n${result.stdout}${result.stderr}`).toBe(0);
    return result.stdout;
  };
  await writeFile(join(dir, 'disk.raw'), bootBlock());
  await ok('lab', 'add-vm', 'web01', '--disk', 'disk.raw', '--guest', 'debian12_64Guest');
  const lab = await openLab(folder, { host: nodeHost(), seeded: false, lockTimeout: 0 });
  const { region, s3: credentials } = lab.settings;
  const ec2 = new EC2Client({ region, credentials, endpoint: lab.api.url });
  const network = await apart(ec2);
  ec2.destroy();
  await lab.close();
  const home = async (said: Partial<Said> = {}) => {
    await mkdir(join(dir, 'm'), { recursive: true });
    await writeFile(join(dir, 'm/dr.yaml'), manifest({ ...network, ...said }));
  };
  return { dir, folder, run, ok, home };
}

test('from the repository and its key alone, home being gone: the same plan, to the end', {
  timeout: 120_000,
}, async () => {
  const { dir, folder, run, ok, home } = await world();
  await cli(dir, ['key', 'create', '--to', 'dr.key']);
  await home({ repository: `{ url: ${url}, key: "\${secret('file:dr.key')}" }` });
  await ok('apply', 'm');
  const shown = await ok('failover', 'web', '--test', 'm', '--noop');
  const digest = /digest ([0-9a-f]+)/.exec(shown)![1]!;

  // Home burns down: its manifests, what it remembered, and vSphere.
  await rm(join(dir, 'm'), { recursive: true });
  await rm(join(folder, 'state'), { recursive: true });
  await ok('lab', 'fault', 'unavailable', '--on', 'vsphere', '--times', '500');
  const bare = ['--repository', url, '--key', 'file:dr.key', '--state', join(dir, 'bare')];
  const again = await ok('failover', 'web', '--test', ...bare, '--noop');
  expect(again).toMatch(/^by the bundle of web01 of 20.*Z \([0-9a-f]{8}\)\ntest of web in subnet-/);
  expect(again).toContain(`digest ${digest}\n`);
  const done = await ok('failover', 'web', '--test', ...bare, '--digest', digest);
  expect(done).toContain(`remove it: converge failover cleanup web --repository ${url} --key file:dr.key\n`);
  const standing = await run(['failover', 'web', '--test', ...bare]);
  expect(standing.code).toBe(8);
  expect(standing.stderr).toContain(`converge failover cleanup web --repository ${url} --key file:dr.key`);
  expect(await ok('failover', 'status', 'web', ...bare)).toMatch(/^by the bundle of web01 .*\ntest 1 of web/);
  expect(await ok('failover', 'cleanup', 'web', ...bare)).toMatch(/^1 instance terminated/);
  // vSphere was asked for nothing at all.
  const { faults } = JSON.parse(await readFile(join(folder, 'lab.json'), 'utf8'));
  expect(faults).toEqual([{ on: 'vsphere', rule: { kind: 'unavailable', times: 500 } }]);
  expect((await run(['verify', ...bare.slice(0, 4)])).code).toBe(0);
});
