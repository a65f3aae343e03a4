import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const manifest = `converge: 1
targets:
  home: { type: vsphere, url: 'https://vcenter.example.com', username: u, password: "\${secret('env:P')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket:
    points: {}
  protected_vm:
    web01: { repository: 's3://points/dr', schedule: every 15 minutes }
`;

async function labWithVm(dir: string, lab: string): Promise<void> {
  const { code, stderr } = await cli(dir, ['lab', 'add-vm', 'web01', '--blank', '64KiB', '--lab', lab]);
  expect(code, stderr).toBe(0);
}

test('B10: a plan made in one lab is refused in another', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), manifest);
  for (const lab of ['a', 'b']) await labWithVm(dir, lab);
  expect((await cli(dir, ['plan', 'm.yaml', '-o', 'plan.json', '--lab', 'a'])).code).toBe(0);
  const refused = await cli(dir, ['apply', 'plan.json', '--lab', 'b']);
  expect(refused.code).toBe(8);
  expect(refused.stderr).toContain('the plan was made in another lab than this one');
  const { code, stderr } = await cli(dir, ['apply', 'plan.json', '--lab', 'a']);
  expect(code, stderr).toBe(0);
});

test('B10: another VM by the planned name is refused, protected before or not', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), manifest);
  await labWithVm(dir, 'lab');
  const replace = async () => {
    expect((await cli(dir, ['lab', 'remove-vm', 'web01', '--lab', 'lab'])).code).toBe(0);
    await labWithVm(dir, 'lab');
  };
  expect((await cli(dir, ['plan', 'm.yaml', '-o', 'plan.json', '--lab', 'lab'])).code).toBe(0);
  await replace();
  const refused = await cli(dir, ['apply', 'plan.json', '--lab', 'lab']);
  expect(refused.code).toBe(8);
  expect(refused.stderr).toMatch(
    /`protected_vm:web01` is another object than when the plan was made: it is \S+ now, and was \S+/,
  );
});
