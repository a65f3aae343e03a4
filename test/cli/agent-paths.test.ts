import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { httpsReceiver } from '../support/https-receiver.ts';

/** With the VMs that a lab is seeded with. */
async function site(vms: string[], more = '') {
  const dir = await scratch();
  const declared = vms.map(
    vm => `    ${vm}: { repository: file:///dr, schedule: every 15 minutes${more} }\n`,
  );
  const home = `{ type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}", limits: { cycles: 1 } }`;
  const declare = (all: string[]) =>
    writeFile(
      join(dir, 'm.yaml'),
      `converge: 1\ntargets: { home: ${home} }\nresources:\n  protected_vm:\n${all.join('')}`,
    );
  await declare(declared);
  const env: Record<string, string> = { VC: 'x' };
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { env });
  const points = async () => {
    const { stdout } = await converge('points', '--repository', 'file:///dr', '--format', 'json');
    return (JSON.parse(stdout) as { vm: { name: string } }[]).map(({ vm }) => vm.name).toSorted();
  };
  /** Declares a receiver of alerts besides, and one of signs of life. */
  const tell = async () => {
    const receiver = await httpsReceiver();
    Object.assign(env, { HOOK: receiver.url, CA: receiver.ca });
    const ca = JSON.stringify(receiver.ca);
    const where = `url: "\${secret('env:HOOK')}", private: true, ca: ${ca}`;
    const routes = `  alert_route:
    ops: { repository: file:///dr, webhook: { shape: json, ${where} } }
    alive: { repository: file:///dr, heartbeat: { ${where} } }
`;
    await declare([...declared, routes]);
    return () =>
      receiver.got.splice(0).map(body => {
        const { event = 'alive', rule = '' } = (body ?? {}) as { event?: string; rule?: string };
        return `${event} ${rule}`.trim();
      });
  };
  const nothing = 'converge: 1\nresources: { file: { /srv/a: { content: x } } }\n';
  return {
    ...{ converge, points, tell },
    letGo: () => declare(declared.slice(0, 1)),
    breakIt: () => declare([...declared, '    [']),
    none: () =>
      declare([
        '    all: { select: { name: nothing* }, repository: file:///dr, schedule: every 15 minutes }\n',
      ]),
    empty: () => writeFile(join(dir, 'm.yaml'), nothing),
  };
}

describe('agent PATHS --once', () => {
  test('runs what is due, once for any downtime, and nothing else', async () => {
    const { converge, points } = await site(['dc02', 'sql01']);
    const first = await converge('agent', 'm.yaml', '--once');
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout.split('\n').toSorted().join('\n')).toMatch(/dc02: .*\nsql01: /);
    expect(await converge('agent', 'm.yaml', '--once')).toMatchObject({ code: 0, stdout: '' });
    await converge('lab', 'clock', '2d');
    await converge('replicate', 'sql01', 'm.yaml');
    expect((await converge('agent', 'm.yaml', '--once')).stdout).toMatch(/^dc02: .*\n$/);
    expect(await points()).toEqual(['dc02', 'dc02', 'sql01', 'sql01']);
  });

  test('goes on with what protected more before, until somebody allows it to end', async () => {
    const { converge, points, letGo } = await site(['dc02', 'sql01']);
    await converge('agent', 'm.yaml', '--once');
    await letGo();
    await converge('lab', 'clock', '2d');
    const held = await converge('agent', 'm.yaml', '--once');
    expect(held.stdout).toMatch(/protected_vm:sql01 protects less than before.*not declared any more/);
    expect(await points()).toEqual(['dc02', 'dc02', 'sql01', 'sql01']);
    expect(await converge('apply', 'm.yaml', '--allow', 'protected_vm:sql01')).toMatchObject({ code: 0 });
    await converge('lab', 'clock', '4d');
    expect((await converge('agent', 'm.yaml', '--once')).stdout).toMatch(/^dc02: .*\n$/);
  });

  test('goes by the last manifests without mistakes, tells whoever is to know, and ends with 1', async () => {
    const { converge, points, tell, breakIt, empty } = await site(['dc02', 'sql01']);
    const told = await tell();
    await converge('agent', 'm.yaml', '--once');
    await breakIt();
    await converge('lab', 'clock', '2d');
    told();
    const broken = await converge('agent', 'm.yaml', '--once');
    expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('m.yaml:') });
    expect(broken.stdout).toContain('the agent goes by the last that could');
    expect(await points()).toEqual(['dc02', 'dc02', 'sql01', 'sql01']);
    expect(told().toSorted()).toEqual(['alive', 'opened broken-manifests']);
    // Neither the VMs nor where they are is declared any more.
    await empty();
    await converge('lab', 'clock', '4d');
    const held = await converge('agent', 'm.yaml', '--once');
    expect(held).toMatchObject({ code: 0, stdout: expect.stringContaining('protects less than before') });
    expect(await points()).toHaveLength(6);
  });

  test('a selection that means no VM is a failure for whoever has only an exit code', async () => {
    const { converge, none } = await site([]);
    await none();
    const { code, stderr } = await converge('agent', 'm.yaml', '--once');
    expect(code).toBe(4);
    expect(stderr).toContain('error[selects-nothing]');
  });

  test('a VM that fails holds up no other', async () => {
    const { converge, points } = await site(['gone01', 'sql01']);
    const { code, stdout, stderr } = await converge('agent', 'm.yaml', '--once');
    expect(code).toBe(4);
    expect(stdout).toContain('gone01: no point was made');
    expect(stderr).toContain('error[vm-not-found]');
    expect(await points()).toEqual(['sql01']);
  });

  test('leaves a VM that is paused alone, and says so', async () => {
    const { converge, points } = await site(['dc02']);
    await converge('agent', 'm.yaml', '--once');
    await converge('pause', 'dc02', 'm.yaml', '--until', '3d');
    await converge('lab', 'clock', '2d');
    expect(await converge('agent', 'm.yaml', '--once')).toMatchObject({ stdout: 'dc02: due, and paused\n' });
    await converge('resume', 'dc02', 'm.yaml');
    await converge('agent', 'm.yaml', '--once');
    expect(await points()).toEqual(['dc02', 'dc02']);
  });

  test('tells alerts and their ends once over all runs, and a sign of life each time', async () => {
    const { converge, tell } = await site(['gone01', 'sql01'], ', rpo: 30m');
    const told = await tell();
    const once = () => converge('agent', 'm.yaml', '--once');
    await once();
    expect(told()).toEqual(['alive']);
    await once();
    expect(told().toSorted()).toEqual(['alive', 'opened never']);
    await once();
    expect(told()).toEqual(['alive']);
    await converge('lab', 'add-vm', 'gone01', '--blank', '1MiB');
    await once();
    expect(told().toSorted()).toEqual(['alive', 'recovered never']);
    // After a night without a timer the cycles that make good for it come first.
    await converge('lab', 'clock', '10h');
    expect(await once()).toMatchObject({ code: 0 });
    expect(told()).toEqual(['alive']);
  });

  test('a folder in which nothing is protected is a mistake, and no run that had nothing to do', async () => {
    const { converge, letGo } = await site([]);
    await letGo();
    for (const command of [
      ['agent', 'm.yaml', '--once'],
      ['agent', 'm.yaml'],
      ['status', 'm.yaml'],
    ])
      expect(await converge(...command)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('m.yaml declare no `protected_vm`'),
      });
  });

  test('begins nothing while every window is closed', async () => {
    const hour = (new Date().getUTCHours() + 6) % 24;
    const time = (at: number) => `'${String(at % 24).padStart(2, '0')}:00'`;
    const windows = `, windows: [ { from: ${time(hour)}, to: ${time(hour + 1)} } ]`;
    const { converge } = await site(['dc02'], windows);
    expect(await converge('agent', 'm.yaml', '--once')).toMatchObject({ code: 0, stdout: '' });
    const planned = await converge('plan', 'm.yaml');
    expect(planned.stdout).toMatch(/held until .*T/);
  });

  test.each([
    [['m.yaml', '--self', 's3://b/'], 'PATHS are for VMs, and --self for the instance that this is'],
    [[], 'neither PATHS nor --self say what is to be looked after'],
    [['m.yaml', '--once', '--only-rollouts', '--every', '5m'], '--every, --only-rollouts go with --self'],
    [['--self', 's3://b/', '--slots', '2'], '--slots goes with PATHS'],
    [['drain', 'm.yaml'], 'drain ends the agent of a state folder'],
    [['m.yaml', '--once', '--slots', '0'], '--slots 0: expected a whole number'],
  ])('%j is refused', async (args, message) => {
    const { code, stderr } = await cli(await scratch(), ['agent', ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});

test('its log as lines of JSON, in which a cycle has the id that the history has', async () => {
  const { converge } = await site(['dc02', 'gone01']);
  const { stdout, stderr } = await converge('agent', 'm.yaml', '--once', '--log-format', 'json');
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  expect(lines.every(({ time, level, event }) => Date.parse(time) > 0 && level && event)).toBe(true);
  const of = (vm: string) => lines.filter(line => line.vm === vm);
  expect(of('dc02').map(({ event }) => event)).toEqual(['moves', 'moved']);
  expect(of('dc02')[1]).toMatchObject({
    result: 'made',
    point: { generation: 1 },
    disks: [{ mode: 'full' }],
  });
  expect(of('gone01')[1]).toMatchObject({ level: 'error', result: 'failed' });
  expect(of('gone01')[1].diagnostics[0].code).toBe('vm-not-found');
  expect(stderr).not.toContain('error[');
  const { cycles } = JSON.parse((await converge('history', 'm.yaml', '--format', 'json')).stdout);
  expect(cycles.find(({ vm }: { vm: string }) => vm === 'dc02').id).toBe(of('dc02')[0].cycle);
  const text = await converge('agent', 'm.yaml', '--once');
  expect(text.stdout).toMatch(/^gone01: no point was made; cycle [0-9a-f]{8}\n$/);
});
