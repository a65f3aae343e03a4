import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const targets = `  home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" }
  away: { type: vsphere, url: https://vc2.example.com, username: u, password: "\${secret('env:VC')}" }
  dr: { type: aws, region: eu-west-1 }
`;
const hook = "webhook: { shape: json, url: 'https://example.com/hook' }";

/** A manifest of these resources, in a lab. */
async function declared(...resources: string[]) {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1\ntargets:\n${targets}resources:\n${resources.join('\n')}\n`,
  );
  const env: Record<string, string> = { VC: 'x' };
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env });
  return { dir, env, converge, validate: () => cli(dir, ['validate', 'm.yaml'], { env }) };
}

const keyed = (name: string) => `{ url: file:///dr, key: "\${secret('env:${name}')}" }`;
const vm = (name: string, repository: string, more = '') =>
  `  protected_vm: { ${name}: { repository: ${repository}, schedule: every 1 hour${more} } }`;
const all = (name: string, first: string, second: string) => [
  `  protected_vm:\n    a: { repository: ${first}, schedule: every 1 hour, target: home }`,
  `    ${name}: { repository: ${second}, schedule: every 1 hour, target: away }`,
];

test.each([
  ['two keys', all('b', keyed('ONE'), keyed('TWO'))],
  ['one without, at another vCenter', all('b', keyed('ONE'), 'file:///dr')],
  ['one without, spelled otherwise', all('b', 'FILE:///dr/', keyed('ONE'))],
  [
    'a selection',
    [
      ...all('b', keyed('ONE'), keyed('ONE')),
      `    web: { select: { name: 'web*' }, repository: file:///dr, schedule: every 1 hour, target: home }`,
    ],
  ],
  [
    'a route',
    [vm('a', keyed('ONE'), ', target: home'), `  alert_route: { ops: { repository: file:///dr, ${hook} } }`],
  ],
  [
    'an image',
    [vm('a', keyed('ONE'), ', target: home'), '  raw_image: { /a.raw: { vm: a, repository: file:///dr } }'],
  ],
])('those who name a repository agree on its key: %s', async (_, resources) => {
  const { validate } = await declared(...resources);
  const { code, stderr } = await validate();
  expect(stderr).toMatch(
    /error\[not-alike\]: `\w+:[\w/.]+` and `protected_vm:a` don't say the same of the key of the repository file:\/\/\/dr\n +--> m\.yaml:\d+:\d+\n/i,
  );
  expect(stderr.match(/error\[/g)).toHaveLength(1);
  expect(code).toBe(1);
});

test('the same key, and another repository, are no mistake', async () => {
  const { validate } = await declared(
    ...all('b', keyed('ONE'), keyed('ONE')),
    '    c: { repository: file:///other, schedule: every 1 hour, target: away }',
  );
  expect(await validate()).toMatchObject({ code: 0 });
});

test.each([true, false])(
  'a route makes the repository that it is kept in, with its key: %s',
  async isKeyed => {
    const repository = isKeyed ? keyed('KEY') : 'file:///dr';
    const { dir, env, converge } = await declared(
      `  alert_route: { ops: { repository: ${repository}, ${hook} } }`,
    );
    const { stdout: key } = await cli(dir, ['key', 'create']);
    env.KEY = key.trim();
    expect(await converge('apply', 'm.yaml', '--yes')).toMatchObject({ code: 0 });
    expect(await converge('plan', 'm.yaml')).toMatchObject({ code: 0 });
    // What it was made as is what the first cycle finds.
    await writeFile(
      join(dir, 'vm.yaml'),
      `converge: 1\ntargets:\n${targets}resources:\n${vm('dc02', repository, ', target: home')}\n`,
    );
    expect(await converge('apply', 'vm.yaml', '--yes')).toMatchObject({ code: 0 });
    const without = await converge('points', 'dc02', '--repository', 'file:///dr');
    expect(without.stderr.includes('key-needed')).toBe(isKeyed);
  },
);
