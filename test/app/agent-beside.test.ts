import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { cli, scratch } from '../support/cli.ts';
import { httpsReceiver } from '../support/https-receiver.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

interface Told {
  kind: string;
  rule: string;
  subjects: string[];
}

test('an agent rehearses the plan that is due and leaves nothing, tells who is to know once, and when it is over', async () => {
  const dir = await scratch();
  const receiver = await httpsReceiver();
  await writeFile(join(dir, 'disk.raw'), Buffer.concat([bootBlock(), Buffer.alloc(512 * 1000, 7)]));
  const env = { HOOK: receiver.url };
  const world = await recoveryWorld({
    dir,
    run: (cwd, args) => cli(cwd, args, { env }),
    machines: [{ name: 'web01', disks: ['disk.raw'] }],
  });
  const file = join(dir, 'm/dr.yaml');
  const declared = (await readFile(file, 'utf8')).replace(
    'teardown: none',
    'teardown: none, schedule: every 7 days',
  );
  await writeFile(
    file,
    `${declared}  alert_route:
    ops:
      repository: s3://gdh-vm-replication/dr
      webhook:
        shape: json
        url: \${secret('env:HOOK')}
        private: true
        ca: |
${receiver.ca.replace(/^/gm, '          ')}`,
  );
  await world.ok('apply', 'm');
  await world.close();

  const clock = new SteppedClock(Date.now());
  const ending = new AbortController();
  let said = '';
  let done = false;
  const options = { clock, interrupt: ending.signal, env };
  const lab = ['--lab', join(dir, 'lab')];
  const agent = cli(dir, ['agent', 'm', ...lab], {
    ...options,
    onStdout: text => {
      said += text;
    },
  });
  void agent.finally(() => {
    done = true;
  });
  const until = (holds: () => void, step: number) =>
    vi.waitFor(
      async () => {
        await clock.advance(step);
        holds();
      },
      { interval: 1, timeout: 60_000 },
    );
  await until(() => expect(said).toMatch(/the test of everything passed in /), 2_000);
  expect(said).toContain('a test of everything begins');

  // The VM is paused beyond its RPO.
  const of = (rule: string) => (receiver.got as Told[]).filter(one => one.rule === rule);
  await cli(dir, ['pause', 'web01', 'm', ...lab], { clock, env });
  await until(() => expect(of('breached')).toHaveLength(1), 10_000);
  await until(() => expect(receiver.got.length).toBeGreaterThan(0), 600_000);
  expect(of('breached').map(({ kind, subjects }) => [kind, subjects])).toEqual([['opened', ['web01']]]);
  await cli(dir, ['resume', 'web01', 'm', ...lab], { clock, env });
  await until(() => expect(of('breached')).toHaveLength(2), 10_000);
  expect(of('breached')[1]!.kind).toBe('recovered');

  ending.abort('SIGTERM');
  await until(() => expect(done).toBe(true), 1_000);
  expect((await agent).stdout).toMatch(/ended\n$/);
  const status = await cli(dir, ['status', 'm', ...lab], { clock, env });
  expect(status.stdout).toMatch(
    /recovery plan everything: test 1 passed in .*, .* ago; the next is due in [67] days/,
  );
  const cleaned = await cli(dir, ['failover', 'cleanup', 'everything', 'm', ...lab], { clock, env });
  expect(cleaned.stdout).toMatch(/nothing|cleaned/);
});
