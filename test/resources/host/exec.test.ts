import { describe, expect, test } from 'vitest';
import { Failure, world as worldSays } from '../../../src/diagnostics/diagnostic.ts';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { CatalogResource, Json } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import type { Command, CommandResult, Host } from '../../../src/io/ports.ts';
import { exec } from '../../../src/resources/host/exec.ts';
import { file } from '../../../src/resources/host/file.ts';
import { folderHost } from '../../support/engine-host.ts';
import { catalogOf, declare, refs, testRun, testWorld } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';

type Program = (host: Host, command: Command) => Partial<CommandResult> | Promise<Partial<CommandResult>>;

/** A host whose programs are functions by name; unknown ones succeed. */
function setUp(programs: Record<string, Program> = {}) {
  const { host } = folderHost();
  const ran: Command[] = [];
  const processes = {
    run: async (command: Command): Promise<CommandResult> => {
      ran.push(command);
      return {
        exitCode: 0,
        stdout: '',
        stderr: '',
        timedOut: false,
        ...(await programs[command.file]?.(host, command)),
      };
    },
  };
  const world = testWorld({ host: { ...host, processes } });
  const converge = async (...resources: CatalogResource[]) => {
    const run = testRun([exec, file], world);
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    const report = await apply(planned, run);
    return { actions: planned.resources.map(r => r.action), report, planned };
  };
  return { ran, world, converge, names: () => ran.map(command => command.file) };
}
const task = (properties: Record<string, Json>, meta = {}) =>
  declare('exec:task', { command: ['work', 'a b'], ...properties }, meta);
const fails = () => ({ exitCode: 1 });
const makes: Program = async host => {
  await host.files.writeAtomic('/made', Buffer.from(''));
  return {};
};

test('what nothing can start, and a name that no variable can have, are mistakes before any run', () => {
  const guard = { creates: '/made' };
  for (const program of ['', '  ']) {
    expect(mistakesIn(exec, 'task', { command: [program], ...guard })).toContain('names no program');
    expect(mistakesIn(exec, 'task', { command: ['x'], only_if: [program] })).toContain('names no program');
  }
  for (const name of ['A=B', '', 'A\0'])
    expect(mistakesIn(exec, 'task', { command: ['x'], ...guard, env: { [name]: 'y' } })).toContain(
      "can't have the name",
    );
  expect(mistakesIn(exec, 'task', { command: ['x', ''], ...guard, env: { 'ProgramFiles(x86)': '' } })).toBe(
    '',
  );
});

describe('guards', () => {
  test('without any it would run every time, which is refused', () => {
    expect(mistakesIn(exec, 'task', { command: ['x'] })).toContain('every time');
  });

  test('creates: runs until the path is there', async () => {
    const { converge, names } = setUp({ work: makes });
    const first = await converge(task({ creates: '/made' }));
    expect(first.planned.resources[0]).toMatchObject({
      fields: [{ path: '/run', before: 'due', after: 'done' }],
    });
    const second = await converge(task({ creates: '/made' }));
    expect([first.actions, second.actions]).toEqual([['update'], ['none']]);
    expect(names()).toEqual(['work']);
  });

  test('only_if and unless: all must say that it is due', async () => {
    const done = { value: false };
    const { converge, names } = setUp({
      work: () => {
        done.value = true;
        return {};
      },
      no: fails,
      undone: () => (done.value ? { exitCode: 1 } : { exitCode: 0 }),
    });
    expect((await converge(task({ only_if: ['no'] }))).actions).toEqual(['none']);
    expect((await converge(task({ only_if: ['undone'], unless: ['yes'] }))).actions).toEqual(['none']);
    expect(names()).not.toContain('work');
    const { report } = await converge(task({ only_if: ['undone'], unless: ['no'] }));
    expect(report.results[0]!.result).toBe('changed');
    expect(report.proof?.empty).toBe(true);
  });

  test('one that is still due after the run is named as not convergent', async () => {
    const { converge } = setUp({ no: fails });
    const { report } = await converge(task({ unless: ['no'] }));
    expect(report.diagnostics).toMatchObject([{ code: 'not-convergent', address: 'exec:task' }]);
  });

  test('a guard that hangs is a failure of its resource', async () => {
    const { converge } = setUp({ slow: () => ({ timedOut: true, exitCode: -1 }) });
    const { actions, planned } = await converge(task({ unless: ['slow'] }));
    expect(actions).toEqual(['failed']);
    expect(planned.diagnostics).toMatchObject([{ code: 'guard-timed-out', category: 'world' }]);
  });
});

/** As a real host does: programs are files, and their directory must be there. */
const onDisk =
  (exitCode: number): Program =>
  async (host, { file: program, cwd = '/' }) => {
    if ((await host.files.stat(program)) && (await host.files.stat(cwd))) return { exitCode };
    throw new Failure(worldSays('program-not-started', `can't run ${program}`));
  };

describe('a guard that is not there yet', () => {
  const site = (more: Record<string, Json>) => [
    task({ creates: '/made', ...more }),
    declare('file:/srv', { kind: 'directory' }),
    declare('file:/srv/app', { kind: 'directory' }),
    declare('file:/srv/app/check', { content: '#!/bin/sh', mode: '0755' }),
  ];
  test.each<Record<string, Json>>([
    { only_if: ['/srv/app/check'] },
    { unless: ['/srv/app/check2'], only_if: ['/srv/app/check'] },
    { only_if: ['/srv/app/check'], cwd: '/srv/app/' },
  ])('waits for what brings it, and the first run converges: %j', async guards => {
    const { converge } = setUp({
      work: makes,
      '/srv/app/check': onDisk(0),
      '/srv/app/check2': () => ({ exitCode: 1 }),
    });
    const { planned, report } = await converge(...site(guards));
    expect(planned.diagnostics).toEqual([]);
    expect(planned.resources.at(-1)).toMatchObject({ address: 'exec:task', action: 'unknown' });
    expect(report.results.map(({ result }) => result)).toEqual(Array(4).fill('changed'));
    expect(report.proof?.empty).toBe(true);
  });

  test('may be brought by a program that it requires', async () => {
    const { converge } = setUp({
      work: makes,
      '/opt/check': onDisk(0),
      install: async host => {
        await host.files.mkdir('/opt');
        await host.files.writeAtomic('/opt/check', Buffer.from(''));
        return {};
      },
    });
    const { report } = await converge(
      declare('exec:install', { command: ['install'], creates: '/opt/check' }),
      task({ only_if: ['/opt/check'], creates: '/made' }, { require: refs('exec:install') }),
    );
    expect(report.results.map(({ result }) => result)).toEqual(['changed', 'changed']);
  });

  test('that nothing brings is the failure of its resource alone', async () => {
    const { converge } = setUp({ '/opt/none': onDisk(0), gone: onDisk(0), no: fails });
    const other = (name: string, only_if: string[]) => declare(`exec:${name}`, { command: ['x'], only_if });
    const { planned } = await converge(other('a', ['/opt/none']), other('b', ['gone']), other('c', ['no']));
    expect(planned.resources.map(r => [r.address, r.action])).toEqual([
      ['exec:a', 'failed'],
      ['exec:b', 'failed'],
      ['exec:c', 'none'],
    ]);
    expect(planned.diagnostics).toMatchObject([
      { code: 'not-observable', address: 'exec:a' },
      { code: 'not-observable', address: 'exec:b', message: expect.stringContaining('`program:gone`') },
    ]);
  });
});

describe('running', () => {
  test('program and arguments as they stand, with directory, environment, secret and a limit', async () => {
    const { converge, ran, world } = setUp();
    world.secrets['env:T'] = 'token-text';
    await converge(task({ creates: '/x', cwd: '/srv/', env: { A: '1', T: { $secret: 'env:T' } } }));
    expect(ran).toEqual([
      { file: 'work', args: ['a b'], cwd: '/srv', env: { A: '1', T: 'token-text' }, timeout: 3_600_000 },
    ]);
  });

  test('a failure says the exit code and the end of what was said, without secrets', async () => {
    const { converge, world } = setUp({
      work: () => ({ exitCode: 7, stderr: 'cannot log in\nwith token-text' }),
    });
    world.secrets['env:T'] = 'token-text';
    const { report } = await converge(task({ creates: '/x', env: { T: { $secret: 'env:T' } } }));
    expect(report.results[0]).toMatchObject({
      result: 'failed',
      diagnostic: { code: 'exec-failed', message: '`work` ended with exit code 7: cannot log in with ***' },
    });
  });

  test('refresh_only runs when notified, once', async () => {
    const { converge, names } = setUp();
    const site = () => [
      declare('file:/conf', { content: 'x' }, { notify: refs('exec:task') }),
      task({ refresh_only: true }),
    ];
    const first = await converge(...site());
    expect(first.actions).toEqual(['create', 'refresh']);
    expect(first.report.results[1]!.result).toBe('refreshed');
    expect((await converge(...site())).actions).toEqual(['none', 'none']);
    expect(names()).toEqual(['work']);
  });

  test('notified, it still asks its guards', async () => {
    const { converge, names } = setUp({ no: fails });
    const { report } = await converge(
      declare('file:/conf', {}, { notify: refs('exec:task') }),
      task({ refresh_only: true, only_if: ['no'] }),
    );
    expect(report.results[1]).toMatchObject({
      result: 'refreshed',
      note: expect.stringContaining('not due'),
    });
    expect(names()).toEqual(['no']);
  });

  test('due and notified in one run, it runs once', async () => {
    const { converge, names } = setUp({ work: makes });
    await converge(declare('file:/conf', {}, { notify: refs('exec:task') }), task({ creates: '/made' }));
    expect(names()).toEqual(['work']);
  });

  test('waits for the file that it runs', () => {
    expect(exec.needs!({ command: ['/opt/tool/run'] }, 'task')[0]!.anyOf.slice(0, 2)).toEqual([
      'path:/opt/tool/run',
      'path:/opt/tool',
    ]);
    expect(exec.needs!({ command: ['run'] }, 'task')).toEqual([]);
  });
});
