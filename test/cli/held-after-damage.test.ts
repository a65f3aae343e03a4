import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const home = `{ type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" }`;
const manifest = (...vms: string[]) =>
  `converge: 1\ntargets: { home: ${home} }\nresources:\n  protected_vm:\n${vms
    .map(vm => `    ${vm}: { repository: file:///dr, schedule: every 15 minutes }\n`)
    .join('')}`;

/** A state folder of which an agent has gone by dc02 and sql01, and manifests that name dc02 alone by now. */
async function fewer() {
  const dir = await scratch();
  const run = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { VC: 'x' } });
  await writeFile(join(dir, 'm.yaml'), manifest('dc02', 'sql01'));
  expect((await run('agent', 'm.yaml', '--once')).code).toBe(0);
  await writeFile(join(dir, 'm.yaml'), manifest('dc02'));
  const memory = join(dir, 'lab/state/memory/engine.json');
  const lastGood = join(dir, 'lab/state/agent/manifests.json');
  return { dir, run, memory, lastGood };
}

const held = /protected_vm:sql01 protects less than before/;

test.each([
  ['cut short', '{"version":1,"entries":{"agent:pro'],
  ['empty', ''],
  ['of something else', '[]'],
])('a memory that is %s ends nothing that an agent holds on to', async (_, text) => {
  const { run, memory } = await fewer();
  await writeFile(memory, text);
  const once = await run('agent', 'm.yaml', '--once');
  expect(once.stderr).toContain('warning[state-damaged]');
  expect(once.stdout + once.stderr).toMatch(held);
  const again = await run('agent', 'm.yaml', '--once');
  expect(again.stdout + again.stderr).toMatch(held);
  expect(again.stderr).not.toContain('state-damaged');
  expect(await readFile(memory, 'utf8')).toContain('agent:protected_vm:sql01');
  // Until somebody allows it.
  expect(await run('apply', 'm.yaml', '--allow', 'protected_vm:sql01')).toMatchObject({ code: 0 });
  const allowed = await run('agent', 'm.yaml', '--once');
  expect(allowed.stdout + allowed.stderr).not.toMatch(held);
});

test('nor does one that is gone, or that another run has set aside before the agent sees it', async () => {
  const { dir, run, memory } = await fewer();
  await rm(memory);
  const once = await run('agent', 'm.yaml', '--once');
  expect(once.stdout + once.stderr).toMatch(held);
  await writeFile(memory, 'junk');
  await writeFile(join(dir, 'other.yaml'), manifest('dc02').replace('file:///dr', 'file:///other'));
  expect((await run('apply', 'other.yaml')).stderr).toContain('warning[state-damaged]');
  const again = await run('agent', 'm.yaml', '--once');
  expect(again.stdout + again.stderr).toMatch(held);
});

test.each([
  ['damaged', (memory: string) => writeFile(memory, 'junk')],
  ['gone', (memory: string) => rm(memory)],
])('what is allowed before the agent has seen that its memory is %s stays allowed', async (_, harm) => {
  const { run, memory } = await fewer();
  await harm(memory);
  const typo = await run('apply', 'm.yaml', '--allow', 'bucket:nowhere');
  expect([typo.code, typo.stderr]).toEqual([1, expect.stringContaining('error[nothing-allowed]')]);
  expect(await run('apply', 'm.yaml', '--allow', 'protected_vm:sql01')).toMatchObject({ code: 0 });
  const once = await run('agent', 'm.yaml', '--once');
  expect(once.stdout + once.stderr).not.toMatch(held);
});

test('nor does one where somebody asks for the same manifests by another name', async () => {
  const { dir, run, memory } = await fewer();
  await writeFile(memory, 'junk');
  const once = await run('agent', join(dir, 'm.yaml'), '--once');
  expect(once.stdout + once.stderr).toMatch(held);
});

test('a selection goes on meaning what it meant', async () => {
  const dir = await scratch();
  const run = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { VC: 'x' } });
  const selection = '{ repository: file:///dr, schedule: every 15 minutes, select: { name: "*" } }';
  await writeFile(join(dir, 'm.yaml'), manifest().trimEnd().concat(`\n    win: ${selection}\n`));
  expect((await run('agent', 'm.yaml', '--once')).code).toBe(0);
  await writeFile(join(dir, 'lab/state/memory/engine.json'), 'junk');
  await run('lab', 'remove-vm', 'sql01');
  await run('agent', 'm.yaml', '--once');
  const engine = await readFile(join(dir, 'lab/state/memory/engine.json'), 'utf8');
  expect(JSON.parse(engine).entries['agent-selected:protected_vm:win']).toBe(2);
});

test('one that others can change is not believed, and keeps nobody from going by the manifests', async () => {
  const { run, lastGood } = await fewer();
  await chmod(lastGood, 0o666);
  const once = await run('agent', 'm.yaml', '--once');
  expect(once.stdout + once.stderr).toContain('manifests.json');
  expect(once.stdout + once.stderr).toMatch(held);
  expect(once.code).toBe(0);
});

test('where what it last went by is damaged as well, that is said', async () => {
  const { run, memory, lastGood } = await fewer();
  await writeFile(lastGood, '{"version":1}');
  const once = await run('agent', 'm.yaml', '--once');
  expect(once.stdout + once.stderr).toContain('agent/manifests.json is damaged');
  expect(once.stdout + once.stderr).toMatch(held);
  const again = await run('agent', 'm.yaml', '--once');
  expect(again.stdout + again.stderr).not.toContain('is damaged');
  await writeFile(memory, 'junk');
  await mkdir(join(lastGood, '..'), { recursive: true });
  await writeFile(lastGood, 'junk');
  const both = await run('agent', 'm.yaml', '--once');
  expect(both.stdout + both.stderr).toContain('engine.json is damaged');
  expect(both.stdout + both.stderr).toContain('agent/manifests.json is damaged');
});
