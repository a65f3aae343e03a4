import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { flipInPack } from '../support/flip-in-pack.ts';

const manifest = (more: string) => `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: svc-converge, password: "\${secret('env:VC_PASSWORD')}" }
resources:
  protected_vm:
    dc02: { repository: "file:///repo", schedule: every day${more} }
`;

test('pins and holds keep points, and what retention no longer keeps is marked and listed no more', async () => {
  const dir = await scratch();
  const declare = (more: string) => writeFile(join(dir, 'converge.yaml'), manifest(more));
  const run = (command: string[], ...more: string[]) =>
    cli(dir, [...command, 'converge.yaml', '--lab', 'lab', ...more], { env: { VC_PASSWORD: 'x' } });
  await declare('');
  for (let n = 0; n < 5; n++) expect((await run(['replicate', 'dc02'])).code).toBe(0);
  const ids = async (): Promise<string[]> =>
    JSON.parse((await run(['points', 'dc02'], '--format', 'json')).stdout).map(
      (one: { id: string }) => one.id,
    );

  const unruled = await run(['prune']);
  expect(unruled.stdout).toContain('dc02: 5 points stay, no retention is declared');
  // Points that are minutes old: a plan counts as the pruner does, and nothing is weakened.
  await declare(', retention: { all: 24h, daily: 30d }');
  const young = await run(['plan']);
  expect(young.stdout + young.stderr).not.toMatch(/retention-removes|weaken/);
  expect((await run(['prune'], '--noop')).stdout).toContain('dc02: 5 points stay');
  await declare(', retention: { all: 1s }');
  const planned = async () => {
    const { stdout, stderr } = await run(['plan']);
    return stdout + stderr;
  };
  // A fast machine has made all 5 within the second that `all` keeps, by the clock of vCenter or the store.
  await expect.poll(planned).toContain('removes 2 points of 5, what was in force removes 0');
  expect(await planned()).toMatch(/retention.*all.*1s/);
  // What is damaged meanwhile is healed, though nobody allows the rest.
  await flipInPack(dir);
  expect((await run(['verify'])).code).toBe(4);
  expect(await planned()).toMatch(/retention .*\(weakens, left as it is unless allowed\)/);
  const refused = await run(['apply']);
  expect(refused.code, 'what removes points has to be allowed').toBe(8);
  expect(refused.stdout + refused.stderr).toMatch(/stored again.*, retention left as it is/);
  expect(refused.stderr).toContain('`retention` of `protected_vm:dc02` stays as it is');
  expect(refused.stderr).not.toContain('not-convergent');
  expect((await run(['verify'])).code).toBe(0);
  const left = await run(['plan']);
  expect(left.stdout).toMatch(/retention .*\(weakens\)/);
  expect(left.stdout).not.toContain('damage');
  const alone = await run(['apply']);
  expect(alone.code, 'nothing else is left to do').toBe(8);
  expect(alone.stderr).toContain('`protected_vm:dc02` is not changed');
  const all = await ids();
  expect((await run(['apply'], '--allow', 'protected_vm:dc02')).stdout).not.toContain('failed');
  expect((await run(['plan'])).stdout).not.toContain('retention');
  const [oldest, second] = all as [string, string];
  expect((await run(['pin', 'dc02', oldest])).stdout).toContain(`dc02: ${oldest} is pinned`);
  const listed = await run(['points', 'dc02']);
  expect(listed.stdout).toContain(`${oldest} PINNED (by hand)`);
  const until = '2999-01-31';
  expect((await run(['hold', 'dc02'], '--until', until)).code).toBe(0);
  expect((await run(['points', 'dc02'])).stdout).toContain(
    'dc02: nothing is removed until 2999-01-31T00:00:00.000Z',
  );
  const status = JSON.parse((await run(['status'], '--format', 'json')).stdout);
  expect(status.vms[0].held_until).toBe('2999-01-31T00:00:00.000Z');
  expect((await run(['prune'])).stdout).toContain('6 points stay, held until 2999');
  expect((await run(['hold', 'dc02'], '--release')).stdout).toContain('dc02: not held');

  const listing = async () => (await run(['prune'], '--noop')).stdout;
  await expect.poll(listing).toContain('dc02: 4 points stay, 2 would be marked');
  const noop = await listing();
  expect(noop).toMatch(new RegExp(`keep {4}${oldest} {2}\\S+ {2}pinned`));
  expect(noop).toMatch(new RegExp(`remove {2}${second} {2}\\S+ {2}older than every rule`));
  expect(await ids()).toEqual(all);
  // What apply has refused or hasn't seen yet removes nothing.
  await declare(', retention: { all: 900d }');
  expect((await run(['apply'])).code).toBe(0);
  await declare(', retention: { all: 1s }');
  expect((await run(['prune'])).stdout).toMatch(
    /dc02: 6 points stay\n {2}2 points of these are kept by .*apply/,
  );
  expect((await run(['apply'], '--allow', 'protected_vm:dc02')).stdout).not.toContain('failed');

  const pruned = await run(['prune'], '--format', 'json');
  expect(pruned.code, pruned.stderr).toBe(0);
  const [one] = JSON.parse(pruned.stdout).repositories[0].vms;
  expect(one).toMatchObject({
    vm: 'dc02',
    retention_seconds: { all: 1 },
    marked: all.slice(1, 3),
    removed: [],
  });
  expect(await ids()).toEqual([oldest, ...all.slice(3)]);
  // Whoever doesn't know what is declared leaves the marks of whoever does.
  const unknown = await cli(dir, ['prune', '--repository', 'file:///repo', '--lab', 'lab']);
  expect(unknown.stdout).toContain(
    'dc02: 4 points stay, no retention is said here, so marks stay as they are',
  );

  const stats = await run(['repository', 'stats'], '--price', '1000', '--format', 'json');
  expect(stats.code, stats.stderr).toBe(0);
  const { vms, ...whole } = JSON.parse(stats.stdout);
  expect(vms[0]).toMatchObject({ vm: 'dc02', points: 4, leaving: 2 });
  expect(vms[0].live + vms[0].dead).toBe(vms[0].bytes);
  expect(vms[0].shared).toBeGreaterThan(vms[0].dead);
  expect(whole.bytes).toBeGreaterThan(vms[0].bytes);
  expect(vms[0].monthly_cost_usd).toBeCloseTo((vms[0].bytes / 10 ** 9) * 1000, 3);
  expect((await run(['repository', 'stats'])).stdout).toMatch(/^dc02 +4 \+ 2 leaving/m);

  const verified = await run(['verify']);
  expect(verified.code, verified.stderr).toBe(0);
  for (const [words, said] of [
    [['prune', '--retention', 'all=x'], "--retention all=x: `all: x` isn't a rule with a duration"],
    [['prune', '--retention', 'all=1h,all=2h'], "`all=2h` isn't a rule with a duration, or says it twice"],
    [['prune', '--grace', '5m'], '--grace 5m: expected a duration of an hour at least'],
    [['hold', 'dc02'], 'say --until TIME, or --release'],
    [['pin', 'dc02', 'ffffffffff'], 'dc02 has no recovery point ffffffffff'],
  ] as const)
    expect((await run([...words])).stderr).toContain(said);

  // What is marked is there until its time has come: it is given by its id, and a pin takes the mark back.
  const released = await run(['pin', 'dc02', oldest], '--release');
  expect(released.stderr).not.toContain('warning');
  expect((await run(['pin', 'dc02', oldest], '--release')).stderr).toContain('was not pinned by hand');
  const rescued = await run(['restore', 'dc02'], '--point', second, '--to', 'rescued');
  expect([rescued.code, rescued.stderr]).toEqual([0, expect.stringContaining(`converge pin dc02 ${second}`)]);
  expect((await run(['pin', 'dc02', second])).code).toBe(0);
  expect((await run(['prune'])).stdout).toContain('1 taken back');
  expect(await ids()).toContain(second);

  // Of several repositories the VM that is asked for is in one.
  const other = manifest(', retention: { all: 1s }').split('\n')[5]!;
  await declare(
    `, retention: { all: 1s } }\n${other.replace('dc02', 'sql01').replace('///repo', '///other').slice(0, -2)}`,
  );
  expect((await run(['replicate', 'sql01'])).code).toBe(0);
  const named = async (vm: string) => run(['prune'], '--vm', vm, '--noop');
  for (const [vm, said] of [
    ['dc02', 'dc02: 4 points stay'],
    ['sql01', 'sql01: 1 point stays'],
  ] as const)
    expect(await named(vm)).toMatchObject({ code: 0, stdout: expect.stringContaining(said) });
  expect((await named('web01')).stderr).toContain('no recovery point of web01');
  const elsewhere = await run(['prune'], '--repository', 'file:///elsewhere');
  expect([elsewhere.code, elsewhere.stderr]).toEqual([1, expect.stringContaining('file:///other')]);

  // What can't be told is said once, by the name of the VM, and is no success.
  const folder = join(dir, 'lab/host/repo/vms');
  const head = join(folder, (await readdir(folder))[0]!, 'head');
  const bytes = await readFile(head);
  bytes[60]! ^= 1;
  await writeFile(head, bytes);
  const damaged = await run(['prune'], '--repository', 'file:///repo');
  expect([damaged.code, damaged.stdout]).toEqual([4, expect.stringContaining('dc02: left as it is')]);
  expect(damaged.stderr.match(/head is damaged/g)).toHaveLength(1);
  const told = await run(['prune'], '--repository', 'file:///repo', '--format', 'json');
  expect(JSON.parse(told.stdout).repositories[0].vms).toMatchObject([
    { vm: 'dc02', untouched: expect.stringContaining('head') },
  ]);
  const counted = await run(['repository', 'stats'], '--repository', 'file:///repo');
  expect([counted.code, counted.stdout]).toEqual([4, expect.stringMatching(/dc02: .* can't be told/)]);
});

test('a bucket is pruned with the credentials of a pruner alone', async () => {
  const dir = await scratch();
  const s3 = (more: string) =>
    manifest('')
      .replace('"file:///repo"', `{ url: s3://dr-points/vms, target: dr${more} }`)
      .replace('resources:', 'resources:\n  bucket: { dr-points: { target: dr } }')
      .replace(
        '  home:',
        '  dr: { type: aws, region: eu-west-1 }\n  pruner: { type: aws, region: eu-west-1 }\n  home:',
      );
  const run = async (more: string) => {
    await writeFile(join(dir, 'converge.yaml'), s3(more));
    return cli(dir, ['prune', 'converge.yaml', '--lab', 'lab'], { env: { VC_PASSWORD: 'x' } });
  };
  await writeFile(join(dir, 'converge.yaml'), s3(''));
  const applied = await cli(dir, ['apply', 'converge.yaml', '--lab', 'lab'], { env: { VC_PASSWORD: 'x' } });
  expect(applied.code, applied.stderr).toBe(0);
  expect((await run('')).stderr).toContain('nothing says with which credentials it may be pruned');
  expect((await run(', pruner: dr')).stderr).toContain('`pruner` is the target of the cycles, dr');
  expect((await run(', pruner: prunner')).stderr).toContain('there is no aws target `prunner`');
  const pruned = await run(', pruner: pruner');
  expect(pruned.code, pruned.stderr).toBe(0);
  expect(pruned.stdout).toContain('dc02: 1 point stays');
});
