import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { cli, scratch } from '../support/cli.ts';
import { recoveryWorld } from '../support/recovery-world.ts';

const plan = (postLaunch: string, license = '') => `converge: 1
targets: { dr: { type: aws, region: eu-west-1 } }
resources:
  recovery_target:
    web01: { repository: s3://gdh/dr, instance_type: m6i.large, subnet: subnet-1, security_groups: [ sg-1 ]${license} }
    db01: { repository: s3://gdh/dr, instance_type: m6i.large, subnet: subnet-1, security_groups: [ sg-1 ] }
  recovery_plan:
    web:
      repository: s3://gdh/dr
      groups: [ { targets: [ web01, db01 ] } ]
      test: { subnet: subnet-1, security_group: sg-1, teardown: none }
      post_launch: ${postLaunch}
`;

/** What validation says about a plan in `m`, and manifests beside it in `inside`. */
async function validated(postLaunch: string, inside: Record<string, string>, license = '') {
  const dir = await scratch();
  await mkdir(join(dir, 'm'));
  await mkdir(join(dir, 'inside'));
  await writeFile(join(dir, 'm/dr.yaml'), plan(postLaunch, license));
  for (const [name, text] of Object.entries(inside)) await writeFile(join(dir, 'inside', name), text);
  return cli(dir, ['validate', 'm']);
}

const all = '[ { manifests: ../inside } ]';

test.for<[what: string, postLaunch: string, inside: Record<string, string>, said: RegExp[]]>([
  [
    'a property that does not exist',
    all,
    { 'a.yaml': 'converge: 1\nresources: { file: { /a: { contnet: x } } }\n' },
    [
      /error\[unknown-property\]/,
      /--> inside\/a\.yaml:2:28/,
      /named by recovery_plan:web[\s\S]*m\/dr\.yaml:12:35/,
    ],
  ],
  [
    'what is not on the machine itself',
    all,
    {
      'a.yaml':
        'converge: 1\ntargets: { dr: { type: aws, region: eu-west-1 } }\nresources:\n  bucket: { other: {} }\n',
    },
    [/error\[post-launch-remote\]: bucket:other isn't on the machine itself/, /--> inside\/a\.yaml:4:13/],
  ],
  [
    'a secret that is elsewhere',
    all,
    { 'a.yaml': `converge: 1\nresources:\n  file: { /a: { content: "\${secret('ssm:/web/pw')}" } }\n` },
    [
      /error\[post-launch-secret\]: a machine that has just been recovered has no ssm:\/web\/pw/,
      /a\.yaml:3:26/,
    ],
  ],
  [
    'a folder that is empty',
    all,
    {},
    [/error\[post-launch\]: \S*inside holds no files/, /m\/dr\.yaml:12:35/],
  ],
  ['a folder that is not there', '[ { manifests: ../insight } ]', {}, [/no file or folder \S*insight/]],
  [
    'types of Windows alone on Linux',
    all,
    { 'a.yaml': 'converge: 1\nresources: { windows_feature: { IIS: {} } }\n' },
    [/windows/i],
  ],
])('%s is a mistake before the disaster', async ([, postLaunch, inside, said]) => {
  const { code, stderr } = await validated(postLaunch, inside);
  expect(code).toBe(1);
  for (const one of said) expect(stderr).toMatch(one);
  expect(stderr).toMatch(/^1 error$/m);
});

test('one set of manifests for Windows and Linux is a mistake, and one for each is right', async () => {
  const linux = { 'a.yaml': 'converge: 1\nresources: { file: { /a: {} } }\n' };
  const windows = ', license: aws';
  const mixed = await validated(all, linux, windows);
  expect(mixed.stderr).toMatch(/are for machines with Windows and with Linux/);
  const each =
    '[ { manifests: ../inside/l.yaml, targets: [ db01 ] }, { manifests: ../inside/w.yaml, targets: [ web01 ] } ]';
  const { code, stderr } = await validated(
    each,
    {
      'l.yaml': 'converge: 1\nresources: { file: { /a: { mode: "0644" } } }\n',
      'w.yaml':
        "converge: 1\nrequires: { os: windows }\nresources: { file: { 'c:\\a': {} }, windows_feature: { IIS: {} } }\n",
    },
    windows,
  );
  expect([code, stderr]).toEqual([0, '']);
});

test('they are in the bundle with their modules: home being gone, the plan is the same; changed, it is another', {
  timeout: 120_000,
}, async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'disk.raw'), bootBlock());
  const world = await recoveryWorld({
    dir,
    run: cli,
    machines: [{ name: 'web01', disks: ['disk.raw'], firmware: 'bios' }],
    probes: '[ { probe: status, within: 1m } ]\n      post_launch: [ { manifests: ../inside, within: 0s } ]',
  });
  try {
    await mkdir(join(dir, 'inside/modules/page'), { recursive: true });
    const inside = (text: string) =>
      writeFile(join(dir, 'inside/web.yaml'), `converge: 1\nresources: { page: { a: { text: ${text} } } }\n`);
    await writeFile(
      join(dir, 'inside/modules/page/module.yaml'),
      `converge: 1
parameters: { text: { type: string } }
resources:
  file:
    "/srv/\${params.title}": { content: "\${params.text}" }
    "/srv/pw": { content: "\${secret('file:/etc/pw')}" }
`,
    );
    await inside('one');
    await world.ok('apply', 'm');
    const digestOf = (text: string) => /^digest ([0-9a-f]+)$/m.exec(text)![1];
    const first = await world.ok('failover', 'everything', '--test', 'm', '--noop');
    expect(first).toMatch(/ {6}post-launch manifests \.\.\/inside \([0-9a-f]{16}\): by the machine itself\n/);
    await inside('two');
    expect(digestOf(await world.ok('failover', 'everything', '--test', 'm', '--noop'))).not.toBe(
      digestOf(first),
    );

    await rm(join(dir, 'inside'), { recursive: true });
    await rm(join(dir, 'm'), { recursive: true });
    const bare = ['--repository', 's3://gdh-vm-replication/dr'];
    expect(digestOf(await world.ok('failover', 'everything', '--test', ...bare, '--noop'))).toBe(
      digestOf(first),
    );
    const { code, stdout } = await world.run('failover', 'everything', '--test', ...bare);
    expect(code).toBe(4);
    // Nothing was booted: the lab says so on the console, and nobody takes that for a report.
    expect(stdout).toMatch(
      /not run {2}post-launch manifests \.\.\/inside \(from the machine itself\): it reported nothing in time; .*not booted: decided from the bytes/,
    );
    expect(stdout).toMatch(/the test FAILED after/);
    expect(await world.ok('failover', 'status', 'everything', ...bare)).toContain(
      'post-launch manifests ../inside not run',
    );
  } finally {
    await world.close();
  }
});
