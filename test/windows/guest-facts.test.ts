import { expect, test } from 'vitest';
import type { IncomingRule } from '../../src/recovery/guest-facts/firewall-fact.ts';
import type { SeenFacts } from '../../src/recovery/guest-facts/format.ts';
import { emsOf, values } from '../../src/recovery/guest-facts/windows-values.ts';
import { windowsFacts } from '../../src/windows/guest/facts.ts';
import type { WindowsLook } from '../../src/windows/guest/look.ts';
import { placeOf } from '../../src/windows/registry/registry-data.ts';

type Values = Partial<Record<keyof typeof values | 'ems', string>>;

const entry = '{6aaf7a3b-40a3-11ef-8f5c-0050568a0001}';
const rdp: IncomingRule = {
  name: 'RDP',
  allows: true,
  ports: '3389',
  from: '*',
  program: String.raw`%SystemRoot%\system32\svchost.exe`,
  service: 'TermService',
};

/** One that is right in all. */
const right: Values = {
  stornvme: '0',
  dhcp: '2',
  sanPolicy: '1',
  ec2launch: '2',
  terminal: '3',
  denies: '0',
  product: 'ServerNT',
  time: '2',
  timeType: 'NTP',
  timeServers: '169.254.169.123,0x9',
  bootDefault: entry,
  ems: '01',
};

function seen(changed: Values = {}, more: Partial<WindowsLook> = {}): SeenFacts {
  const registry = new Map<string, string>();
  for (const [name, value] of Object.entries({ ...right, ...changed }) as [keyof Values, string][])
    if (value !== undefined) registry.set(placeOf(name === 'ems' ? emsOf(entry) : values[name]), value);
  return windowsFacts({
    registry,
    drivers: ['ena.inf_amd64_1234'],
    firewall: { on: true, blocksAll: false, rules: [rdp] },
    accounts: { names: ['Administrator'] },
    license: { channel: 'Windows(R) Operating System, VOLUME_KMSCLIENT channel', active: true },
    ...more,
  });
}

const without = (...names: (keyof Values)[]): Values =>
  Object.fromEntries(names.map(name => [name, undefined])) as Values;

const firewall = (rules: IncomingRule[], more: object = {}): Partial<WindowsLook> => ({
  firewall: { on: true, blocksAll: false, rules, ...more },
});

test('a machine that is right in all says so of each', () => {
  const facts = seen();
  expect(Object.keys(facts)).toHaveLength(11);
  expect(Object.entries(facts).filter(([, fact]) => !fact?.ok)).toEqual([]);
});

test.for<[string, keyof SeenFacts, Values, Partial<WindowsLook>?]>([
  ['NVMe that is started too late', 'nvme', { stornvme: '3' }],
  ['NVMe that an override starts too late', 'nvme', { stornvmeOverride: '3' }],
  ['no NVMe', 'nvme', without('stornvme')],
  ['no ENA', 'ena', {}, { drivers: ['enable.inf_amd64_1', 'net.inf_amd64_2'] }],
  ['no DHCP Client', 'dhcp', { dhcp: '4' }],
  ['disks that stay offline', 'san_policy', { sanPolicy: '2' }],
  ['no SAN policy', 'san_policy', without('sanPolicy')],
  ['no EC2Launch', 'ec2launch', without('ec2launch')],
  ['Remote Desktop that is off', 'remote_access', { denies: '1' }],
  ['Remote Desktop that a policy has off', 'remote_access', { deniesByPolicy: '1' }],
  ['Remote Desktop Services that never start', 'remote_access', { terminal: '4' }],
  ['a firewall without a rule', 'firewall', {}, firewall([])],
  ['a firewall that keeps all out', 'firewall', {}, firewall([rdp], { blocksAll: true })],
  ['a rule against it', 'firewall', {}, firewall([rdp, { ...rdp, allows: false }])],
  ['a rule for neighbours alone', 'firewall', {}, firewall([{ ...rdp, from: 'LocalSubnet' }])],
  ['a rule for another port', 'firewall', {}, firewall([{ ...rdp, ports: '3000-3388' }])],
  ['a rule for another service', 'firewall', {}, firewall([{ ...rdp, service: 'W3SVC' }])],
  ['a rule for another program', 'firewall', {}, firewall([{ ...rdp, program: 'C:\\a.exe' }])],
  ['another port of RDP', 'firewall', { rdpPort: '3390' }],
  ['no local administrator', 'account', {}, { accounts: { names: [] } }],
  ['a console that goes nowhere', 'serial_console', { ems: '00' }],
  ['a console that goes nowhere, without a word', 'serial_console', without('ems')],
  ['a KMS of home', 'kms', { ec2launch: '4', kms: 'kms.corp.example.com' }],
  ['a key that isn’t active', 'kms', {}, { license: { channel: 'VOLUME_MAK channel', active: false } }],
  ['a time server of home', 'time', { timeServers: 'dc01.corp.example.com' }],
  ['a time server of home, by a policy', 'time', { timeServersByPolicy: '10.0.0.1' }],
  ['no Windows Time', 'time', { time: '4' }],
])('%s is told', ([, name, changed, more]) => {
  expect(seen(changed, more)[name]).toMatchObject({ ok: false, what: expect.stringMatching(/\w/) });
});

test.for<[string, keyof SeenFacts, Values, Partial<WindowsLook>?]>([
  ['Amazon’s NVMe driver', 'nvme', { ...without('stornvme'), awsNvme: '0' }],
  ['EC2Config', 'ec2launch', { ...without('ec2launch'), ec2config: '2' }],
  ['a firewall that is off', 'firewall', {}, firewall([], { on: false })],
  ['a rule for some', 'firewall', {}, firewall([{ ...rdp, from: '10.0.0.0/255.0.0.0' }])],
  ['a rule for any port', 'firewall', {}, firewall([{ ...rdp, ports: '*', program: '', service: '' }])],
  ['a domain controller', 'account', { product: 'LanmanNT' }, { accounts: null }],
  ['a key of its own', 'kms', { ec2launch: '4' }, { license: { channel: 'VOLUME_MAK', active: true } }],
  ['EC2’s KMS', 'kms', { ec2launch: '4', kms: '169.254.169.250' }],
  ['the time of a domain', 'time', { timeType: 'NT5DS', timeServers: '' }],
])('%s will do', ([, name, changed, more]) => {
  expect(seen(changed, more)[name]).toMatchObject({ ok: true });
});

test('what could not be asked is left out, and nothing is taken for granted', () => {
  const facts = seen(without('bootDefault', 'ems', 'ec2launch'), {
    drivers: undefined,
    firewall: null,
    accounts: null,
    license: null,
  });
  for (const name of ['ena', 'firewall', 'account', 'serial_console', 'kms'] as const)
    expect(facts).not.toHaveProperty(name);
  expect(facts.nvme).toMatchObject({ ok: true });
});
