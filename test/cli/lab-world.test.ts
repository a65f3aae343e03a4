import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocked } from '../../src/diagnostics/diagnostic.ts';
import { takeLock } from '../../src/io/locks/lock.ts';
import { nodeHost } from '../../src/io/node.ts';
import { cli, scratch } from '../support/cli.ts';
import { runtimeDirectory } from '../support/runtime-directory.ts';

const manifests = join(import.meta.dirname, '../../manifests/lab');

describe('which world a lab folder holds', () => {
  test.each([['show'], ['clock', '1s']])(
    '`lab %s` first: the demo VMs are there when they are needed',
    async (...first) => {
      const dir = await scratch();
      const lab = ['--lab', join(dir, 'lab')];
      expect((await cli(dir, ['lab', ...first, ...lab])).code).toBe(0);
      const { code, stderr } = await cli(dir, ['plan', manifests, ...lab]);
      expect(code, stderr).toBe(0);
    },
  );

  test('a world that was given its own VM keeps to it', async () => {
    const dir = await scratch();
    const lab = ['--lab', join(dir, 'lab')];
    await cli(dir, ['lab', 'add-vm', 'mine', '--blank', '1MiB', ...lab]);
    expect((await cli(dir, ['plan', manifests, ...lab])).code).toBe(4);
    const { stdout } = await cli(dir, ['lab', 'show', ...lab]);
    expect(stdout).toContain('mine');
    expect(stdout).not.toContain('dc02');
  });

  test('a VM is grown, gets and loses a disk, is moved, reverted, suspended and made a template', async () => {
    const dir = await scratch();
    const lab = ['--lab', join(dir, 'lab')];
    const run = async (...words: string[]) => {
      const { code, stdout, stderr } = await cli(dir, ['lab', ...words, ...lab]);
      expect(code, stderr).toBe(0);
      return stdout;
    };
    const file = async () => /disk 0 .*\s(\S+)$/m.exec(await run('show'))![1];
    await run('add-vm', 'mine', '--blank', '1MiB');
    expect(await run('grow-disk', 'mine', '0', '3MiB')).toContain('3.0 MiB');
    expect(await run('add-disk', 'mine', '--blank', '2MiB')).toContain('disk 1 of 2.0 MiB');
    await run('remove-disk', 'mine', '1');
    const before = await file();
    await run('relocate', 'mine', '--new-epoch');
    expect(await file()).not.toBe(before);
    await run('add-snapshot', 'mine', 'golden');
    await run('revert', 'mine');
    await run('suspend', 'mine');
    await run('template', 'mine');
    await run('template', 'mine', '--off');
    const shown = await run('show');
    expect(shown).toMatch(/disk 0 +3.0 MiB/);
    expect(shown).not.toContain('disk 1');
    const { code, stderr } = await cli(dir, ['lab', 'add-disk', 'mine', ...lab]);
    expect([code, stderr.includes('--blank')]).toEqual([1, true]);
  });

  test('seeding that was cut off begins anew', async () => {
    const dir = await scratch();
    const lab = ['--lab', join(dir, 'lab')];
    await cli(dir, ['plan', manifests, ...lab]);
    const settings = JSON.parse(await readFile(join(dir, 'lab/lab.json'), 'utf8'));
    expect(settings.seed).toBe('done');
    await writeFile(join(dir, 'lab/lab.json'), JSON.stringify({ ...settings, seed: 'begun' }));
    const again = await cli(dir, ['plan', manifests, ...lab]);
    expect(again.code, again.stderr).toBe(0);
    const { stdout } = await cli(dir, ['lab', 'show', ...lab]);
    expect(stdout.match(/^dc02/gm)).toHaveLength(1);
  });

  test.each(['points', 'verify'])('`%s` makes no lab where there is none', async command => {
    const dir = await scratch();
    const { code, stderr } = await cli(dir, [
      command,
      '--repository',
      's3://b/x',
      '--lab',
      join(dir, 'nosuchlab'),
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain('nosuchlab');
    expect(existsSync(join(dir, 'nosuchlab'))).toBe(false);
  });
});

test("a file:// repository of a lab is below the lab's host, locks and all", async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  const outside = join(dir, 'outside');
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: https://vcenter.example.com, username: u, password: "\${secret('env:NEVER')}" }
resources:
  protected_vm:
    dc02: { repository: "file://${outside}", schedule: every 15 minutes }
`,
  );
  const { code, stderr } = await cli(dir, ['apply', 'm.yaml', ...lab]);
  expect(code, stderr).toBe(0);
  expect(existsSync(outside)).toBe(false);
  expect(await readdir(join(dir, 'lab/host', outside))).toContain('converge.json');
  const { stdout } = await cli(dir, ['points', '--repository', `file://${outside}`, ...lab]);
  expect(stdout).toContain('dc02');
});

test('a plan file is applied whole: --only is refused, and so is a second path', async () => {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1\nresources: { file: { ${dir}/a: { content: x }, ${dir}/b: { content: x } } }\n`,
  );
  await cli(dir, ['plan', 'm.yaml', '-o', 'plan.json']);
  for (const more of [['--only', `file:${dir}/a`], ['m.yaml']]) {
    const { code, stderr } = await cli(dir, ['apply', 'plan.json', ...more]);
    expect(code, stderr).toBe(1);
    expect(existsSync(join(dir, 'a'))).toBe(false);
  }
});

test('a run that waited for another sees what that one left to do', async () => {
  const dir = await scratch();
  const state = join(dir, '.converge/memory/engine.json');
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
resources:
  file: { ${dir}/conf: { content: x } }
  exec: { reload: { command: [/usr/bin/touch, ${dir}/made/reloaded], refresh_only: true, subscribe: "file:${dir}/conf" } }
`,
  );
  // The refresh fails, so it stays owed, as if the run had been killed before it.
  expect((await cli(dir, ['apply', 'm.yaml'])).code).toBe(4);
  const owed = await readFile(state);
  expect(owed.toString()).toContain('exec:reload');
  await rm(state);
  await mkdir(join(dir, 'made'));

  const host = nodeHost();
  const refused = () => blocked('locked', 'held by the test');
  const lock = await takeLock(join(runtimeDirectory, 'host'), { host, timeout: 0, refused });
  const waiting = Promise.withResolvers<void>();
  const watched = {
    ...host.clock,
    sleep(ms: number) {
      waiting.resolve();
      return host.clock.sleep(ms);
    },
  };
  const second = cli(dir, ['apply', 'm.yaml', '--lock-timeout', '30s'], { clock: watched });
  await waiting.promise;
  await writeFile(state, owed);
  await lock.release();
  expect((await second).code).toBe(0);
  expect(existsSync(join(dir, 'made/reloaded'))).toBe(true);
});

test("a lab's plan never reaches the machine, nor the other way round", async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  await writeFile(join(dir, 'm.yaml'), `converge: 1\nresources: { file: { ${dir}/made: { content: x } } }\n`);
  await cli(dir, ['plan', 'm.yaml', '-o', 'lab.json', ...lab]);
  await cli(dir, ['plan', 'm.yaml', '-o', 'real.json']);
  const reached = await cli(dir, ['apply', 'lab.json']);
  expect(reached.code, reached.stderr).toBe(8);
  expect(reached.stderr).toContain('--lab');
  expect(existsSync(join(dir, 'made'))).toBe(false);
  expect((await cli(dir, ['apply', 'real.json', ...lab])).code).toBe(8);
  expect((await cli(dir, ['apply', 'real.json'])).code).toBe(0);
});
