import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lookAtProxy } from '../../src/app/doctor/look-at-proxy.ts';
import { world } from '../../src/diagnostics/diagnostic.ts';
import type { Finding } from '../../src/doctor/finding.ts';
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
  const found = judge().filter(one => one.what === what);
  expect(found).toMatchObject([{ verdict, why: expect.stringMatching(why) }]);
  if (verdict === 'problem' || verdict === 'warning') expect(found[0]?.way_out).toBeTruthy();
});

test.each([
  ['hotadd:nbdssl', 'VMware, Inc.', 'ok', /Datastore\.AllocateSpace/],
  ['hotadd:nbdssl', 'Dell Inc.', 'warning', /only nbdssl can work here: hotadd: .* of Dell Inc\./],
  ['hotadd', 'QEMU', 'problem', /none of the transports hotadd can work here/],
  ['hotadd', undefined, 'ok', /hotadd/],
  ['san:nbdssl', 'VMware, Inc.', 'warning', /only nbdssl .* LUNs/],
  ['san', 'Dell Inc.', 'ok', /^san$/],
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
  expect(found.at(-1)?.way_out === undefined).toBe(verdict === 'ok');
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
  const facts = (more: Partial<NbdkitFacts>): NbdkitFacts => ({
    program: 'nbdkit',
    plugin: 'vddk',
    version: { value: 'nbdkit 1.44.0' },
    dump: { value: 'path=/usr/lib/nbdkit/plugins/nbdkit-vddk-plugin.so\nname=vddk\nversion=1.44.0\n' },
    libdir: { path: '/opt/vddk', libraries: ['libvixDiskLib.so.8'] },
    ...more,
  });
  const verdicts = (more: Partial<NbdkitFacts>) =>
    judgeNbdkit('vsphere:home', facts(more)).map(({ what, verdict }) => `${what}: ${verdict}`);
  expect(verdicts({})).toEqual(['nbdkit: ok', 'nbdkit plugin: ok', 'VDDK: ok']);
  expect(verdicts({ version: failed })).toEqual(['nbdkit: problem']);
  for (const said of ['nbdkit 1.8.0', 'nbdkit 0.99', 'qemu-nbd 7.2', ''])
    expect(verdicts({ version: { value: said } })[0], said).toBe('nbdkit: problem');
  for (const said of ['nbdkit 1.24.0', 'nbdkit 2.0.1 (extra)'])
    expect(verdicts({ version: { value: said } })[0], said).toBe('nbdkit: ok');
  expect(verdicts({ dump: { value: '' } })[1]).toBe('nbdkit plugin: problem');
  expect(verdicts({ dump: failed })).toEqual(['nbdkit: ok', 'nbdkit plugin: problem', 'VDDK: ok']);
  expect(verdicts({ libdir: { path: '/opt/vddk', libraries: [] } })).toContain('VDDK: problem');
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
  const of = (more: Partial<RepositoryFacts>, what: string) =>
    judgeRepository('s3://b/dr', { ...facts, ...more })
      .filter(one => one.what === what)
      .map(({ verdict }) => verdict);
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
  expect(of(policy([{ ...open, Condition: { StringEquals: {} } }]), 'policy')).toEqual(['ok']);
  expect(of(policy([{ ...open, Effect: 'Deny' }]), 'policy')).toEqual(['ok']);
  expect(of({ key: 'file:repository.key' }, 'key')).toEqual(['warning']);
  expect(of({ key: 'file:repository.key', configuration: { value: { keys: 2 } } }, 'key')).toEqual(['ok']);
  expect(of({ key: 'secretsmanager:dr' }, 'key')).toEqual(['ok']);
  expect(of({ key: 'file:k', opened: denied }, 'key')).toEqual(['problem']);
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
