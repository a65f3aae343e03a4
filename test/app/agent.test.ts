import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { httpsReceiver } from '../support/https-receiver.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

/** A running agent, on a clock that the test moves, with all that it has said. */
async function running(
  vms: Record<string, string>,
  more = '',
  env: Record<string, string> = {},
  { flags = [], endAt }: { flags?: string[]; endAt?: string } = {},
) {
  const dir = await scratch();
  const begin = Date.UTC(2026, 10, 28, 12);
  const clock = new SteppedClock(begin);
  const home = `{ type: vsphere, url: https://vc.example.com, username: u, password: "\${secret('env:VC')}", limits: { host_cycles: 1 } }`;
  const declare = (all: Record<string, string>) =>
    writeFile(
      join(dir, 'm.yaml'),
      `converge: 1\ntargets: { home: ${home} }\nresources:\n  protected_vm:\n${Object.entries(all)
        .map(([vm, rest]) => `    ${vm}: { repository: file:///dr, ${rest} }\n`)
        .join('')}${more}`,
    );
  await declare(vms);
  let said = '';
  const ending = new AbortController();
  const options = { env: { VC: 'x', ...env }, clock, interrupt: ending.signal };
  const converge = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], options);
  const agent = cli(dir, ['agent', 'm.yaml', '--lab', 'lab', ...flags], {
    ...options,
    onStdout: text => {
      said += text;
      if (endAt !== undefined && said.includes(endAt)) ending.abort('SIGTERM');
    },
  });
  let done = false;
  void agent.finally(() => {
    done = true;
  });
  /** Moves the clock on in steps until that holds. */
  const heard = (holds: () => void, step = 500) =>
    vi.waitFor(
      async () => {
        await clock.advance(step);
        try {
          holds();
        } catch (why) {
          const minutes = Math.round((clock.now() - begin) / 60_000);
          throw new Error(
            `${why}\nafter ${minutes} minutes of its clock it had said:\n${said.slice(-2_000)}`,
          );
        }
      },
      { interval: 1, timeout: 60_000 },
    );
  /** Until it has said so, or has ended. */
  const until = (what: RegExp | 'ended') =>
    heard(() => {
      if (what === 'ended') expect(done).toBe(true);
      else expect(said).toMatch(what);
    });
  return { dir, clock, agent, ending, declare, converge, heard, until, said: () => said };
}

const every = (time: string) => `schedule: every ${time}`;

test('it says what it will do, moves VMs as they come due, holds on to what protects more, and drains', async () => {
  const { dir, clock, agent, declare, converge, until, said } = await running({
    dc02: every('5 minutes'),
    sql01: every('5 minutes'),
  });
  await until(/dc02: .*[\s\S]*sql01: |sql01: .*[\s\S]*dc02: /);
  expect(said()).toMatch(/^looking after 2 VMs, 4 cycles at once; the first is due now\n/);
  const first = said().length;
  await until(/^(?:[\s\S]*dc02: ){2}[\s\S]*$/);
  expect(said().slice(first)).toMatch(/dc02: point 2, /);

  // One is gone, the other's schedule is longer: both go on as they were.
  await declare({ dc02: every('2 hours') });
  await until(/protected_vm:sql01 protects less than before.*it is not declared any more/);
  expect(said()).toMatch(/protected_vm:dc02 protects less than before.*`schedule` was "every 5 minutes"/);
  await writeFile(join(dir, 'm.yaml'), 'converge: 1\nresources: { protected_vm: { dc02: { repo');
  await until(/the agent goes by the last that could/);
  const before = said().length;
  await until(/goes by the last that could[\s\S]*(dc02: [\s\S]*sql01: |sql01: [\s\S]*dc02: )/);
  expect(said().slice(before)).not.toContain('protects less');

  const drained = converge('agent', 'drain');
  await until('ended');
  expect(await agent).toMatchObject({ code: 0 });
  expect(said()).toMatch(/ended after its cycles\n$/);
  await clock.advance(60_000);
  expect((await drained).stdout).toContain('the agent has ended');
  const history = await converge('history', '--repository', 'file:///dr', '--format', 'json');
  const { vms: past, cycles } = JSON.parse(history.stdout) as {
    vms: { vm: string; cycles: number; failed: number; attainment: number }[];
    cycles: { made?: { mode: string; reason: string } }[];
  };
  expect(past.map(({ vm, failed }) => [vm, failed])).toEqual([
    ['dc02', 0],
    ['sql01', 0],
  ]);
  expect(cycles[0]!.made).toMatchObject({ mode: 'full', reason: 'first-cycle' });
  expect((await converge('history', 'dc02', '--repository', 'file:///dr')).stdout).toMatch(
    /dc02 +\d+ +0 +- +100.00 %/,
  );
  expect((await converge('status', '--repository', 'file:///dr')).stdout).toMatch(
    /agent on .*: ended \d+ s ago/,
  );
  expect(await converge('verify', '--repository', 'file:///dr')).toMatchObject({ code: 0 });
  expect(await readFile(join(dir, 'lab/state/memory/engine.json'), 'utf8')).toContain(
    'agent:protected_vm:sql01',
  );
});

test('a second agent with its state folder is refused, and a signal ends the first', async () => {
  const { agent, ending, converge, until } = await running({ dc02: every('1 hour') });
  await until(/looking after 1 VM/);
  const second = await converge('agent', 'm.yaml', '--state', 'lab/state').catch(error => error);
  expect(second.stderr ?? '').toMatch(/agent-runs|lab-in-use/);
  ending.abort('SIGTERM');
  await until('ended');
  expect((await agent).stdout).toMatch(/ended\n$/);
});

test('a signal in the midst of a cycle ends it, nothing is left of it, and that is a good end', async () => {
  const { agent, until, converge, said } = await running(
    { dc02: every('1 hour') },
    '',
    {},
    {
      flags: ['--log-format', 'json'],
      endAt: '"event":"moves"',
    },
  );
  await until('ended');
  const { code, stderr } = await agent;
  expect(code, stderr).toBe(0);
  expect(said()).toMatch(/"event":"ended","how":"stopped"\}\n$/);
  expect(said()).not.toContain('"point"');
  const points = await converge('points', 'dc02', '--repository', 'file:///dr');
  expect(points.stdout + points.stderr).not.toContain('point 1');
  expect((await converge('lab', 'show')).stdout).not.toContain('converge-');
});

test('who is to know hears once that a repository is gone, and that it is back, while the agent goes on', async () => {
  const receiver = await httpsReceiver();
  const route = `  alert_route:
    ops:
      repository: file:///dr
      webhook:
        shape: json
        url: "\${secret('env:HOOK')}"
        private: true
        ca: |
${receiver.ca.replace(/^/gm, '          ')}
`;
  const { dir, agent, ending, until, heard } = await running({ dc02: every('5 minutes') }, route, {
    HOOK: receiver.url,
  });
  await until(/dc02: point 1/);
  const repository = join(dir, 'lab/host/dr');
  await rename(repository, `${repository}-away`);
  const told = () =>
    (receiver.got as { event: string; rule: string }[]).map(({ event, rule }) => `${event} ${rule}`);
  // It is tried again and again, and said once.
  receiver.status = 503;
  await heard(() => expect(told().length).toBeGreaterThan(2));
  receiver.status = 200;
  receiver.got.length = 0;
  await heard(() => expect(told()).toContain('opened repository-gone'));
  // What was being written when it went may have made a folder there.
  await rm(repository, { recursive: true, force: true });
  await rename(`${repository}-away`, repository);
  await heard(() => expect(told()).toContain('recovered repository-gone'));
  expect(told().filter(one => one === 'opened repository-gone')).toHaveLength(1);
  await until(/dc02: point 1[\s\S]*dc02: point [2-9]/);
  ending.abort('SIGTERM');
  await until('ended');
  const { code, stderr } = await agent;
  expect(code).toBe(0);
  expect(stderr.match(/error\[alert-undelivered\].*HTTP 503/g)).toHaveLength(1);
});
