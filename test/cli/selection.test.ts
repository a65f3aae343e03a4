import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Plan } from '../../src/engine/model/plan.ts';
import { cli, scratch } from '../support/cli.ts';

const site = (select: string, more = '') => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: x, password: "\${secret('env:VC')}" }
  dr: { type: aws, region: eu-west-1 }
resources:
  bucket: { points: {} }
  exec: { told: { command: [/bin/true], refresh_only: true, subscribe: protected_vm:prod } }
  protected_vm:
    prod:
      select: ${select}
      repository: s3://points/dr
      schedule: every hour
${more}`;

/** A lab with three VMs of production, two of them gold, and one outside. */
async function place(select = '{ folder: Production }', more = '') {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  const run = (...args: string[]) => cli(dir, [...args, ...lab]);
  const vm = (name: string, ...more: string[]) => run('lab', 'add-vm', name, '--blank', '64KiB', ...more);
  await vm('web01', '--folder', 'Production/web', '--tag', 'tier/gold');
  await vm('web02', '--folder', 'Production/web');
  await vm('sql01', '--folder', 'Production', '--tag', 'gold');
  await vm('other', '--folder', 'Productionless');
  const write = (text: string) => writeFile(join(dir, 'm.yaml'), text);
  await write(site(select, more));
  const plan = async (...more: string[]) => {
    const { stdout, stderr } = await run('plan', 'm.yaml', '--format', 'json', ...more);
    expect(stdout, stderr).not.toBe('');
    return JSON.parse(stdout) as Plan;
  };
  const selected = async (...more: string[]) =>
    (await plan(...more)).resources.flatMap(({ address, type }) => (type === 'protected_vm' ? address : []));
  return { dir, run, write, plan, selected };
}

test.each([
  ['{ folder: Production }', ['sql01', 'web01', 'web02']],
  ['{ folder: /home/vm/production/web/ }', ['web01', 'web02']],
  ['{ tag: gold }', ['sql01', 'web01']],
  ['{ tag: [tier/gold] }', ['web01']],
  ["{ name: ['WEB*', oth?r] }", ['other', 'web01', 'web02']],
  ["{ folder: Production, name: '*01', exclude: sql* }", ['web01']],
  ["{ name: '*', exclude: { tag: gold, folder: Productionless } }", ['web02']],
])('select: %s', async (select, expected) => {
  const { selected } = await place(select);
  expect(await selected()).toEqual(expected.map(name => `protected_vm:prod/${name}`));
});

test('each VM is a resource with edges, provenance and notifications of its own', async () => {
  const { run, plan } = await place('{ tag: gold }');
  const { resources, selections } = await plan();
  const of = (address: string) => resources.find(one => one.address === address)!;
  expect(of('protected_vm:prod/web01')).toMatchObject({
    title: 'web01',
    action: 'create',
    dependsOn: ['bucket:points'],
    notifies: ['exec:told'],
    selectedBy: 'protected_vm:prod',
    at: { file: 'm.yaml', line: 9 },
  });
  expect(of('exec:told').dependsOn).toEqual(['protected_vm:prod/sql01', 'protected_vm:prod/web01']);
  expect(selections).toMatchObject([{ address: 'protected_vm:prod', joined: [], left: [] }]);
  const { code, stdout, stderr } = await run('apply', 'm.yaml');
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/3 changes, 1 refreshed[\s\S]*a second plan is empty/);
  expect((await run('replicate', 'sql01', 'm.yaml')).stdout).toMatch(/^sql01: point 2/);
});

test('who joins is planned and who leaves is named; nothing is deleted, and the digest has no memory', async () => {
  const { dir, run, plan } = await place('{ tag: gold }');
  expect((await run('apply', 'm.yaml')).code).toBe(0);
  await run('lab', 'untag', 'web01', 'tier/gold');
  await run('lab', 'tag', 'web02', 'gold');
  const { stdout, stderr, code } = await run('plan', 'm.yaml');
  expect(code).toBe(0);
  expect(stdout).toMatch(/create {2}protected_vm:prod\/web02/);
  expect(stdout).toContain('protected_vm:prod selects 2; joined: web02; left: web01 (nothing is deleted)');
  expect(stdout).toMatch(/Plan: 1 to create, 1 to refresh, 2 in sync/);
  expect(stderr).toMatch(/warning\[no-longer-selected\].*no longer selects web01[\s\S]*m.yaml:10:15/);
  const { digest } = await plan();
  expect((await plan('--state', join(dir, 'elsewhere'))).digest).toBe(digest);
  expect((await run('apply', 'm.yaml')).code).toBe(0);
  expect((await run('plan', 'm.yaml')).stderr).not.toContain('no longer');
  const points = await run('points', 'web01', '--repository', 's3://points/dr');
  expect(points.stdout).toContain('web01');
});

test('a reviewed plan is refused when the selection has moved', async () => {
  const { run } = await place('{ tag: gold }');
  expect((await run('plan', 'm.yaml', '-o', 'plan.json')).code).toBe(0);
  await run('lab', 'untag', 'sql01', 'gold');
  await run('lab', 'tag', 'web02', 'gold');
  const { code, stderr } = await run('apply', 'plan.json');
  expect(code).toBe(8);
  expect(stderr).toMatch(/`protected_vm:prod` selects has changed.*: web02 joined; sql01 left/);
  await run('lab', 'tag', 'sql01', 'gold');
  await run('lab', 'untag', 'web02', 'gold');
  expect((await run('apply', 'plan.json')).code).toBe(0);
});

test('--only takes a selection, one of its VMs, or neither without asking', async () => {
  const { selected, plan, run } = await place();
  expect(await selected('--only', 'protected_vm:prod')).toHaveLength(3);
  expect(await selected('--only', 'protected_vm:prod/web*')).toHaveLength(2);
  expect(await selected('--except', 'protected_vm:prod/web01')).toHaveLength(2);
  await run('lab', 'fault', 'unavailable', '--on', 'vsphere', '--times', '99');
  expect((await plan('--only', 'bucket')).diagnostics).toEqual([]);
  await run('lab', 'fault', 'clear', '--on', 'vsphere');
  const wrong = await run('plan', 'm.yaml', '--only', 'protected_vm:prod/web03');
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toMatch(/did you mean `protected_vm:prod\/web01`/);
});

test('an offline plan is that of a plan online', async () => {
  const { dir, run, write } = await place('{ tag: gold }');
  await run('apply', 'm.yaml');
  await run('lab', 'untag', 'web01', 'tier/gold');
  await run('lab', 'tag', 'web02', 'gold');
  expect((await run('observe', 'm.yaml', '-o', 'obs.json')).code).toBe(0);
  const online = await run('plan', 'm.yaml', '--format', 'json');
  const offline = ['plan', 'm.yaml', '--observed', 'obs.json', '--format', 'json'];
  const { stdout, stderr } = await cli(dir, offline);
  expect(stdout, stderr).toBe(online.stdout);
  expect(stdout).toContain('"web02"');
  await write(site('{ tag: silver }'));
  const moved = await cli(dir, offline);
  expect(moved.code).toBe(1);
  expect(moved.stderr).toMatch(/`protected_vm:prod` selected by something else when obs.json was made/);
});

test('a VM that is declared by itself is left to that', async () => {
  const own = '    SQL01: { repository: s3://points/dr, schedule: every 5 minutes }\n';
  const { selected, run } = await place('{ tag: gold }', own);
  expect(await selected()).toEqual(['protected_vm:SQL01', 'protected_vm:prod/web01']);
  expect((await run('plan', 'm.yaml')).stdout).toContain('selects 2, 1 of them declared by itself');
});

test('two selections of one VM are an error that names both', async () => {
  const other = '    gold: { select: { tag: gold }, repository: s3://points/dr, schedule: every hour }\n';
  const { run } = await place('{ folder: Production }', other);
  const { code, stderr } = await run('plan', 'm.yaml');
  expect(code).toBe(1);
  expect(stderr).toMatch(/`protected_vm:prod` and `protected_vm:gold` both select sql01, web01/);
  expect(stderr).toMatch(/m.yaml:13:5[\s\S]*m.yaml:9:5/);
  expect(stderr).toContain('1 error');
});

test.each([
  ['{ folder: Prodution }', /no VM is in a folder `Prodution`[\s\S]*did you mean `Production`/],
  ['{ tag: glod }', /there is no tag `glod`[\s\S]*did you mean `gold`/],
  ['{ tag: tier/gld }', /there is no tag `tier\/gld`[\s\S]*did you mean `tier\/gold`/],
  ["{ name: 'wbe01*' }", /no VM is called `wbe01\*`[\s\S]*did you mean `web01`/],
  ["{ folder: Production, exclude: '*' }", /`protected_vm:prod` selects nothing/],
])('%s selects nothing, and says so', async (select, expected) => {
  const { run } = await place(select);
  const { code, stdout, stderr } = await run('plan', 'm.yaml');
  expect(code).toBe(0);
  expect(stdout).toContain('protected_vm:prod selects 0');
  expect(stderr).toMatch(expected);
  expect(stderr).toMatch(/m.yaml:10/);
});

test('a target that does not answer fails the selection and what waits for it, and nothing else', async () => {
  const { run } = await place();
  await run('lab', 'fault', 'unavailable', '--on', 'vsphere', '--times', '99');
  const { code, stdout } = await run('plan', 'm.yaml', '--state', 'state');
  expect(code).toBe(4);
  expect(stdout).toMatch(/create {2}bucket:points/);
  expect(stdout).toMatch(/failed {2}protected_vm:prod /);
}, 300_000);

test.each([
  ['{}', /`select` says nothing to select by/],
  ['{ exclude: x }', /`select` says nothing to select by/],
  ['{ tags: gold }', /has no property `tags`[\s\S]*did you mean `tag`/],
])('select: %s is a mistake', async (select, expected) => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), site(select));
  const { code, stderr } = await cli(dir, ['validate', 'm.yaml']);
  expect(code).toBe(1);
  expect(stderr).toMatch(expected);
});

test('converge test tries what a selection declares on a VM that fits', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), site("{ folder: Production, tag: tier/gold, name: 'sql*' }"));
  const { code, stdout, stderr } = await cli(dir, ['test', 'm.yaml']);
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/2 changes; a second plan is empty/);
});

test('inside a module, with for_each, and by expressions', async () => {
  const { dir, run, write } = await place();
  const module = `converge: 1
parameters: { tag: { type: string } }
resources:
  protected_vm:
    all: { select: { tag: "\${params.tag}" }, repository: s3://points/dr, schedule: every hour }
`;
  await mkdir(join(dir, 'modules/guarded'), { recursive: true });
  await writeFile(join(dir, 'modules/guarded/module.yaml'), module);
  const text = site('{ name: nothing }').replace(/ {2}protected_vm:[\s\S]*/, '');
  await write(`${text.replace('protected_vm:prod', '[guarded:g, "protected_vm:of-web"]')}
  guarded: { g: { tag: gold, require: bucket:points } }
  protected_vm:
    "of-\${each.value}":
      for_each: [web, other]
      select: { name: "\${each.value}*", exclude: { tag: gold } }
      repository: s3://points/dr
      schedule: every hour
`);
  const { stdout, stderr } = await run('plan', 'm.yaml', '--format', 'json');
  expect(stderr).not.toContain('error');
  const { resources } = JSON.parse(stdout) as Plan;
  expect(resources.map(({ address }) => address)).toEqual([
    'bucket:points',
    'guarded:g/protected_vm:all/sql01',
    'guarded:g/protected_vm:all/web01',
    'protected_vm:of-other/other',
    'protected_vm:of-web/web02',
    'exec:told',
  ]);
  expect(resources.at(-1)!.dependsOn).toEqual([
    'guarded:g/protected_vm:all/sql01',
    'guarded:g/protected_vm:all/web01',
    'protected_vm:of-web/web02',
  ]);
  const only = await run(
    'plan',
    'm.yaml',
    '--only',
    'guarded:g',
    '--except',
    'guarded:g/protected_vm:all/sql01',
  );
  expect(only.stdout).toMatch(/Plan: 1 to create/);
});

test('explain tells of a selected VM what its selection says, and what select takes', async () => {
  const { dir } = await place();
  const explain = async (...words: string[]) => (await cli(dir, ['explain', ...words])).stdout;
  const whole = await explain('protected_vm:prod/web01.example', 'm.yaml');
  expect(whole).toBe(await explain('protected_vm:prod', 'm.yaml'));
  expect(whole).toContain('every hour');
  const one = await explain('protected_vm:prod/web01.example.schedule', 'm.yaml');
  expect(one).toBe(await explain('protected_vm:prod.schedule', 'm.yaml'));
  expect(await explain('--type', 'protected_vm')).toMatch(
    /Many of them by one:\n {2}select {2}map[\s\S]*exclude/,
  );
});

test('an agent goes on with the VMs that a changed selection lets go of, until somebody allows that', async () => {
  const { run, write } = await place();
  const declared = (select: string, more = '') =>
    write(`converge: 1
targets: { home: { type: vsphere, url: https://vcenter.example.com, username: x, password: "\${secret('env:VC')}" } }
resources:
  protected_vm:
    prod: { select: ${select}, repository: file:///dr, schedule: every 15 minutes }
${more}`);
  let at = 0;
  const turn = async () => {
    at += 20;
    await run('lab', 'clock', `${at}m`);
    const { code, stdout, stderr } = await run('agent', 'm.yaml', '--once');
    const points = [...stdout.matchAll(/^(\w+): point/gm)].map(([, vm]) => vm).sort();
    return { code, points, text: stdout + stderr };
  };
  await declared('{ tag: gold }');
  expect((await turn()).points).toEqual(['sql01', 'web01']);
  await declared("{ name: 'web*' }");
  const held = /^protected_vm:prod protects less .*: `select` was changed and lets go of sql01$/m;
  for (const _ of [1, 2]) {
    const next = await turn();
    expect(next.points).toEqual(['sql01', 'web01', 'web02']);
    expect(next.text).toMatch(held);
  }
  // Declared by itself, it is nobody's to hold.
  await declared("{ name: 'web*' }", '    sql01: { repository: file:///dr, schedule: every 15 minutes }\n');
  expect((await turn()).points).toEqual(['sql01', 'web01', 'web02']);
  await declared("{ name: 'web*' }");
  await run('apply', 'm.yaml', '--allow', 'protected_vm:prod', '--allow', 'protected_vm:sql01');
  const after = await turn();
  expect(after.points).toEqual(['web01', 'web02']);
  expect(after.text).not.toMatch(held);
});
