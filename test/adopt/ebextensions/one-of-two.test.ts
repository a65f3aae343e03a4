import { expect, test } from 'vitest';
import { adoptEbextensions } from '../../../src/adopt/ebextensions/adopt.ts';

const adopt = (text: string) => adoptEbextensions([{ name: 'a.config', text }]);
const adopted = (...lines: string[]) =>
  adopt(
    `commands:\n${lines.map((line, n) => `  c${n}:\n    command: ${JSON.stringify(line)}`).join('\n')}\n`,
  );
const resources = ({ resources: all }: ReturnType<typeof adopt>) =>
  Object.fromEntries(all.map(({ type, title, properties }) => [`${type}:${title}`, properties]));
const todo = ({ leftovers }: ReturnType<typeof adopt>) =>
  leftovers.filter(({ needless }) => !needless).map(({ what, why }) => `${what}: ${why}`);

const rule = 'netsh advfirewall firewall add rule name=B dir=in protocol=TCP localport=80';
const cmdlet = (own: string) =>
  `powershell -c "New-NetFirewallRule ${own} -DisplayName B -Protocol TCP -LocalPort 80"`;

test.each([
  [
    'address and action',
    `${rule} action=allow remoteip=10.0.0.0/8`,
    `${rule} action=block remoteip=10.9.0.0/16`,
  ],
  ['profile and action', `${rule} action=allow profile=domain`, `${rule} action=block profile=public`],
  ['what the first says nothing of', `${rule} action=allow`, `${rule} action=allow edge=yes`],
  ['what the second says nothing of', `${rule} action=allow enable=no`, `${rule} action=allow`],
  ['the cmdlet', cmdlet('-Name web-1 -Profile Domain'), cmdlet('-Name web-2 -Profile Public -Action Block')],
])('of two rules that no property tells apart the second is left over: %s', (_, first, second) => {
  const found = adopted(first, second);
  expect(resources(found)).toEqual(resources(adopted(first)));
  expect(todo(found)).toHaveLength(1);
  expect(todo(found)[0]).toContain("`firewall_rule` can't tell it from the one of a.config:3");
});

test('a rule that is added twice is one, and one after its deletion is another', () => {
  const found = adopted(
    `${rule} action=allow`,
    `${rule} action=allow`,
    'netsh advfirewall firewall delete rule name=B',
    `${rule} action=block`,
  );
  expect(todo(found)).toEqual([]);
  expect(Object.values(resources(found))).toMatchObject([{ action: 'block' }]);
});

test('of rules of one name each says what it is for, if that is all', () => {
  const found = adopted(
    'netsh advfirewall firewall add rule name=B dir=in action=block',
    `${rule} action=allow`,
  );
  expect(todo(found)).toEqual([]);
  expect(Object.values(resources(found))).toMatchObject([
    { name: 'B', action: 'block', protocol: 'any' },
    { name: 'B', action: 'allow', protocol: 'TCP' },
  ]);
});

test('a task that is made again is the second one, with nothing of the first', () => {
  const found = adopted(
    'schtasks /create /f /tn T /tr "a.exe -x" /sc minute /mo 5 /rl highest',
    'schtasks /create /f /tn T /tr b.exe /sc daily /st 02:00',
  );
  expect(todo(found)).toEqual([]);
  expect(resources(found)).toEqual({ 'scheduled_task:T': { command: 'b.exe', at: '02:00' } });
});

test('without /f schtasks asks, so the second task is left over', () => {
  const first = 'schtasks /create /tn T /tr a.exe /sc daily /st 01:00';
  const found = adopted(first, 'schtasks /create /tn T /tr b.exe /sc daily /st 02:00');
  expect(resources(found)).toEqual(resources(adopted(first)));
  expect(todo(found).join()).toContain('schtasks asks before it replaces one');
});

test('a second address of a host, or other aliases of it, are left over', () => {
  const to = String.raw`C:\Windows\System32\drivers\etc\hosts`;
  const found = adopted(`echo 10.0.0.1 db a >> ${to}`, `echo 10.0.0.2 db b >> ${to}`);
  expect(resources(found)).toEqual({ 'hosts_entry:db': { address: '10.0.0.1', aliases: ['a'] } });
  expect(todo(found)).toHaveLength(1);
});

test('two archives for one directory: the second is left over', () => {
  const source = (name: string) => `sources:\n  "c:/x": https://h/${name}.zip\n`;
  const found = adoptEbextensions([
    { name: 'a.config', text: source('a') },
    { name: 'b.config', text: source('b') },
  ]);
  expect(resources(found)).toEqual({ 'archive:c:/x': { source: 'https://h/a.zip' } });
  expect(todo(found).join()).toContain('https://h/b.zip');
});
