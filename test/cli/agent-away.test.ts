import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { httpsReceiver } from '../support/https-receiver.ts';

/** Runs of an agent over all VMs of a lab, as a timer starts them, with all that they tell. */
async function site() {
  const dir = await scratch();
  const receiver = await httpsReceiver();
  const env = { VC: 'x', HOOK: receiver.url };
  const hook = `{ shape: json, url: "\${secret('env:HOOK')}", private: true, ca: ${JSON.stringify(receiver.ca)} }`;
  const declare = (vms: string) =>
    writeFile(
      join(dir, 'm.yaml'),
      `converge: 1
targets: { home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" } }
resources:
  protected_vm: { ${vms} }
  alert_route: { ops: { repository: file:///dr, webhook: ${hook} } }
`,
    );
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env });
  const once = async () => {
    await converge('agent', 'm.yaml', '--once');
    return (receiver.got.splice(0) as { event: string; rule: string; subjects: string[] }[]).map(
      ({ event, rule, subjects }) => `${event} ${rule} ${subjects.toSorted().join(' ')}`,
    );
  };
  return { converge, declare, once };
}

const all = (more = '') =>
  `all: { select: { name: '*' }, repository: 'file:///dr', schedule: every 15 minutes${more} }`;

test('with the vCenter away a selection goes on meaning its VMs: breaches open, and none is told to be over', async () => {
  const { converge, declare, once } = await site();
  await declare(all());
  await once();
  const away = async () => converge('lab', 'fault', 'unavailable', '--on', 'vsphere', '--times', '1000');
  await away();
  await converge('lab', 'clock', '40m');
  const breached = (event: string) => `${event} breached dc02 sql01`;
  expect((await once()).filter(one => one.includes('breached'))).toEqual([breached('opened')]);
  expect((await once()).filter(one => one.includes('breached'))).toEqual([]);
  const status = await converge('status', 'm.yaml', '--format', 'json');
  expect(status.code).toBe(4 + 16);
  const { vms } = JSON.parse(status.stdout) as { vms: { vm: string; state: string }[] };
  expect(vms.map(({ vm, state }) => [vm, state])).toEqual([
    ['dc02', 'breached'],
    ['sql01', 'breached'],
  ]);
  // Edited meanwhile: what another selection means nobody can say, and nothing is over for that.
  await declare(all().replace("'*'", "'*0*'"));
  expect((await once()).filter(one => one.includes('breached'))).toEqual([]);
  await converge('lab', 'fault', 'clear', '--on', 'vsphere');
  expect((await once()).filter(one => one.includes('breached'))).toEqual([breached('recovered')]);
});
