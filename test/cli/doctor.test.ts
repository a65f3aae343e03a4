import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { Finding } from '../../src/doctor/finding.ts';
import { cli, scratch } from '../support/cli.ts';

const manifest = (target: string, bucket: string) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc, password: "\${secret('env:NEVER_SET')}"${target} }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { dr-points: { ${bucket} } }
  protected_vm:
    web01: { repository: s3://dr-points/vms, schedule: every 15 minutes, disks: { exclude: [ Hard disk 7 ] } }
    gone: { repository: s3://dr-points/vms, schedule: every 15 minutes }
`;

test('a lab: healthy, then sick in many ways, each named with a way out, and nothing is changed', {
  timeout: 120_000,
}, async () => {
  const dir = await scratch();
  const run = (...words: string[]) => cli(dir, [...words, '--lab', join(dir, 'lab')]);
  const ok = async (...words: string[]) => {
    const { code, stdout, stderr } = await run(...words);
    expect(code, stdout + stderr).toBe(0);
  };
  const look = async () => {
    const { code, stdout, stderr } = await run('doctor', 'm', '--format', 'json');
    const { findings } = JSON.parse(stdout || `{"findings":"${stderr}"}`) as { findings: Finding[] };
    const one = (of: string, what: string) => findings.find(each => each.of === of && each.what === what);
    return { code, findings, one };
  };
  /** As people and as programs read it, without what is of this run alone. */
  const golden = async (name: string, before: () => Promise<void> = async () => {}) => {
    for (const [kind, more] of [
      ['txt', []],
      ['json', ['--format', 'json']],
    ] as const) {
      await before();
      const { stdout } = await run('doctor', 'm', ...more);
      const told = stdout.replaceAll(dir, 'DIR').replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT');
      // How wide a column is follows from how long the name of a folder is.
      await expect(kind === 'txt' ? told.replace(/ {2,}/g, '  ') : told).toMatchFileSnapshot(
        join(import.meta.dirname, `goldens/doctor-${name}.${kind}`),
      );
    }
  };
  const write = (target: string, bucket: string) =>
    writeFile(join(dir, 'm/dr.yaml'), manifest(target, bucket));
  await mkdir(join(dir, 'm'));
  await write('', 'versioning: true');
  await ok('lab', 'add-vm', 'web01', '--blank', '1MiB');
  await ok('lab', 'add-vm', 'gone', '--blank', '1MiB');

  // Before the first apply the bucket is to come, which is not a problem.
  const before = await look();
  expect(before.code).toBe(0);
  expect(before.one('s3://dr-points/vms', 'list')).toMatchObject({
    verdict: 'left out',
    way_out: expect.stringContaining('converge apply'),
  });

  await ok('apply', 'm');
  await ok('doctor', 'm');
  const healthy = await look();
  expect(healthy.findings.filter(({ verdict }) => verdict !== 'ok')).toMatchObject([
    // The manifest has a typo, and vSphere is fine.
    {
      of: 'protected_vm:web01',
      what: 'disks',
      verdict: 'warning',
      why: expect.stringContaining('Hard disk 7'),
    },
  ]);
  expect(healthy.one('protected_vm:gone', 'change tracking')?.why).toBe('on, for each disk');
  expect(healthy.one('s3://dr-points/vms', 'caller')?.why).toContain('arn:aws:iam:');

  await golden('healthy');
  const stored = () => readFile(join(dir, 'lab/lab.json'), 'utf8');
  await ok('lab', 'add-snapshot', 'web01', 'nightly');
  await ok('lab', 'remove-vm', 'gone');
  await write(', nbdkit: { program: ./no-nbdkit }', 'versioning: false');
  await ok('apply', 'm', '--only', 'bucket', '--allow', 'bucket:dr-points');
  const fault = (kind: string, ...set: string[]) =>
    ok('lab', 'fault', kind, '--on', 'vsphere', ...set.flatMap(one => ['--set', one]));
  const faults = async () => {
    await fault('missing-privilege', 'privilege=VirtualMachine.State.CreateSnapshot');
    await fault('free-space', 'bytes=1024');
    await fault('host-build', 'version=6.0.0', 'build=2494585');
    await fault('clock-ahead', 'ms=7200000');
  };
  await faults();
  const { code, one, findings } = await look();
  expect(code).toBe(4);
  for (const { of, what, verdict, way_out } of findings)
    if (verdict !== 'ok') expect(way_out, `${of} ${what}`).toBeTruthy();
  await golden('sick', faults);
  const expected: [string, string, Finding['verdict'], RegExp][] = [
    ['vsphere:home', 'clock', 'warning', /2 h 0 min ahead/],
    ['vsphere:home', 'nbdkit', 'problem', /no-nbdkit does not start here/],
    ['protected_vm:web01', 'privileges', 'problem', /VirtualMachine\.State\.CreateSnapshot is missing on/],
    ['protected_vm:web01', 'snapshots', 'problem', /"nightly".*nbdkit, which would read below it/],
    ['protected_vm:web01', 'datastores', 'problem', /1\.0 KiB of .* left/],
    ['protected_vm:web01', 'host', 'warning', /ESXi 6\.0\.0 build 2494585/],
    ['protected_vm:web01', 'transport', 'warning', /^datastore: /],
    ['protected_vm:gone', 'VM', 'problem', /gone/],
    ['s3://dr-points/vms', 'versioning', 'warning', /keeps no versions/],
  ];
  for (const [of, what, verdict, why] of expected) {
    const found = one(of, what);
    expect(found, `${of} ${what}`).toMatchObject({ verdict, why: expect.stringMatching(why) });
    expect(found?.way_out, `${of} ${what}`).toBeTruthy();
    expect(found?.looked, `${of} ${what}`).toBeTruthy();
  }
  // Without nbdkit the snapshot itself is what is in the way.
  await write('', 'versioning: false');
  expect((await look()).one('protected_vm:web01', 'snapshots')).toMatchObject({
    verdict: 'problem',
    why: expect.stringContaining("can't be read"),
  });
  const left = await stored();
  await look();
  expect(await stored()).toBe(left);
});

test('what has to be granted is printed, in words and as JSON', async () => {
  const dir = await scratch();
  const { code, stdout } = await cli(dir, ['doctor', '--privileges']);
  expect(code).toBe(0);
  expect(stdout).toContain('VirtualMachine.Config.ChangeTracking');
  const { policy } = JSON.parse((await cli(dir, ['doctor', '--privileges', '--format', 'json'])).stdout);
  expect(stdout).toContain(`\n${JSON.stringify(policy, null, 2)}\n`);
  const shipped = JSON.parse(await readFile(join(import.meta.dirname, '../../policies/writer.json'), 'utf8'));
  expect(policy).toEqual(shipped);
});

test('a repository that lost its converge.json is a problem, not one that is to come', async () => {
  const dir = await scratch();
  const run = (...words: string[]) => cli(dir, [...words, '--lab', join(dir, 'lab')]);
  await mkdir(join(dir, 'm'));
  await writeFile(
    join(dir, 'm/dr.yaml'),
    manifest('', '')
      .replaceAll('s3://dr-points/vms', 'file:///repo')
      .replace(/ {2}bucket: .*\n/, ''),
  );
  for (const vm of ['web01', 'gone']) await run('lab', 'add-vm', vm, '--blank', '1MiB');
  await mkdir(join(dir, 'lab/host/repo/roster'), { recursive: true });
  await writeFile(join(dir, 'lab/host/repo/roster/032b1f71b03fb106e3941c0f0a0b2fdf'), 'x');
  const { code, stdout } = await run('doctor', 'm', '--format', 'json');
  expect(code).toBe(4);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  expect(findings.find(({ of, what }) => of === 'file:///repo' && what === 'read')).toMatchObject({
    verdict: 'problem',
    why: expect.stringContaining('but its converge.json is gone'),
  });
});

test('a selection that means no VM is a problem, and its repository is looked at all the same', async () => {
  const dir = await scratch();
  const declare = (folder: string) =>
    writeFile(
      join(dir, 'm.yaml'),
      `converge: 1
targets: { home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" } }
resources:
  protected_vm:
    all: { select: { folder: ${folder} }, repository: file:///dr, schedule: every 15 minutes }
`,
    );
  const look = async () => {
    const { code, stdout } = await cli(dir, ['doctor', 'm.yaml', '--format', 'json', '--lab', 'lab']);
    return { code, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
  };
  await declare('nosuch');
  const { code, findings } = await look();
  expect(code).toBe(4);
  expect(findings).toContainEqual(
    expect.objectContaining({
      of: 'protected_vm:all',
      what: 'selection',
      verdict: 'problem',
      why: expect.stringContaining('no VM'),
      way_out: expect.stringContaining('select'),
    }),
  );
  expect(findings).toContainEqual(expect.objectContaining({ of: 'file:///dr', what: 'list', verdict: 'ok' }));
});

test('a folder, an address, an endpoint and a key that are wrong: a problem each, beside all else', async () => {
  const dir = await scratch();
  const nbdkit = join(dir, 'nbdkit');
  await writeFile(
    nbdkit,
    `#!/bin/sh\nif [ "$1" = --version ]; then echo nbdkit 1.44.0; else printf 'name=vddk\\nvddk_dll=/v.so\\n'; fi\n`,
  );
  await chmod(nbdkit, 0o755);
  await mkdir(join(dir, 'repository'));
  const folder = pathToFileURL(join(dir, 'repository')).href;
  await writeFile(join(dir, 'dr.key'), 'no key at all, and long enough');
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  home:
    type: vsphere
    url: https://vc.example.com:99999
    username: u
    password: "\${secret('env:VC')}"
    nbdkit: { program: "${nbdkit}", libdir: "${join(dir, 'x'.repeat(300))}" }
  dr: { type: aws, region: eu-west-1, endpoint: http://minio.lan:99999 }
resources:
  protected_vm:
    web01: { repository: s3://dr-points/vms, schedule: every 15 minutes }
    web02: { repository: { url: "${folder}", key: "\${secret('file:dr.key')}" }, schedule: every 15 minutes }
`,
  );
  const run = (...more: string[]) =>
    cli(dir, ['doctor', 'm.yaml', '--state', join(dir, 'state'), ...more], { env: { VC: 'long enough' } });
  const { code, stdout, stderr } = await run('--format', 'json');
  expect(code, stderr).toBe(4);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  expect(findings.filter(({ verdict }) => verdict !== 'ok')).toMatchObject([
    { of: 'vsphere:home', what: 'login', verdict: 'problem', way_out: expect.stringContaining('HOST:PORT') },
    { of: 'vsphere:home', what: 'VDDK', verdict: 'problem', why: expect.stringContaining("can't list") },
    { of: 'protected_vm:web01', what: 'VM', verdict: 'left out' },
    { of: 'protected_vm:web02', what: 'VM', verdict: 'left out' },
    { of: 's3://dr-points/vms', verdict: 'problem', way_out: expect.stringContaining('HOST:PORT') },
    { of: folder, what: 'write, compare-and-swap', verdict: 'left out' },
    { of: folder, what: 'key', verdict: 'problem', why: expect.stringContaining('file:dr.key') },
  ]);
  for (const { verdict, what, way_out } of findings) expect(Boolean(way_out), what).toBe(verdict !== 'ok');
  const told = await run();
  expect(told.code).toBe(4);
  expect(told.stdout).toContain('4 problems, 0 warnings, 3 left out');
});
