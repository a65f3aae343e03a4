import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { flipInPack } from '../support/flip-in-pack.ts';

const manifest = `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc-converge, password: "\${secret('env:VC_PASSWORD')}" }
resources:
  protected_vm:
    dc02: { repository: "file:///repo", schedule: every day }
`;

test('what verify finds damaged is planned, healed by the next apply, and proven whole', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'converge.yaml'), manifest);
  const env = { VC_PASSWORD: 'x' };
  const run = (command: string, ...more: string[]) =>
    cli(dir, [command, 'converge.yaml', '--lab', 'lab', ...more], { env });
  expect((await run('apply')).code).toBe(0);
  for (const [what, to] of [['dc02:0'], ['dc02:/etc/fstab'], ['dc02:c:\\x', 'out']]) {
    const copying = to === undefined ? [] : ['--to', to];
    const wrong = await cli(dir, ['files', what!, 'converge.yaml', '--lab', 'lab', ...copying], { env });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(
      /the point has no volume "[^"]*"\n.*a volume is DISK\.PARTITION, and it has 0\.\d \(/,
    );
  }
  const nobody = await cli(dir, ['files', 'dc03:0', 'converge.yaml', '--lab', 'lab'], { env });
  expect(nobody.stderr).toContain('dc03:0');
  await flipInPack(dir);

  const found = await run('verify');
  expect(found.code).toBe(4);
  expect(found.stdout).toContain('0 of 1 recovery point whole');
  const planned = await run('plan', '--detailed-exitcodes');
  expect(planned.code).toBe(2);
  expect(planned.stdout).toContain('damage  pending -> healed');
  const listed = await run('points');
  expect(listed.stdout).toContain('BROKEN');
  const applied = await run('apply');
  expect(applied.code, applied.stderr).toBe(0);
  expect(applied.stderr + applied.stdout).toMatch(
    /1 block was stored again, and 1 earlier point can be restored/,
  );
  const proven = await run('verify');
  expect(proven.code, proven.stderr).toBe(0);
  expect(proven.stdout).toContain('2 of 2 recovery points whole');
  expect((await run('plan', '--detailed-exitcodes')).code).toBe(0);
});

test('A1, A3: damage is healed for older points, and what is lost of the small objects comes back, by the CLI alone', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'converge.yaml'), manifest);
  const env = { VC_PASSWORD: 'x' };
  const lab = (...args: string[]) => cli(dir, ['lab', ...args, '--lab', 'lab'], { env });
  const run = (command: string, ...more: string[]) =>
    cli(dir, [command, 'converge.yaml', '--lab', 'lab', ...more], { env });
  const ours = async (of: RegExp) =>
    (await readdir(join(dir, 'lab'), { recursive: true, withFileTypes: true }))
      .filter(one => one.isFile())
      .map(one => join(one.parentPath, one.name))
      .filter(path => path.includes('/repo/') && of.test(path));
  const restored = async (point: string, to: string) => {
    const done = await cli(
      dir,
      ['restore', 'dc02', 'converge.yaml', '--lab', 'lab', '--point', point, '--to', to],
      { env },
    );
    return { done, disk: await readFile(join(dir, to, 'disk-0.raw')).catch(() => undefined) };
  };
  expect((await run('apply')).code).toBe(0);
  const [, id] = /"id": "([0-9a-f]{32})"/.exec((await run('points', '--format', 'json')).stdout)!;
  const before = (await restored(id!, 'before')).disk!;

  // Of everything something, but the map: which blocks an older point had stands nowhere else.
  for (const path of await ours(/\/packs\//)) await truncate(path, 4000);
  await flip((await ours(/\/index\//))[0]!);
  await flip((await ours(/\/points\//))[0]!);
  await rm((await ours(/\/roster\//))[0]!);
  await truncate((await ours(/\/lease$/))[0]!, 0);
  const found = await run('verify');
  expect(found.code).toBe(4);
  expect((await run('plan')).stdout).toContain('damage  pending -> healed');
  // A restore says what keeps it from going on; it is asked for again below.
  const failed = await restored(id!, 'after');
  expect(failed.done.code).toBe(4);
  expect(failed.disk).toBeUndefined();

  // Nobody can hold a lease that can't be read for longer than this.
  await lab('clock', '10m');
  const repaired = await run('repair');
  expect(repaired.stdout + repaired.stderr).toMatch(/roster|lease/);
  const applied = await run('apply');
  expect(applied.code, applied.stderr).toBe(0);
  expect(applied.stdout + applied.stderr).toMatch(/stored again/);
  const proven = await run('verify');
  expect(proven.code, proven.stdout + proven.stderr).toBe(0);
  expect(proven.stdout).toContain('2 of 2 recovery points whole');
  const after = await restored(id!, 'after');
  expect(after.done.code, after.done.stderr).toBe(0);
  expect(after.disk!.equals(before)).toBe(true);
  expect((await run('status')).stdout).toMatch(
    /all that (the )?newest points? .* was in the repository .* ago|no cycle has looked/,
  );
});

test('case 24: change tracking that lies is found by verify --against-source, which ends with 4', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'converge.yaml'), manifest);
  const env = { VC_PASSWORD: 'x' };
  const lab = (...args: string[]) => cli(dir, ['lab', ...args, '--lab', 'lab'], { env });
  const run = (command: string, ...more: string[]) =>
    cli(dir, [command, 'converge.yaml', '--lab', 'lab', ...more], { env });
  const against = () =>
    cli(dir, ['verify', 'dc02', 'converge.yaml', '--lab', 'lab', '--against-source'], { env });
  expect((await run('apply')).code).toBe(0);
  const image = join(dir, 'image.raw');
  const back = await cli(dir, ['restore', 'dc02', 'converge.yaml', '--lab', 'lab', '--to', 'back'], { env });
  expect(back.code, back.stderr).toBe(0);
  const bytes = await readFile(join(dir, 'back/disk-0.raw'));
  bytes.fill(7, 65_536, 2 * 65_536);
  await writeFile(image, bytes);
  await lab('set-disk', 'dc02', '0', image);
  await lab('fault', 'cbt-lies', '--on', 'vsphere', '--times', '1');
  await lab('clock', '25h');
  expect((await run('apply')).code).toBe(0);
  const looked = await against();
  expect(looked.code, looked.stdout + looked.stderr).toBe(4);
  expect(looked.stderr).toContain('tracking-lied');
  expect((await run('points')).stdout).toContain('SUSPECT');
  const again = await against();
  expect(again.code, again.stdout + again.stderr).toBe(0);
});

test('an emptied head is planned, healed by apply, replicate and an agent alike, and said', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'converge.yaml'), manifest);
  const env = { VC_PASSWORD: 'x' };
  const run = (command: string[], ...more: string[]) =>
    cli(dir, [...command, 'converge.yaml', '--lab', 'lab', ...more], { env });
  const empty = async () => {
    const files = await readdir(join(dir, 'lab'), { recursive: true, withFileTypes: true });
    const head = files.find(one => one.isFile() && one.name === 'head' && one.parentPath.includes('/repo/'))!;
    await truncate(join(head.parentPath, head.name), 0);
  };
  expect((await run(['apply'])).code).toBe(0);
  await empty();
  // What can be restored is as old as it is; the head is said to be damaged, and what mends it.
  const stands = await run(['status']);
  expect(stands.code).toBe(4);
  expect(stands.stdout).toMatch(/dc02.*kept.*could not be read/s);
  expect(stands.stderr).toMatch(/head is damaged.*`converge repair` writes anew what needs no source/s);
  expect((await run(['verify'])).code).toBe(4);
  const planned = await run(['plan'], '--detailed-exitcodes');
  expect(planned.code, planned.stderr).toBe(2);
  expect(planned.stdout).toContain('damage  pending -> healed');
  const applied = await run(['apply']);
  expect(applied.code, applied.stdout + applied.stderr).toBe(0);
  expect(applied.stdout + applied.stderr).toContain('it was written anew from point 1');
  expect((await run(['verify'])).code).toBe(0);
  // Nobody has looked before.
  await empty();
  const seen = await run(['plan']);
  expect(seen.stdout + seen.stderr).toMatch(/damage {2}pending -> healed[\s\S]*repository-damaged/);
  const replicated = await run(['replicate', 'dc02']);
  expect(replicated.code, replicated.stderr).toBe(0);
  expect(replicated.stdout + replicated.stderr).toContain('it was written anew from point 2');
  // An agent mends it, due or not; that it was damaged when the turn began is told.
  await empty();
  const agent = await run(['agent'], '--once');
  expect(agent.code).toBe(4);
  expect(agent.stdout).toContain('it was written anew from point 3');
  expect(await run(['agent'], '--once')).toMatchObject({ code: 0 });
  expect((await run(['verify'])).stdout).toContain('4 of 4 recovery points whole');
  // One that was put back ends each cycle: a plan in which nothing is due says so.
  const files = await readdir(join(dir, 'lab'), { recursive: true, withFileTypes: true });
  const head = files.find(one => one.isFile() && one.name === 'head' && one.parentPath.includes('/repo/'))!;
  const path = join(head.parentPath, head.name);
  const older = await readFile(path);
  expect((await run(['replicate', 'dc02'])).code).toBe(0);
  await writeFile(path, older);
  const putBack = await run(['plan']);
  expect(putBack.stdout + putBack.stderr).toMatch(
    /warning\[head-rolled-back\][\s\S]*converge repair dc02 converge.yaml --lab lab --rebuild-head/,
  );
  expect((await run(['replicate', 'dc02'])).stderr).toContain('--rebuild-head');
  expect((await run(['repair', 'dc02'], '--rebuild-head')).code).toBe(0);
  expect((await run(['replicate', 'dc02'])).code).toBe(0);
  const whole = await run(['plan']);
  expect(whole.stdout + whole.stderr).not.toContain('head-rolled-back');
});

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length >> 1]! ^= 1;
  await writeFile(path, bytes);
}
