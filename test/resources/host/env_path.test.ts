import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import type { Command, Host } from '../../../src/io/ports.ts';
import { followingPath } from '../../../src/io/search-path.ts';
import { envPath } from '../../../src/resources/host/environment/env_path.ts';
import { profileDirectories } from '../../../src/resources/host/environment/profile.ts';
import { windowsMachine } from '../../lab/windows/fixture.ts';
import { folderHost } from '../../support/engine-host.ts';
import { catalogOf, declare, testRun, testWorld } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';

function converging(host: Host) {
  const { processes, searchPath } = followingPath(host);
  const world = testWorld({ host: { ...host, processes }, connect: async () => searchPath });
  return async (...resources: CatalogResource[]) => {
    const run = testRun([envPath], world);
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    const report = await apply(planned, run);
    return { actions: planned.resources.map(r => r.action), report, results: report.results };
  };
}

describe('on Windows', () => {
  const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';
  async function setUp() {
    const machine = await windowsMachine();
    const path = async () => {
      const { stdout } = await machine.run('reg.exe', ['query', key, '/v', 'Path']);
      return /(REG_\w+) +(.*?)\r?\n/.exec(stdout)!.slice(1) as [string, string];
    };
    const changing = async () => (await machine.lab.processes()).filter(({ changed }) => changed).length;
    return { ...machine, path, changing, converge: converging(machine.host) };
  }

  test('goes to the end of the Path, which stays as it is written; all in one write', async () => {
    const { path, changing, converge } = await setUp();
    const before = await path();
    const resources = [
      declare('env_path:C:\\Tools\\AWS'),
      declare('env_path:git', { path: 'C:\\Git\\cmd\\' }),
    ];
    expect((await converge(...resources)).actions).toEqual(['create', 'create']);
    expect(before[1]).toContain('%SystemRoot%');
    expect(await path()).toEqual(['REG_EXPAND_SZ', `${before[1]};C:\\Tools\\AWS;C:\\Git\\cmd`]);
    expect(await changing()).toBe(1);
    expect((await converge(...resources)).actions).toEqual(['none', 'none']);
    expect(await changing()).toBe(1);
  });

  test('an entry is known in any writing, and is taken away', async () => {
    const { path, run, converge } = await setUp();
    const before = await path();
    await run('reg.exe', [
      'add',
      key,
      '/v',
      'Path',
      '/t',
      'REG_EXPAND_SZ',
      '/d',
      `${before[1]};"%SystemDrive%\\tools\\";;C:\\last`,
      '/f',
    ]);
    expect((await converge(declare('env_path:C:\\Tools'))).actions).toEqual(['none']);
    await converge(declare('env_path:C:\\Tools', {}, { ensure: 'absent' }));
    expect(await path()).toEqual(['REG_EXPAND_SZ', `${before[1]};C:\\last`]);
  });

  test('letters that reg.exe can not print are kept', async () => {
    const { run, host, converge } = await setUp();
    await run('reg.exe', ['add', key, '/v', 'Path', '/t', 'REG_EXPAND_SZ', '/d', 'C:\\Büro', '/f']);
    await converge(declare('env_path:C:\\Straße'));
    const registry = (await host.files.read('C:\\Windows\\System32\\config\\registry.json'))!.toString();
    expect(registry).toContain(JSON.stringify('C:\\Büro;C:\\Straße'));
    expect((await converge(declare('env_path:C:\\STRASSE'))).actions).toEqual(['create']);
    expect((await converge(declare('env_path:c:/büro'))).actions).toEqual(['none']);
  });

  test('what needs an administrator is told', async () => {
    const { lab, converge } = await setUp();
    await lab.change({ elevated: false });
    expect((await converge(declare('env_path:C:\\Tools'))).results).toMatchObject([
      { diagnostic: { code: 'registry-refused', hint: expect.stringContaining('administrator') } },
    ]);
  });
});

describe('on Linux', () => {
  test('a login shell has it, once, whatever its name', async () => {
    const { host, dir } = folderHost();
    await host.files.mkdir('/etc');
    const name = "/opt/it's $HOME";
    await converging(host)(declare(`env_path:${name}`));
    const [file] = (await host.files.list('/etc/profile.d'))!;
    const script = join(dir, 'etc/profile.d', file!);
    const said = execFileSync('/bin/sh', [
      '-c',
      `PATH=/bin; . '${script}'; . '${script}'; echo "$PATH"`,
    ]).toString();
    expect(said).toBe(`/bin:${name}\n`);
    expect(await profileDirectories(host.files)).toEqual([name]);
    await converging(host)(declare(`env_path:${name}`, {}, { ensure: 'absent' }));
    expect(await host.files.list('/etc/profile.d')).toEqual([]);
  });

  test('what would be two entries is not an entry', () => {
    expect(mistakesIn(envPath, '/a:/b', {})).toContain('separator');
    expect(mistakesIn(envPath, 'C:\\a;C:\\b', {}, 'windows')).toContain('separator');
  });
});

describe('the PATH of programs that this run starts', () => {
  const recorder = (platform: NodeJS.Platform, env: Record<string, string>) => {
    const commands: Command[] = [];
    const processes: Host['processes'] = {
      run: async command => {
        commands.push(command);
        return { exitCode: 0, stdout: '', stderr: '', timedOut: false };
      },
    };
    const following = followingPath({ processes, env, platform }, directory => `${directory}`);
    const pathOf = async (more: Partial<Command> = {}) => {
      await following.processes.run({ file: 'x', args: [], ...more });
      return commands.at(-1)!.env;
    };
    return { ...following, pathOf };
  };

  test('follows what is added and removed, and keeps what a command says itself', async () => {
    const { searchPath, pathOf } = recorder('linux', { PATH: '/bin:/opt/a' });
    expect(await pathOf()).toBeUndefined();
    searchPath.add('/opt/a');
    searchPath.add('/opt/b');
    expect(await pathOf()).toEqual({ PATH: '/bin:/opt/a:/opt/b' });
    expect(await pathOf({ env: { PATH: '/own', X: '1' } })).toEqual({ PATH: '/own:/opt/a:/opt/b', X: '1' });
    searchPath.remove('/opt/a');
    expect(await pathOf()).toEqual({ PATH: '/bin:/opt/b' });
    searchPath.add('/opt/a');
    expect(await pathOf()).toEqual({ PATH: '/bin:/opt/a:/opt/b' });
  });

  test('on Windows by any spelling of the name and of the directory', async () => {
    const { searchPath, pathOf } = recorder('win32', { Path: 'C:\\Windows;C:\\Tools\\' });
    searchPath.add('c:/tools');
    searchPath.add('c:/aws');
    expect(await pathOf()).toEqual({ Path: 'C:\\Windows;C:\\Tools\\;c:/aws' });
  });
});
