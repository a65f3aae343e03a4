import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

test('a VM that was made anew has taken the place of the one before, whatever files are dated', async () => {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets: { home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" } }
resources: { protected_vm: { dc02: { repository: file:///dr, schedule: every 15 minutes } } }
`,
  );
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { VC: 'x' } });
  const once = () => converge('agent', 'm.yaml', '--once');
  const folders = () => readdir(join(dir, 'lab/host/dr/vms'));
  const states = async () => {
    const { code, stdout } = await converge('status', 'm.yaml', '--format', 'json');
    const { vms } = JSON.parse(stdout) as { vms: { state: string; reason: string }[] };
    return [code, ...vms.map(({ state, reason }) => `${state} ${reason}`).toSorted()];
  };
  await once();
  // Files are as old as they really are, and points as the clock of the lab has it.
  await converge('lab', 'clock', '60m');
  await once();
  const [before] = await folders();
  await converge('lab', 'remove-vm', 'dc02');
  await converge('lab', 'add-vm', 'dc02', '--blank', '1MiB');
  await converge('lab', 'clock', '80m');
  expect(await once()).toMatchObject({ code: 0 });
  expect(await states()).toEqual([0, 'kept in-time', 'unprotected replaced']);

  await converge('lab', 'clock', '100m');
  await once();
  expect(await states()).toEqual([0, 'kept in-time', 'unprotected replaced']);
  // Of an oldest point that can't be read the date of its file counts, from before the other's points.
  const after = (await folders()).find(name => name !== before)!;
  const points = join(dir, 'lab/host/dr/vms', after, 'points');
  const [oldest] = (await readdir(points)).toSorted();
  await writeFile(join(points, oldest!), 'nothing that was sealed');
  expect(await states()).toEqual([16, 'unknown ambiguous-name']);
});
