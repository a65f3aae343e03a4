import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../../support/cli.ts';

const site = async (os: string, ...zones: string[]) => {
  const dir = await scratch();
  const lines = zones.map(zone => `    ${zone}: {}\n`).join('');
  await writeFile(
    join(dir, 'site.yaml'),
    `converge: 1\nrequires: { os: ${os} }\nresources:\n  timezone:\n${lines}`,
  );
  const lab = ['--lab', join(dir, 'lab')];
  return (command: string) => cli(dir, [command, 'site.yaml', ...lab]);
};

test.each([
  ['windows', 'w. europe standard time'],
  ['linux', 'Europe/Berlin'],
])('a zone of %s is set once', async (os, zone) => {
  const run = await site(os, zone);
  const first = await run('apply');
  expect(first.stdout).toContain(`UTC -> ${zone}`);
  expect(first.code).toBe(0);
  expect((await run('plan')).stdout).toContain('Nothing to do');
});

test('a host has one', async () => {
  const run = await site('linux', 'Europe/Berlin', 'Europe/Paris');
  const { code, stderr } = await run('validate');
  expect(code).toBe(1);
  expect(stderr).toContain('timezone:Europe/Paris');
});

test('one that this host does not know is told with where they are listed', async () => {
  const { code, stderr } = await (await site('windows', 'Atlantis Standard Time'))('apply');
  expect(code).toBe(4);
  expect(stderr).toContain('tzutil /l');
});
