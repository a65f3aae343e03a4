import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

/** With a VM that a lab is seeded with. */
async function site() {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" }
resources:
  protected_vm:
    dc02: { repository: file:///dr, schedule: every 15 minutes }
`,
  );
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env: { VC: 'x' } });
  const json = async (...args: string[]) => {
    const { code, stdout } = await converge('status', ...args, '--format', 'json');
    return { code, ...(JSON.parse(stdout) as { vms: Record<string, unknown>[]; counts: object }) };
  };
  return { dir, converge, json };
}

test('a VM from never to kept, late and breached, and what is left of it when nothing declares it', async () => {
  const { dir, converge, json } = await site();
  expect(await json('m.yaml')).toMatchObject({
    code: 16,
    vms: [{ vm: 'dc02', state: 'never', reason: 'no-repository', target_seconds: 1800 }],
  });
  expect((await converge('apply', 'm.yaml')).code).toBe(0);
  const kept = await json('m.yaml');
  expect(kept).toMatchObject({
    code: 0,
    counts: { kept: 1, breached: 0 },
    vms: [{ state: 'kept', reason: 'in-time', kept: true, newest: { mode: 'full', reason: 'first-cycle' } }],
  });
  const metrics = await converge('metrics', 'm.yaml', '--textfile', 'converge.prom');
  expect(metrics).toMatchObject({ code: 0, stdout: '' });
  const textfile = await readFile(join(dir, 'converge.prom'), 'utf8');
  expect(textfile).toMatch(
    /^converge_vm_state\{vm="dc02",uuid="[^"]+",repository="file:\/\/\/dr",state="kept"\} 1$/m,
  );
  expect(textfile).toMatch(/^converge_vm_rpo_seconds\{.*\} 1800$/m);
  await converge('lab', 'clock', '20m');
  expect(await json('m.yaml')).toMatchObject({ code: 0, vms: [{ state: 'late', reason: 'overdue' }] });
  await converge('lab', 'clock', '40m');
  expect(await json('m.yaml')).toMatchObject({ code: 16, vms: [{ state: 'breached', kept: false }] });
  expect(await json('m.yaml', '--repository', 'file:///dr')).toMatchObject({
    code: 16,
    vms: [{ vm: 'dc02', state: 'breached' }],
  });
  const text = await converge('status', 'm.yaml', '--size');
  expect(text.code).toBe(16);
  expect(text.stdout).toMatch(
    /^VM +STATE +AGE +TARGET +NEXT +LAST CYCLE +WHY\ndc02 +breached +40 min +30 min +now/,
  );
  expect(text.stdout).toMatch(
    /\nfile:\/\/\/dr: [\d.]+ [KM]iB, [\d.]+ [KM]?i?B of it dead\n1 VM: 1 breached\n$/,
  );
  // Home is gone with all that it declares: the repository says what it holds.
  expect(await json('--repository', 'file:///dr')).toMatchObject({
    code: 0,
    vms: [{ vm: 'dc02', state: 'unknown', reason: 'no-target', age_seconds: expect.any(Number) }],
  });
});

test('history counts the points that somebody made by hand between two cycles of an agent', async () => {
  const { converge } = await site();
  const turn = async (at: string, ...args: string[]) => {
    await converge('lab', 'clock', at);
    expect(await converge(...args)).toMatchObject({ code: 0 });
  };
  await turn('1m', 'agent', 'm.yaml', '--once');
  await turn('21m', 'replicate', 'dc02', 'm.yaml');
  await turn('50m', 'agent', 'm.yaml', '--once');
  await converge('lab', 'clock', '60m');
  expect((await converge('history', 'm.yaml')).stdout).toMatch(/\ndc02 +2 +0 +- +100\.00 %\n/);
});

test('history of a VM that no agent ever moved goes by its points, by name and by UUID', async () => {
  const { converge, json } = await site();
  await converge('apply', 'm.yaml');
  const { vms } = await json('m.yaml');
  await converge('lab', 'clock', '60m');
  for (const who of [[], ['dc02'], ['DC02'], [vms[0]!.uuid as string]]) {
    const { code, stdout } = await converge('history', ...who, 'm.yaml');
    // Of 60 minutes the first 30 were kept.
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^VM .*\ndc02 +0 +0 +- +(50|49)\.\d\d %\n0 cycles and/),
    ]);
  }
});

test('what two VMs are late for is one alert, which names whoever is asked about, and who is late by now', async () => {
  const { dir, converge } = await site();
  const more = '    sql01: { repository: file:///dr, schedule: every 15 minutes }\n';
  const route =
    '  alert_route: { ops: { repository: file:///dr, smtp: { host: m.invalid, from: a@b.c, to: [d@e.f] } } }\n';
  await appendFile(join(dir, 'm.yaml'), more + route);
  const turn = async (at: string) => {
    await converge('lab', 'clock', at);
    await converge('agent', 'm.yaml', '--once');
  };
  await turn('1m');
  await converge('lab', 'fault', 'unavailable', '--on', 'vsphere', '--times', '100000');
  await turn('50m');
  const lines = async () => (await converge('status', 'm.yaml')).stdout.match(/^critical, .*$/gm) ?? [];
  expect(await lines()).toEqual([
    expect.stringMatching(
      /: (dc02, sql01|sql01, dc02): a recovery point objective is not kept \(the newest point of /,
    ),
  ]);
  const { stdout } = await converge('history', 'sql01', 'm.yaml');
  expect(stdout).toMatch(/ breached +ops +sql01, dc02: a recovery point objective is not kept \(/);
  await converge('pause', 'sql01', 'm.yaml', '--until', '8h');
  await converge('lab', 'fault', 'clear', '--on', 'vsphere');
  await turn('70m');
  const [line, ...others] = await lines();
  expect([line, others]).toEqual([expect.stringContaining('sql01'), []]);
  expect(line).not.toContain('dc02');
});

test('a cycle that made its point and left its snapshot says both', async () => {
  const { converge } = await site();
  await converge('apply', 'm.yaml');
  const fault = (...args: string[]) => converge('lab', 'fault', ...args, '--on', 'vsphere', '--times', '50');
  await fault('consolidation-needed');
  await fault('fail-task', '--set', 'method=ConsolidateVMDisks_Task', '--set', 'fault=FileLocked');
  await converge('lab', 'clock', '40m');
  const { stdout, stderr } = await converge('agent', 'm.yaml', '--once');
  expect(stderr).toContain('error[snapshot-left]');
  expect(stdout).toMatch(/^dc02: point 2, and something is wrong; cycle [0-9a-f]+$/m);
});

test('history tells of alerts that are open and of those that are over, each with who was told', async () => {
  const { dir, converge } = await site();
  const route =
    '  alert_route: { ops: { repository: file:///dr, smtp: { host: m.invalid, from: a@b.c, to: [d@e.f] } } }';
  await appendFile(join(dir, 'm.yaml'), `${route}\n`);
  const turn = async (at: string) => {
    await converge('lab', 'clock', at);
    await converge('agent', 'm.yaml', '--once');
  };
  await turn('1m');
  await converge('pause', 'dc02', 'm.yaml', '--until', '2h');
  await turn('50m');
  const line = (lasted: string) =>
    new RegExp(
      `^20[-\\dT:.]+Z  ${lasted} +breached  ops   dc02 is paused, and its newest point is too old$`,
      'm',
    );
  expect((await converge('history', 'dc02', 'm.yaml')).stdout).toMatch(line('open'));
  await converge('resume', 'dc02', 'm.yaml');
  await turn('60m');
  const { stdout } = await converge('history', 'm.yaml');
  expect(stdout).toMatch(line('\\d+ (s|min)'));
  expect(stdout).toMatch(/\n2 cycles and 1 alert from /);
  // It is told after it was forgotten by those that look at what is open.
  const { alerts } = JSON.parse((await converge('history', 'DC02', 'm.yaml', '--format', 'json')).stdout);
  expect(alerts).toEqual([
    {
      ...{ rule: 'breached', severity: 'critical', subjects: ['dc02'], told: ['ops'] },
      key: expect.stringMatching(/^converge-breached-/),
      text: 'dc02 is paused, and its newest point is too old',
      ...{ since: expect.stringMatching(/Z$/), ended: expect.stringMatching(/Z$/) },
    },
  ]);
  expect((await converge('history', 'm.yaml', '--since', '1m')).stdout).toMatch(line('\\d+ (s|min)'));
  await turn('90m');
  expect((await converge('history', 'm.yaml', '--since', '5m')).stdout).not.toContain('breached');
  const span = await converge('history', 'm.yaml', '--since', '80m', '--until', '45m');
  expect([span.code, span.stdout]).toEqual([0, expect.stringMatching(/\n0 cycles and 0 alerts from /)]);
  const none = await converge('history', 'm.yaml', '--since', '5m', '--until', '45m');
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('error[bad-time]: --until 45m')]);
});

test('a pause is a record in the repository that counts as not kept once the RPO is breached', async () => {
  const { converge, json } = await site();
  await converge('apply', 'm.yaml');
  expect(await converge('pause', 'dc02', 'm.yaml', '--until', '2h')).toMatchObject({ code: 0 });
  expect(await json('m.yaml')).toMatchObject({
    code: 0,
    vms: [{ state: 'paused', reason: 'paused', kept: true, paused_until: expect.stringMatching(/Z$/) }],
  });
  await converge('lab', 'clock', '40m');
  expect(await json('m.yaml')).toMatchObject({ code: 16, vms: [{ state: 'paused', kept: false }] });
  expect(await converge('resume', 'dc02', 'm.yaml')).toMatchObject({
    code: 0,
    stdout: 'dc02: resumed; it is paused no more\n',
  });
  expect((await converge('resume', 'dc02', 'm.yaml')).stdout).toBe('dc02: it was not paused\n');
  expect(await json('m.yaml')).toMatchObject({ code: 16, vms: [{ state: 'breached' }] });
  // A word that means no VM is not a VM of which there is nothing to tell.
  const nobody = await converge('history', 'dc20', 'm.yaml');
  expect([nobody.code, nobody.stderr]).toEqual([4, expect.stringContaining('error[vm-not-in-repository]')]);
  expect(await converge('history', 'dc02', 'm.yaml')).toMatchObject({ code: 0 });
  for (const group of ['db*', 'label:finance']) {
    const report = await converge('report', 'm.yaml', '--group', group);
    expect([report.code, report.stdout]).toEqual([1, '']);
    expect(report.stderr).toContain(`error[group-of-nobody]: no VM is in the group \`${group}\``);
  }
  const late = await converge('pause', 'dc02', 'm.yaml', '--until', '2020-01-01T00:00:00Z');
  expect(late.code).toBe(1);
  expect(late.stderr).toContain('--until 2020-01-01T00:00:00Z: expected a time to come');
});

test('a repository that is damaged is said, and its VMs are unknown', async () => {
  const { dir, converge, json } = await site();
  await converge('apply', 'm.yaml');
  await rm(join(dir, 'lab/host/dr/converge.json'));
  const { code, vms } = await json('m.yaml');
  expect(code & 4).toBe(4);
  expect(vms).toMatchObject([{ state: 'unknown', reason: 'repository-unreachable' }]);
  expect((await converge('status', 'm.yaml')).stderr).toContain('its converge.json is gone');
});

test('--watch shows it again every ten seconds until it is interrupted, a line of JSON each', async () => {
  const dir = await scratch();
  const repository = `file://${join(dir, 'dr')}`;
  const declare = (name: string) =>
    writeFile(
      join(dir, 'm.yaml'),
      `converge: 1
targets:
  home: { type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}" }
resources:
  protected_vm:
    ${name}: { repository: "${repository}", schedule: every 15 minutes }
`,
    );
  await declare('dc02');
  const clock = new SteppedClock(Date.UTC(2026, 0, 1));
  const ending = new AbortController();
  const lines: string[] = [];
  const watching = cli(dir, ['status', 'm.yaml', '--watch', '--format', 'json'], {
    ...{ clock, interrupt: ending.signal, env: { VC: 'x' } },
    onStdout: text => void lines.push(text),
  });
  const shown = (count: number) =>
    vi.waitFor(() => expect(lines).toHaveLength(count), { interval: 5, timeout: 60_000 });
  await shown(1);
  await vi.waitFor(() => expect(clock.sleeping).toBe(1), { interval: 5, timeout: 60_000 });
  await declare('web01');
  await clock.advance(10_000);
  await shown(2);
  ending.abort('SIGINT');
  expect((await watching).code).toBe(16);
  const seen = lines.map(line => JSON.parse(line) as { at: string; vms: { vm: string }[] });
  expect(seen.map(({ vms }) => vms[0]!.vm)).toEqual(['dc02', 'web01']);
  expect(Date.parse(seen[1]!.at) - Date.parse(seen[0]!.at)).toBe(10_000);
});

test('a newest point that a verification found broken is said, and nobody says that all it needs is there', async () => {
  const { dir, converge, json } = await site();
  expect((await converge('apply', 'm.yaml')).code).toBe(0);
  expect((await converge('status', 'm.yaml')).stdout).toContain('needs was in the repository ');
  const all = await readdir(join(dir, 'lab'), { recursive: true, withFileTypes: true });
  for (const one of all)
    if (one.isFile() && one.parentPath.includes('/packs/')) await rm(join(one.parentPath, one.name));
  expect((await converge('verify', 'm.yaml', '--level', 'presence')).code).toBe(4);
  const { stdout, stderr, code } = await converge('status', 'm.yaml');
  expect(code).toBe(16);
  expect(stderr).toMatch(/warning\[points-broken\]: dc02: its newest recovery point can't be restored/);
  expect(stdout).not.toContain('was in the repository');
  expect((await json('m.yaml')).vms).toMatchObject([{ broken: true, state: 'never', reason: 'damaged' }]);
  expect((await converge('apply', 'm.yaml')).code).toBe(0);
  const healed = await converge('status', 'm.yaml');
  expect(healed.stdout).toContain('needs was in the repository ');
  expect(healed.stderr).not.toContain('points-broken');
});
