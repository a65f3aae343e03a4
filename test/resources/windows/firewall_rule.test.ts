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
  const { converge } = await start();
  const { said } = await converge(declare('firewall_rule:Web', { ...web, local_port: 'https' }));
  expect(said[0]).toMatchObject({
    code: 'netsh-failed',
    message: 'the firewall rule `Web` was not changed: A specified value is not valid.',
  });
});

test.each([
  ['all', web, "can't be the name"],
  ['a "b"', web, "can't be the name"],
  ['Web', { action: 'allow', local_port: '443' }, 'only `tcp` and `udp` have ports'],
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
