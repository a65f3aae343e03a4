import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { apply } from '../../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../../src/engine/model/catalog.ts';
import { plan } from '../../../src/engine/plan/planner.ts';
import { type ServiceProperties, service } from '../../../src/resources/host/services/service.ts';
import { windowsFeature } from '../../../src/resources/windows/software/windows_feature.ts';
import { cli, scratch } from '../../support/cli.ts';
import { catalogOf, declare, testRun } from '../../support/engine-world.ts';
import { mistakesIn } from '../../support/mistakes.ts';
import { windowsWorld } from '../../support/windows-world.ts';

async function onWindows(features: string[] = []) {
  const machine = await windowsWorld(features);
  const { world, lab } = machine;
  const converge = async (...resources: CatalogResource[]) => {
    await lab.forgetProcesses();
    const run = testRun([service, windowsFeature], world);
    const planned = await plan(catalogOf(resources), run, { engine: '1' });
    const report = await apply(planned, run);
    const sc = (await lab.processes()).filter(({ changed }) => changed).map(({ args }) => args.join(' '));
    return { planned, report, sc };
  };
  return { ...machine, converge };
}

describe('on Windows', () => {
  test('what is as declared starts no changing process', async () => {
    const { converge } = await onWindows();
    const spooler = declare('service:spooler', { startup: 'disabled', state: 'stopped' });
    expect((await converge(spooler)).sc).toEqual(['config spooler start= disabled', 'stop spooler']);
    const again = await converge(spooler);
    expect(again.planned.resources[0]!.action).toBe('none');
    expect(again.sc).toEqual([]);
  });

  test.each(['en', 'de'] as const)(
    'two processes see any number of services, and one more each driver, on a host that speaks %s',
    async language => {
      const { lab, world } = await onWindows();
      await lab.change({ language });
      const names = ['spooler', 'W32Time', 'EventLog', 'Schedule', 'wuauserv', 'RpcSs'];
      const look = async (all: string[]) => {
        const services = all.map(name => declare(`service:${name}`, { state: 'running' }));
        const { resources } = await plan(catalogOf(services), testRun([service], world), { engine: '1' });
        const started = await lab.processes();
        await lab.forgetProcesses();
        return {
          updates: resources.filter(({ action }) => action !== 'none').map(({ address }) => address),
          programs: started.map(({ program, args }) => `${program.split('\\').at(-1)} ${args[1]}`).sort(),
        };
      };
      const two = ['powershell.exe -NonInteractive', 'sc.exe type='];
      expect(await look(names)).toEqual({ updates: ['service:wuauserv'], programs: two });
      expect(await look([...names, 'HTTP'])).toEqual({
        updates: ['service:wuauserv'],
        programs: [two[0], 'sc.exe HTTP', two[1]],
      });
    },
  );

  test("a service of IIS waits for the feature that brings it, without anybody's require", async () => {
    const { converge } = await onWindows();
    const { report } = await converge(
      declare('service:W3SVC', { startup: 'manual', state: 'stopped' }),
      declare('windows_feature:IIS-WebServer', {}),
    );
    expect(report.results.map(({ result }) => result)).toEqual(['changed', 'changed']);
  });

  test('a restart takes those along that run and need it, in their order', async () => {
    const { world, lab, run: start } = await onWindows(['IIS-WebServer']);
    const sc = (...args: string[]) => start('C:\\Windows\\System32\\sc.exe', args);
    await sc('create', 'Shop', 'binPath=', 'C:\\shop.exe', 'depend=', 'W3SVC');
    await sc('start', 'Shop');
    await lab.forgetProcesses();
    const run = testRun([service], world);
    const { host } = world;
    const io = {
      platform: host.platform,
      env: host.env,
      clock: host.clock,
      signal: run.signal,
      step: async () => {},
      run: (command: Parameters<typeof host.processes.run>[0]) => host.processes.run(command),
    } as unknown as Parameters<NonNullable<typeof service.refresh>>[1];
    const refresh = () => service.refresh!({ id: 'was', title: 'WAS', properties: {} }, io);
    expect(await refresh()).toEqual({ ok: true, note: 'restarted' });
    const changing = async () =>
      (await lab.processes()).filter(({ changed }) => changed).map(({ args }) => args.join(' '));
    expect(await changing()).toEqual([
      'stop Shop',
      'stop W3SVC',
      'stop WAS',
      'start WAS',
      'start W3SVC',
      'start Shop',
    ]);
    for (const name of ['Shop', 'W3SVC', 'WAS']) await sc('stop', name);
    await lab.forgetProcesses();
    expect(await refresh()).toEqual({ ok: true, note: 'not running, so not restarted' });
    expect(await changing()).toEqual([]);
  });

  test('refusals are told by their code, whatever the language', async () => {
    const { converge, lab } = await onWindows(['IIS-WebServer']);
    await lab.change({ language: 'de' });
    const needed = await converge(declare('service:WAS', { state: 'stopped' }));
    expect(needed.report.results[0]!.diagnostic?.message).toContain('services that run need it');
    const gone = await converge(declare('service:Nobody', { state: 'stopped' }));
    expect(gone.planned.resources[0]!.action).toBe('failed');
    const off = await converge(declare('service:SNMPTRAP', { state: 'running' }));
    expect(off.report.results[0]!.diagnostic?.message).toContain('it is disabled');
  });
});

test.each<[ServiceProperties, NodeJS.Platform, RegExp]>([
  [{ startup: 'disabled', state: 'running' }, 'win32', /can't run while it is disabled/],
  [{ startup: 'delayed' }, 'linux', /can't start delayed/],
])('%j on %s is a mistake in what was given', (properties, platform, message) => {
  expect(mistakesIn(service, 'x', properties, { platform, cwd: '/' })).toMatch(message);
});

test('a unit, its file and a restart in one run, with a second one that does nothing', async () => {
  const dir = await scratch();
  const manifest = (text: string) =>
    writeFile(
      join(dir, 'site.yaml'),
      `converge: 1
resources:
  service:
    web: { startup: automatic, state: running }
    cron: { startup: disabled, state: stopped }
  file:
    /etc/systemd/system/web.service: { content: "${text}", notify: service:web }
`,
    );
  const lab = ['--lab', join(dir, 'lab')];
  await manifest('[Service]');
  const first = await cli(dir, ['apply', 'site.yaml', ...lab]);
  expect(first.stderr).not.toContain('error');
  expect(first.code).toBe(0);
  expect(await cli(dir, ['plan', 'site.yaml', '--detailed-exitcodes', ...lab])).toMatchObject({ code: 0 });
  const units = JSON.parse(
    await readFile(join(dir, 'lab', 'host', 'var', 'lib', 'systemd', 'lab-units.json'), 'utf8'),
  );
  expect(units).toEqual({
    enabled: ['cron.service', 'ssh.service', 'web.service'],
    masked: ['cron.service'],
    active: ['ssh.service', 'web.service'],
  });
  await manifest('[Service] # new');
  const changed = await cli(dir, ['apply', 'site.yaml', ...lab]);
  expect(changed.stdout).toContain('refresh');
  expect(changed.code).toBe(0);
});
