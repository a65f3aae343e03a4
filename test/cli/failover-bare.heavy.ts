import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EC2Client } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import type { Clock } from '../../src/io/ports.ts';
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
      test:
        subnet: ${subnet}
        security_group: ${group}
        teardown: arn:aws:iam::123456789012:role/converge-tear-down
      probes: [ { probe: status, within: 1m } ]
`;

const { clock: real } = nodeHost();
/** An import is looked at every half minute; deadlines are longer, and still what they are. */
const hasty: Clock = {
  now: real.now,
  sleep: async (ms, signal) => (ms > 60_000 ? real.sleep(ms, signal) : signal?.throwIfAborted()),
};

/** A lab with a VM and a network that is apart; `home` writes the manifests of home. */
async function world(env: Record<string, string> = {}, guest = 'debian12_64Guest') {
  const dir = await scratch();
  const folder = join(dir, 'lab');
  const run = (args: string[], own = env, clock?: Clock) =>
    cli(dir, [...args, '--lab', folder], { env: own, ...(clock && { clock }) });
  const ok = async (...args: string[]) => {
    const result = await run(args);
    expect(result.code, `${args.join(' ')}\n${result.stdout}${result.stderr}`).toBe(0);
    return result.stdout;
  };
  await writeFile(join(dir, 'disk.raw'), bootBlock());
  await ok('lab', 'add-vm', 'web01', '--disk', 'disk.raw', '--guest', guest);
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
  return { dir, folder, run, ok, home, network };
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
  const bareShown = await ok('failover', 'web', '--test', ...bare, '--noop');
  expect(bareShown).toMatch(/^by the plan as it was applied at 20.*Z\ntest of web in subnet-/);
  expect(bareShown).toContain(`digest ${digest}\n`);
  const done = await ok('failover', 'web', '--test', ...bare, '--digest', digest);
  const again = `--repository ${url} --key file:dr.key --state ${join(dir, 'bare')} --lab ${folder}`;
  expect(done).toContain(`remove it: converge failover cleanup web ${again}\n`);
  const standing = await run(['failover', 'web', '--test', ...bare]);
  expect(standing.code).toBe(8);
  expect(standing.stderr).toContain(`converge failover cleanup web ${again}`);
  expect(await ok('failover', 'status', 'web', ...bare)).toMatch(/^by the plan as it was .*\ntest 1 of web/);
  const retried = await ok('failover', 'retry', 'web', ...bare);
  expect(retried).toMatch(/^by the plan as it was .*\nweb01 {2}i-\w+ {2}had passed and still runs\n/);
  expect(retried).toContain(`remove it: converge failover cleanup web ${again}\n`);
  const all = await run(['failover', 'cleanup', '--expired', 'all', ...bare]);
  expect(all.stderr).toContain('which plans there are is said by manifests alone');
  expect(await ok('failover', 'cleanup', '--expired', 'web', ...bare)).toMatch(
    /^nothing to do: test 1 may stand/,
  );
  expect(await ok('failover', 'cleanup', 'web', ...bare)).toMatch(
    /^1 instance terminated, .*, 1 tear-down entry removed/,
  );
  // vSphere was asked for nothing at all.
  const { faults } = JSON.parse(await readFile(join(folder, 'lab.json'), 'utf8'));
  expect(faults).toEqual([{ on: 'vsphere', rule: { kind: 'unavailable', times: 500 } }]);
  expect((await run(['verify', ...bare.slice(0, 4)])).code).toBe(0);
});

test('a Windows machine from its own shell, its target without a repository or type of its own: the same plan', {
  timeout: 120_000,
}, async () => {
  const { dir, folder, run, ok, network } = await world({}, 'windows2019srv_64Guest');
  await cli(dir, ['key', 'create', '--to', 'dr.key']);
  await mkdir(join(dir, 'm'));
  const repository = `{ url: ${url}, key: "\${secret('file:dr.key')}" }`;
  await writeFile(
    join(dir, 'm/dr.yaml'),
    manifest({ ...network, repository })
      .replace(
        `      repository: ${repository}\n      instance_type: m6i.large\n`,
        '      families: [ m6i ]\n',
      )
      .replace('      subnet:', '      license: byol\n      tenancy: dedicated\n      subnet:'),
  );
  await ok('apply', 'm');
  expect(await run(['replicate', 'web01', '--replica', 'm'], {}, hasty)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/shell/),
  });
  const shown = await ok('failover', 'web', '--test', 'm', '--noop');
  expect(shown).toMatch(/web01 {2}m6i\.large .*\n.*\n {6}Windows licensed by you, from ami-/);
  const digest = /digest ([0-9a-f]+)/.exec(shown)![1]!;

  await rm(join(dir, 'm'), { recursive: true });
  await rm(join(folder, 'state'), { recursive: true });
  const bare = ['--repository', url, '--key', 'file:dr.key', '--state', join(dir, 'bare')];
  const done = await ok('failover', 'web', '--test', ...bare, '--digest', digest);
  expect(done).toMatch(/passed {2}status checks/);
  expect(await ok('failover', 'cleanup', 'web', ...bare)).toMatch(/^1 instance terminated/);
  expect((await run(['failover', 'status', 'web', ...bare])).stdout).toContain('now in EC2: 0 instances');
});

test('what only one of manifests and repository takes is refused with the other', async () => {
  const { run, home } = await world();
  await home();
  const wrong = async (...args: string[]) => {
    const { code, stderr } = await run(['failover', ...args]);
    expect(code).toBe(1);
    return /error[^:]*: (.*)\n/.exec(stderr)?.[1];
  };
  const both = "can't be given with --repository";
  expect(await wrong('web', 'm', '--test', '--repository', url)).toBe(`PATHS ${both}`);
  expect(await wrong('status', 'web', 'm', '--repository', url, '--env', 'x')).toBe(`PATHS, --env ${both}`);
  expect(await wrong('retry', 'web', 'm', '--repository', url)).toBe(`PATHS ${both}`);
  expect(await wrong('cleanup', 'all', 'm', '--expired', '--key', 'env:K')).toBe(
    '--key can only be given with --repository',
  );
  expect(await wrong('cleanup', 'web', '--repository', url, '--set', 'a=1')).toBe(`--set ${both}`);
  expect(await wrong('web', 'm', '--test', '--key', 'env:K')).toBe(
    '--key can only be given with --repository',
  );
});

test('points without a bundle say why, and a plan that no bundle holds is told with those that there are', {
  timeout: 60_000,
}, async () => {
  const { dir, run, ok, home } = await world();
  await home();
  const text = await readFile(join(dir, 'm/dr.yaml'), 'utf8');
  await writeFile(join(dir, 'only.yaml'), text.slice(0, text.indexOf('  recovery_target:')));
  await ok('apply', 'only.yaml');
  const bare = ['--test', '--noop', '--repository', url];
  const none = await run(['failover', 'web', ...bare]);
  expect(none.code).toBe(4);
  expect(none.stderr).toMatch(
    /no bundle in .* holds a plan called web: the point of web01 of .*Z has no bundle: the manifests that it was made with declare no recovery of it/,
  );
  await ok('replicate', 'web01', 'm');
  const unknown = await run(['failover', 'wob', ...bare]);
  expect(unknown.code).toBe(4);
  expect(unknown.stderr).toMatch(/no bundle in .* holds a plan called wob; there are web\n/);
  // A run that knows of no recovery doesn't take away what another one has stored; it is said.
  await ok('replicate', 'web01', 'only.yaml');
  expect(await ok('failover', 'WEB', ...bare)).toMatch(
    /^by the bundle of web01 of .*\n {2}the point of web01 of .* has no bundle: .*; the one before it that has one is of /,
  );
});

test('what was applied last counts, whatever the points were made with, until the plan is removed', {
  timeout: 120_000,
}, async () => {
  const { dir, run, ok, home } = await world();
  await home();
  await ok('apply', 'm');
  const bare = ['failover', 'web', '--test', '--noop', '--repository', url];
  const digestOf = (shown: string) => /digest ([0-9a-f]+)/.exec(shown)![1]!;
  const [point] = JSON.parse(await ok('points', 'web01', '--repository', url, '--format', 'json'));
  const before = digestOf(await ok(...bare));

  // A probe more, and nothing that makes a point.
  const text = (await readFile(join(dir, 'm/dr.yaml'), 'utf8')).replace(
    'within: 1m }',
    'within: 1m }, { probe: console, text: "login:" }',
  );
  await writeFile(join(dir, 'm/dr.yaml'), text);
  expect((await run(['plan', 'm'])).stdout).toMatch(/~ update {2}recovery_plan:web/);
  expect(digestOf(await ok(...bare))).toBe(before);
  await ok('plan', 'm', '-o', 'saved.json');
  await ok('apply', 'saved.json');
  const after = digestOf(await ok('failover', 'web', '--test', '--noop', 'm'));
  expect(after).not.toBe(before);
  for (const more of [[], ['--point', 'latest'], ['--point', point.id], ['--point', point.time]])
    expect(digestOf(await ok(...bare, ...more))).toBe(after);
  expect((await run(['plan', 'm', '--detailed-exitcodes'])).code).toBe(0);

  // What is in no plan by itself: a target, of which the plan keeps a copy.
  await writeFile(join(dir, 'm/dr.yaml'), text.replace('m6i.large', 'm6i.xlarge'));
  const pending = (await run(['plan', 'm'])).stdout;
  expect(pending).toMatch(/~ update {2}recovery_plan:web .*\n {6}bundle/);
  const part = ['plan', 'm', '--only', 'recovery_plan:web', '-o', 'part.json'];
  expect((await run(part)).code).toBe(0);
  expect((await run(['apply', 'part.json'])).stderr).toContain(
    'part.json holds recovery_plan:web without recovery_target:web01, which is kept with it',
  );
  await ok('apply', 'm');
  expect(await ok(...bare)).toContain('m6i.xlarge');
  await home({ subnet: 'subnet-0badc0de' });
  await ok('replicate', 'web01', 'm');
  expect(await ok(...bare)).toMatch(
    /^by the plan as it was applied at .*\n {2}the manifests that the point of web01 of .* was made with say something else of the plan; they were not applied\n/,
  );

  await writeFile(join(dir, 'm/dr.yaml'), text.replace('    web:\n', '    web:\n      ensure: absent\n'));
  await ok('apply', 'm', '--allow', 'recovery_plan:web');
  const removed = await run(bare);
  expect(removed.code).toBe(4);
  expect(removed.stderr).toMatch(/the plan web was removed from s3:.* at 20/);
  expect((await run(['failover', 'cleanup', 'web', '--repository', url])).stderr).toContain(
    'the plan web was never carried out',
  );
});

test('references that do not resolve here are told before anything is launched, all of them', {
  timeout: 60_000,
}, async () => {
  const { dir, run, ok, home } = await world({ DR_SECRET: 'Zecret-of-aws', VC_PASSWORD: 'Zecret-of-vc' });
  await cli(dir, ['key', 'create', '--to', 'dr.key']);
  await writeFile(join(dir, 'store.txt'), 'Zecret-of-store');
  const key = `key: "\${secret('file:dr.key')}"`;
  const keys = (name: string) => `, access_key_id: AKIA, secret_access_key: "\${secret('${name}')}"`;
  await home({
    repository: `{ url: ${url}, target: store, ${key} }, target: dr`.replace(/, target: dr$/, ''),
    more: `${keys('env:DR_SECRET')} }\n  store: { type: aws, region: eu-west-1${keys('file:store.txt')}`,
  });
  const text = (await readFile(join(dir, 'm/dr.yaml'), 'utf8')).replaceAll(
    /^ {6}repository: .*$/gm,
    line => `      target: dr\n${line}`,
  );
  await writeFile(
    join(dir, 'm/dr.yaml'),
    text.replace('{ versioning: true }', '{ versioning: true, target: dr }'),
  );
  await ok('apply', 'm');
  await rm(join(dir, 'store.txt'));
  const args = ['failover', 'web', '--test', '--repository', url, '--key', 'file:dr.key'];
  const { code, stderr } = await run(args, {});
  expect(code).toBe(4);
  expect(stderr).toContain("the secret env:DR_SECRET can't be read");
  expect(stderr).toContain("the secret file:store.txt can't be read");
  expect(stderr).toMatch(/m\/dr\.yaml:4:3/);
  expect(stderr).toContain(
    'target store names a file of the machine at home: bring it here, or give --profile',
  );
  expect((await run([...args, '--noop', '--profile', 'mine'], {})).code).toBe(0);
});
