import { expect, test } from 'vitest';
import { firewallRule } from '../../../src/resources/windows/security/firewall_rule.ts';
import { addressList, portList } from '../../../src/windows/security/firewall.ts';
import { converge } from '../../support/converge.ts';
import { declare } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { windowsWorld } from '../../support/windows-world.ts';

async function start() {
  const made = await windowsWorld();
  const netsh = (...args: string[]) => made.run('netsh', ['advfirewall', 'firewall', ...args]);
  const rules = async (name: string) => (await netsh('show', 'rule', `name=${name}`)).stdout;
  return {
    ...made,
    netsh,
    rules,
    converge: (...resources: ReturnType<typeof declare>[]) => converge([firewallRule], made.world, resources),
  };
}

const web = { action: 'allow', protocol: 'tcp', local_port: '443' };

test.each([
  ['443', '444'],
  ['444', '443'],
])('all of several rules of one name are made like the declared one: %s, %s', async (...ports) => {
  const { converge, netsh, rules } = await start();
  for (const port of ports)
    await netsh('add', 'rule', 'name=Web', 'dir=in', 'action=allow', 'protocol=TCP', `localport=${port}`);
  const { fields } = await converge(declare('firewall_rule:web', web));
  expect(fields).toMatchObject([{ path: '/local_port', before: ['444'], after: ['443'] }]);
  expect((await rules('Web')).match(/LocalPort: +443/g)).toHaveLength(2);
});

test('a rule of the other direction is another one', async () => {
  const { converge, netsh, rules } = await start();
  await netsh('add', 'rule', 'name=Web', 'dir=out', 'action=block', 'protocol=TCP');
  await converge(declare('firewall_rule:Web', web));
  expect(await rules('Web')).toMatch(/Direction: +Out[\s\S]*Direction: +In/);
  await converge(declare('firewall_rule:Web', web, { ensure: 'absent' }));
  expect(await rules('Web')).toMatch(/Direction: +Out/);
  expect(await rules('Web')).not.toMatch(/Direction: +In/);
});

const one = (title: string, properties: object) =>
  declare(`firewall_rule:${title}`, { name: 'Web', action: 'allow', protocol: 'tcp', ...properties });

test('rules of one name are told apart by protocol, ports, program and service, and leave one another alone', async () => {
  const { converge, netsh, rules, lab } = await start();
  await netsh('add', 'rule', 'name=Web', 'dir=in', 'action=block', 'protocol=UDP', 'localport=80');
  const declared = [
    one('tcp', { local_port: '80' }),
    one('udp', { protocol: 'udp', local_port: '80', remote_address: 'FD00:0::7' }),
    one('out', { direction: 'out', remote_port: ['443', '8443'] }),
    one('service', { service: 'W3SVC', local_port: '80' }),
  ];
  await converge(...declared);
  expect((await rules('Web')).match(/Rule Name/g)).toHaveLength(4);
  expect(await rules('Web')).toMatch(/RemoteIP: +fd00::7\s+Protocol: +UDP[\s\S]*Action: +Allow/);
  await lab.forgetProcesses();
  await converge(...declared);
  expect((await lab.processes()).filter(({ changed }) => changed)).toEqual([]);
  await converge(declare('firewall_rule:udp', { ...declared[1]!.properties }, { ensure: 'absent' }));
  expect(await rules('Web')).not.toMatch(/UDP/);
  expect((await rules('Web')).match(/Rule Name/g)).toHaveLength(3);
});

test('a title that means all rules of a name beside one of them is refused', async () => {
  const { converge } = await start();
  const { said } = await converge(declare('firewall_rule:Web', web), one('other', { local_port: '80' }));
  expect([...new Set(said.map(({ message }) => message))]).toEqual([
    '`other` is one of the rules that `Web` means all of',
  ]);
});

test('any number of rules is read by one process, and each is made by one', async () => {
  const { converge, lab } = await start();
  const resources = ['a', 'b', 'c'].map(name => declare(`firewall_rule:${name}`, web));
  await converge(...resources);
  expect((await lab.processes()).filter(({ changed }) => changed)).toHaveLength(3);
  await lab.forgetProcesses();
  await converge(...resources);
  expect(await lab.processes()).toMatchObject([{ changed: false }]);
});

test('what netsh refuses is told in its words', async () => {
  const { converge, lab } = await start();
  await lab.fault({ kind: 'access-denied', program: 'netsh.exe', times: 9 });
  const { said } = await converge(declare('firewall_rule:Web', web));
  expect(said[0]).toMatchObject({
    code: 'netsh-failed',
    message:
      'the firewall rule `Web` was not changed: netsh ended with exit code 1: ERROR: Access is denied.',
  });
});

test.each([
  ['all', web, "can't be the name"],
  ['a "b"', web, "can't be the name"],
  ['Web', { action: 'allow', local_port: '443' }, 'only `tcp` and `udp` have ports'],
  ['Web', { ...web, local_port: 'https' }, '`https` in `local_port` is not a port'],
  ['Web', { ...web, remote_port: ['1', '70000'] }, '`70000` in `remote_port` is not a port'],
  ['Web', { ...web, remote_address: '10.0.0.0/33' }, '`10.0.0.0/33` in `remote_address` is not an address'],
  ['Web', { ...web, local_address: ['fd00::7', 'host'] }, '`host` in `local_address` is not an address'],
  ['Web', { ...web, direction: 'out', edge_traversal: true }, 'only what comes in'],
  ['Web', { ...web, description: 'a|b' }, 'a quote or a bar'],
  ['x', { ...web, name: 'all' }, "`all` can't be the name"],
  ['Ping', { action: 'allow', protocol: 'icmpv4', local_port: '1' }, 'only `tcp` and `udp` have ports'],
])('%s is refused', (title, properties, text) => {
  expect(mistakesIn(firewallRule, title, properties)).toContain(text);
});

test('lists have one form', () => {
  expect(portList('80, 443,80')).toEqual(['443', '80']);
  expect(portList('*')).toEqual(['any']);
  expect(addressList('10.1.2.3/255.255.255.255,10.0.0.0/255.0.0.0')).toEqual(['10.0.0.0/8', '10.1.2.3']);
  expect(addressList('2001:DB8:0:0::1/128,10.0.0.1-10.0.0.1')).toEqual(['10.0.0.1', '2001:db8::1']);
  expect(addressList('LocalSubnet,10.0.0.1-10.0.0.9')).toEqual(['10.0.0.1-10.0.0.9', 'localsubnet']);
  expect(addressList('10.0.0.0/255.0.255.0')).toEqual(['10.0.0.0/255.0.255.0']);
});
