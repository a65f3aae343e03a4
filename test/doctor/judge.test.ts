import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAtNbdkit } from '../../src/app/doctor/look-at-nbdkit.ts';
import { lookAtProxy } from '../../src/app/doctor/look-at-proxy.ts';
import { world } from '../../src/diagnostics/diagnostic.ts';
import type { Answer, Finding } from '../../src/doctor/finding.ts';
import { judgeNbdkit, type NbdkitFacts } from '../../src/doctor/nbdkit.ts';
import { judgeExceptions, judgeProxy } from '../../src/doctor/proxy.ts';
import { judgeRepository, type RepositoryFacts } from '../../src/doctor/repository.ts';
import { judgeVm, type VmFacts } from '../../src/doctor/vm.ts';
import { judgeVsphere } from '../../src/doctor/vsphere.ts';
import { nodeHost } from '../../src/io/node.ts';
import { networkOf } from '../../src/network/network.ts';
import { vainExceptions } from '../../src/network/proxies.ts';
import type { SourceDisk } from '../../src/replication/model/source.ts';
import { PRIVILEGES } from '../../src/vsphere/inventory/privileges.ts';
import { scratch } from '../support/cli.ts';

const disk = (index: number, more: Partial<SourceDisk> = {}): SourceDisk => ({
  key: 2000 + index,
  index,
  label: `Hard disk ${index + 1}`,
  identity: `disk-${index}`,
  capacity: 2 ** 30,
  changeId: 'x/1',
  ...more,
});

const healthyVm: VmFacts = {
  vm: {
    moref: 'vm-1',
    name: 'web01',
    uuid: 'u',
    changeTracking: true,
    changeTrackingSupported: true,
    poweredOn: true,
    quiescing: 'file-system',
    consolidationNeeded: false,
    disks: [disk(0)],
    snapshots: [],
    now: 1_000_000_000,
  },
  around: { datastores: [{ name: 'ds1', free: 2 ** 40, capacity: 2 ** 41 }], asked: ['A'], missing: [] },
  exclude: [],
  reading: { wanted: 'auto', declared: false, works: true },
};

const vm = (
  more: Partial<VmFacts['vm']>,
  around: Partial<VmFacts['around']> = {},
  rest: Partial<VmFacts> = {},
): Finding[] =>
  judgeVm('protected_vm:web01', {
    ...healthyVm,
    ...rest,
    vm: { ...healthyVm.vm, ...more },
    around: { ...healthyVm.around, ...around },
  });

const fallback = { privilege: 'Datastore.Browse', on: 'Datastore ds-1', perhaps: 'only where it fails' };
const nightly = { moref: 's', name: 'nightly', created: 999_000_000, quiesced: false };
const vsan = { name: 'ds1', free: 2 ** 40, capacity: 2 ** 41, kind: 'vsan' };
const independent = 'independent disk (mode independent_persistent): snapshots leave it out';

test.each<[string, () => Finding[], string, Finding['verdict'], RegExp]>([
  ['all is well', () => vm({}), 'disks', 'ok', /1 disk/],
  [
    'an independent disk',
    () => vm({ disks: [disk(0), disk(1, { unprotectable: independent })] }),
    'disks',
    'problem',
    /Hard disk 2.*independent/,
  ],
  [
    'one that is left out knowingly',
    () => vm({ disks: [disk(0), disk(1, { unprotectable: independent })] }, {}, { exclude: [1] }),
    'disks',
    'ok',
    /Hard disk 2: excluded by policy/,
  ],
  [
    "a disk whose tracking hasn't begun",
    () => vm({ disks: [disk(0), { ...disk(1), changeId: undefined } as unknown as SourceDisk] }),
    'change tracking',
    'ok',
    /Hard disk 2 has no change id yet/,
  ],
  [
    'a disk whose tracking alone is off',
    () => vm({ disks: [disk(0), disk(1, { untracked: 'scsi0:1.ctkEnabled' })] }),
    'change tracking',
    'warning',
    /off for Hard disk 2 \(scsi0:1\.ctkEnabled is FALSE\)/,
  ],
  [
    'one of those that is left out',
    () => vm({ disks: [disk(0), disk(1, { untracked: 'scsi0:1.ctkEnabled' })] }, {}, { exclude: [1] }),
    'change tracking',
    'ok',
    /on, for each disk/,
  ],
  [
    "somebody's snapshot where tracking is off",
    () => vm({ changeTracking: false, snapshots: [nightly] }),
    'change tracking',
    'warning',
    /"nightly"/,
  ],
  [
    "somebody's snapshot",
    () => vm({ disks: [disk(0, { onDelta: true })], snapshots: [nightly] }),
    'snapshots',
    'problem',
    /"nightly".*can't be read/,
  ],
  [
    'the same, read by nbdkit',
    () => vm({ snapshots: [nightly] }, {}, { reading: { wanted: 'auto', declared: true, works: true } }),
    'snapshots',
    'ok',
    /nightly/,
  ],
  ['consolidation', () => vm({ consolidationNeeded: true }), 'consolidation', 'warning', /web01/],
  [
    'a full datastore',
    () => vm({}, { datastores: [{ name: 'ds1', free: 1, capacity: 2 ** 40 }] }),
    'datastores',
    'problem',
    /ds1/,
  ],
  [
    'a low one',
    () => vm({}, { datastores: [{ name: 'ds1', free: 2 ** 34, capacity: 2 ** 39 }] }),
    'datastores',
    'warning',
    /ds1/,
  ],
  ['a server without HasPrivilegeOnEntities', () => vm({}, { asked: [] }), 'privileges', 'left out', /./],
  [
    'a privilege that nobody told of',
    () => vm({}, { untold: ['Datastore.Browse on Datastore ds-1'] }),
    'privileges',
    'left out',
    /does not say whether the user has Datastore\.Browse on Datastore ds-1/,
  ],
  [
    'one that is missing for what nbdkit does without',
    () => vm({}, { missing: [fallback] }, { reading: { wanted: 'auto', declared: true, works: true } }),
    'privileges',
    'warning',
    /Datastore\.Browse is missing on Datastore ds-1/,
  ],
  [
    'the same where nbdkit is broken',
    () => vm({}, { missing: [fallback] }, { reading: { wanted: 'auto', declared: true, works: false } }),
    'privileges',
    'problem',
    /Datastore\.Browse is missing on Datastore ds-1/,
  ],
  [
    'one for what is done already',
    () => vm({}, { missing: [{ privilege: 'VirtualMachine.Config.ChangeTracking', on: 'vm-1' }] }),
    'privileges',
    'warning',
    /ChangeTracking is missing on vm-1; change tracking is on already/,
  ],
  ['datastores that nobody may see', () => vm({}, { datastores: [] }), 'datastores', 'left out', /web01/],
  ['a host that nobody may see', () => vm({}), 'host', 'left out', /may not see the host/],
  ['a template', () => vm({ template: true }), 'VM', 'problem', /web01 is a template/],
  [
    'a host that is disconnected',
    () => vm({ away: 'the host that it runs on is disconnected' }),
    'reach',
    'problem',
    /does not reach web01 .*: the host that it runs on is disconnected/,
  ],
  ['a datastore that is away', () => vm({}, { lost: ['ds1'] }), 'reach', 'problem', /datastore ds1/],
  [
    'a disk on a vSAN that is to be read as a file',
    () => vm({ disks: [disk(0, { datastore: 'ds1' })] }, { datastores: [vsan] }),
    'transport',
    'problem',
    /Hard disk 1: the datastore ds1 is a vSAN/,
  ],
  [
    'one that is left out there',
    () =>
      vm(
        { disks: [disk(0), disk(1, { datastore: 'ds1' })] },
        { datastores: [vsan] },
        { exclude: ['Hard disk 2'] },
      ),
    'transport',
    'ok',
    /datastore/,
  ],
  [
    'the same, read by nbdkit',
    () =>
      vm(
        { disks: [disk(0, { datastore: 'ds1', notFlat: 'it is encrypted' })] },
        { datastores: [vsan] },
        { reading: { wanted: 'auto', declared: true, works: true } },
      ),
    'transport',
    'ok',
    /nbd/,
  ],
  [
    'an encrypted disk where nbdkit is broken',
    () =>
      vm(
        { disks: [disk(0, { notFlat: 'it is encrypted' })] },
        {},
        { reading: { wanted: 'auto', declared: true, works: false } },
      ),
    'transport',
    'problem',
    /doesn't work, which can't read Hard disk 1: it is encrypted/,
  ],
  [
    'nbdkit by decree, which is broken',
    () => vm({}, {}, { reading: { wanted: 'nbd', declared: true, works: false } }),
    'transport',
    'problem',
    /nbdkit/,
  ],
])('%s', (_, judge, what, verdict, why) => {
  const all = judge();
  const found = all.filter(one => one.what === what);
  expect(found).toMatchObject([{ verdict, why: expect.stringMatching(why) }]);
  haveWaysOut(all);
});

/** Whatever isn't ok says what to do about it. */
function haveWaysOut(findings: readonly Finding[]): void {
  for (const { what, verdict, way_out } of findings)
    expect(Boolean(way_out), `${what}: ${verdict}`).toBe(verdict !== 'ok');
}

test.each([
  ['hotadd:nbdssl', 'VMware, Inc.', 'left out', /nobody looked at what the user may do on the VM/],
  ['hotadd:nbdssl', 'Dell Inc.', 'warning', /only nbdssl can work here: hotadd: .* of Dell Inc\./],
  ['hotadd', 'QEMU', 'problem', /none of the transports hotadd can work here/],
  ['hotadd', undefined, 'left out', /hotadd/],
  ['san:nbdssl', 'VMware, Inc.', 'warning', /only nbdssl .* LUNs/],
  ['san', 'Dell Inc.', 'left out', /nobody looked at whether this machine reaches the LUNs/],
  ['nbdssl', undefined, 'ok', /^nbdssl$/],
  ['nbd', 'VMware, Inc.', 'warning', /plain text/],
  ['nbdsl:hotad', 'VMware, Inc.', 'problem', /nbdsl: the VDDK does not know it; hotad: /],
] as const)('transports %s on a machine of %s: %s', (wanted, maker, verdict, why) => {
  const version = { value: 'nbdkit 1.44.0' };
  const found = judgeNbdkit('vsphere:a', {
    ...{ program: 'nbdkit', plugin: 'vddk', version },
    transports: { wanted, maker },
  });
  expect(found.at(-1)).toMatchObject({ what: 'VDDK transports', verdict, why: expect.stringMatching(why) });
  haveWaysOut(found);
});

test('each entry of NO_PROXY that spares nobody is a warning with a way out', () => {
  const vain = vainExceptions({ NO_PROXY: '10.0.0.0/8, 10.*, http://a.b' });
  expect(judgeExceptions(vain!).map(({ verdict, why }) => [verdict, why])).toEqual([
    ['warning', expect.stringContaining('`10.*` in NO_PROXY spares nobody')],
    ['warning', expect.stringContaining('`http://a.b` in NO_PROXY spares nobody')],
  ]);
});

test('the nbdkit of a machine: absent, without the plugin, without the library, whole', () => {
  const failed = { failed: [world('nbdkit-failed', 'cannot open plugin')] };
  const plugin = 'path=/usr/lib/nbdkit/plugins/nbdkit-vddk-plugin.so\nname=vddk\nversion=1.44.0\n';
  const facts = (more: Partial<NbdkitFacts>): NbdkitFacts => ({
    program: 'nbdkit',
    plugin: 'vddk',
    version: { value: 'nbdkit 1.44.0' },
    dump: { value: `${plugin}vddk_library_version=8\nvddk_dll=/opt/vddk/lib64/libvixDiskLib.so.8.0.2\n` },
    libdir: { path: '/opt/vddk', libraries: { value: ['libvixDiskLib.so.8'] } },
    ...more,
  });
  const verdicts = (more: Partial<NbdkitFacts>) => {
    const found = judgeNbdkit('vsphere:home', facts(more));
    haveWaysOut(found);
    return found.map(({ what, verdict }) => `${what}: ${verdict}`);
  };
  expect(verdicts({})).toEqual(['nbdkit: ok', 'nbdkit plugin: ok', 'VDDK: ok']);
  expect(verdicts({ version: failed })).toEqual(['nbdkit: problem']);
  for (const said of ['nbdkit 1.8.0', 'nbdkit 0.99', 'qemu-nbd 7.2', ''])
    expect(verdicts({ version: { value: said } })[0], said).toBe('nbdkit: problem');
  for (const said of ['nbdkit 1.24.0', 'nbdkit 2.0.1 (extra)'])
    expect(verdicts({ version: { value: said } })[0], said).toBe('nbdkit: ok');
  expect(verdicts({ dump: { value: '' } })[1]).toBe('nbdkit plugin: problem');
  expect(verdicts({ dump: failed })).toEqual(['nbdkit: ok', 'nbdkit plugin: problem', 'VDDK: left out']);
  const folder = (libraries: NonNullable<NbdkitFacts['libdir']>['libraries']) =>
    verdicts({ libdir: { path: '/opt/vddk', libraries } });
  expect(folder({ value: [] })).toContain('VDDK: problem');
  expect(folder({ failed: [world('file-access', "can't list /opt/vddk")] })).toContain('VDDK: problem');
  // The plugin is there without the library, and says nothing of one that it can't load.
  expect(verdicts({ dump: { value: plugin } })).toContain('VDDK: problem');
  const other = { value: 'path=/p/nbdkit-file-plugin.so\nname=file\n' };
  expect(verdicts({ plugin: 'file', dump: other })).toContain('VDDK: left out');
});

test('the plugin is asked whether it can load the library, from the folder that is declared', async () => {
  const dir = await scratch();
  const program = join(dir, 'nbdkit');
  await writeFile(
    program,
    `#!/bin/sh
if [ "$1" = --version ]; then echo nbdkit 1.44.0; exit; fi
printf 'name=vddk\\nversion=1.44.0\\nvddk_default_libdir=/usr/lib/vmware-vix-disklib\\n'
case "$2" in libdir=*) printf 'vddk_library_version=8\\nvddk_dll=%s/lib64/libvixDiskLib.so.8.0.2\\n' "\${2#libdir=}" ;; esac
`,
  );
  await chmod(program, 0o755);
  const libdir = join(dir, 'vddk');
  await mkdir(join(libdir, 'lib64'), { recursive: true });
  await writeFile(join(libdir, 'lib64/libvixDiskLib.so.8'), '');
  const { signal } = new AbortController();
  const vddk = async (declared: { libdir?: string }) => {
    const facts = await lookAtNbdkit({ program, ...declared }, nodeHost(), signal);
    return judgeNbdkit('vsphere:home', facts).filter(({ what }) => what === 'VDDK');
  };
  expect(await vddk({})).toMatchObject([
    {
      verdict: 'problem',
      why: expect.stringContaining('from /usr/lib/vmware-vix-disklib'),
      way_out: expect.stringContaining('libdir'),
    },
  ]);
  expect(await vddk({ libdir })).toMatchObject([
    {
      verdict: 'ok',
      why: `version 8, ${libdir}/lib64/libvixDiskLib.so.8.0.2`,
      looked: `${program} vddk libdir=${libdir} --dump-plugin`,
    },
  ]);
  // A name that is too long is refused to root as well.
  expect(await vddk({ libdir: join(dir, 'x'.repeat(300)) })).toMatchObject([
    { verdict: 'problem', why: expect.stringContaining("can't list") },
  ]);
});

test('a server that refuses the login is one finding, and a wrong clock is one', () => {
  const refused = { failed: [world('vsphere-permission', 'refused', { hint: 'check the password' })] };
  expect(judgeVsphere('vsphere:home', { username: 'svc', login: refused })).toMatchObject([
    { what: 'login', verdict: 'problem', way_out: 'check the password' },
  ]);
  const login = {
    value: { fullName: 'VMware vCenter Server 8.0.2', apiVersion: '8.0.2', apiType: 'VirtualCenter' },
  };
  const clock = (ahead: number) =>
    judgeVsphere('vsphere:home', { username: 'svc', login, ahead: { value: ahead } }).at(-1);
  expect(clock(-300_000)).toMatchObject({
    verdict: 'warning',
    why: expect.stringContaining('5 min 0 s behind'),
  });
  expect(clock(1000)).toMatchObject({ verdict: 'ok' });
  // A mistake that names no way out gets one.
  const silent = { failed: [world('vsphere-fault', 'it did not say')] };
  haveWaysOut(judgeVsphere('vsphere:home', { username: 'svc', login: silent }));
  const unasked = judgeVsphere('vsphere:home', { username: 'svc', login, ahead: silent });
  expect(unasked.at(-1)).toMatchObject({ what: 'clock', verdict: 'left out' });
  haveWaysOut(unasked);
});

test('a repository: what is refused, what the bucket does to points, and where its key is', () => {
  const denied = { failed: [world('aws-access-denied', 'S3 did not allow it')] };
  const bucket = {
    name: 'b',
    prefix: 'dr',
    versioning: { value: true },
    publicAccessBlocked: { value: true },
    policy: { value: undefined },
    lifecycle: { value: [] },
  };
  const facts: RepositoryFacts = {
    caller: { value: 'arn:aws:iam::1:role/mover' },
    list: { value: undefined },
    configuration: { value: { keys: 1 } },
    conditions: { value: true },
    opened: { value: undefined },
    ahead: 0,
    bucket,
  };
  const of = (more: Partial<RepositoryFacts>, what: string) => {
    const found = judgeRepository('s3://b/dr', { ...facts, ...more });
    haveWaysOut(found);
    return found.filter(one => one.what === what).map(({ verdict }) => verdict);
  };
  const key = (from: string, read: Answer<unknown> = { value: undefined }) => ({ key: { from, read } });
  expect(judgeRepository('s3://b/dr', facts).every(({ verdict }) => verdict === 'ok')).toBe(true);
  expect(of({ conditions: denied }, 'write, compare-and-swap')).toEqual(['problem']);
  expect(of({ ahead: 3_600_000 }, 'clock')).toEqual(['warning']);
  // A mover may not look at the bucket's settings, and needs not.
  expect(of({ bucket: { ...bucket, versioning: denied } }, 'versioning')).toEqual(['left out']);
  const rule = (prefix: string, more = {}) => ({
    bucket: { ...bucket, lifecycle: { value: [{ id: 'r', enabled: true, expires: true, prefix, ...more }] } },
  });
  for (const prefix of ['', 'd', 'dr/', 'dr/vms/'])
    expect(of(rule(prefix), 'lifecycle')).toEqual(['problem']);
  for (const prefix of ['drx', 'dr2/', 'other/']) expect(of(rule(prefix), 'lifecycle')).toEqual(['ok']);
  expect(of(rule('', { expires: false }), 'lifecycle')).toEqual(['ok']);
  const archiving = { expires: false, archives: 'DEEP_ARCHIVE' };
  expect(of(rule('dr/', archiving), 'lifecycle')).toEqual(['problem']);
  expect(of(rule('other/', archiving), 'lifecycle')).toEqual(['ok']);
  expect(of(rule('dr/', { ...archiving, expires: true }), 'lifecycle')).toEqual(['problem', 'problem']);
  const policy = (Statement: object) => ({
    bucket: { ...bucket, policy: { value: JSON.stringify({ Statement }) } },
  });
  const open = { Effect: 'Allow', Principal: '*', Action: 's3:GetObject' };
  expect(of(policy([open]), 'policy')).toEqual(['problem']);
  expect(of(policy({ ...open, Principal: { AWS: ['*'] } }), 'policy')).toEqual(['problem']);
  expect(of(policy([{ ...open, Principal: undefined, NotPrincipal: { AWS: 'x' } }]), 'policy')).toEqual([
    'problem',
  ]);
  expect(of(policy([{ ...open, Condition: { StringEquals: {} } }]), 'policy')).toEqual(['problem']);
  const bound = policy([{ ...open, Condition: { StringEquals: { 'aws:SourceVpce': 'vpce-1' } } }]);
  expect(judgeRepository('s3://b/dr', { ...facts, ...bound })).toContainEqual(
    expect.objectContaining({
      ...{ what: 'policy', verdict: 'warning' },
      why: expect.stringContaining('StringEquals aws:SourceVpce'),
    }),
  );
  for (const value of ['no JSON', 'null', '{}', '{"Statement":[null]}'])
    expect(of({ bucket: { ...bucket, policy: { value } } }, 'policy'), value).toEqual(['left out']);
  expect(of(policy([{ ...open, Effect: 'Deny' }]), 'policy')).toEqual(['ok']);
  const two = { configuration: { value: { keys: 2 } } };
  expect(of(key('file:repository.key'), 'key')).toEqual(['warning']);
  expect(of({ ...key('file:repository.key'), ...two }, 'key')).toEqual(['ok']);
  expect(of(key('secretsmanager:dr'), 'key')).toEqual(['ok']);
  expect(of({ ...key('file:k'), opened: denied }, 'key')).toEqual(['problem']);
  // It is read whether or not the repository is there, and can be called ok in no other way.
  const bad = key('secretsmanager:dr', { failed: [world('bad-key', 'no key')] });
  const none: Partial<RepositoryFacts> = { configuration: { value: undefined } };
  expect(of({ ...none, ...bad }, 'key')).toEqual(['problem']);
  expect(of({ list: denied, ...none, ...bad }, 'key')).toEqual(['problem']);
  expect(of({ list: denied, ...none, ...key('ssm:dr') }, 'key')).toEqual(['left out']);
  expect(of({ configuration: denied }, 'key')).toEqual(['left out']);
});

test('the page prints the policy of a mover as it is shipped', async () => {
  const read = (path: string) => readFile(join(import.meta.dirname, '../..', path), 'utf8');
  expect(await read('docs/operation.md')).toContain(
    `\n\`\`\`json\n${await read('policies/writer.json')}\`\`\`\n`,
  );
});

test('the page tells every privilege that is asked for', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/operation.md'), 'utf8');
  for (const { id } of PRIVILEGES) expect(page).toContain(`| \`${id}\` |`);
  for (const { for: purpose } of PRIVILEGES) expect(page).toContain(`| ${purpose} |`);
});

test('the proxy that leads to a server is told with the variable that names it, and a wrong one is a problem', async () => {
  const { signal } = new AbortController();
  const found = async (env: Record<string, string>, url: string) =>
    judgeProxy('vsphere:home', await lookAtProxy(networkOf({ ...nodeHost(), env }), url, signal));
  const env = { HTTPS_PROXY: 'http://svc:s3cr3t@proxy.lan:3128', NO_PROXY: 'near.lan' };
  expect(await found(env, 'https://vc.example.com')).toEqual([
    {
      of: 'vsphere:home',
      what: 'proxy',
      verdict: 'ok',
      looked: 'HTTP_PROXY, HTTPS_PROXY and NO_PROXY',
      why: 'vc.example.com:443 is reached by the proxy proxy.lan:3128 (HTTPS_PROXY)',
    },
  ]);
  expect(await found(env, 'https://near.lan:8443/sdk')).toEqual([]);
  expect(await found(env, 'http://minio.lan:9000')).toEqual([]);
  expect(await found({ HTTP_PROXY: 'socks5://u:s3cr3t@x' }, 'http://minio.lan:9000')).toMatchObject([
    {
      verdict: 'problem',
      why: expect.stringContaining('HTTP_PROXY'),
      way_out: expect.not.stringContaining('s3cr3t'),
    },
  ]);
});
