import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { cli, scratch } from '../support/cli.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

test('an agent rehearses the plan that is due, and leaves nothing of it', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'disk.raw'), Buffer.concat([bootBlock(), Buffer.alloc(512 * 1000, 7)]));
  const world = await recoveryWorld({
    dir,
    run: cli,
    machines: [{ name: 'web01', disks: ['disk.raw'] }],
  });
  const file = join(dir, 'm/dr.yaml');
  const declared = (await readFile(file, 'utf8')).replace(
    'teardown: none',
    'teardown: none, schedule: every 7 days',
  );
  await writeFile(file, declared);
  await world.ok('apply', 'm');
  await world.close();

  const clock = new SteppedClock(Date.now());
  const ending = new AbortController();
  let said = '';
  let done = false;
  const options = { clock, interrupt: ending.signal };
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
  // In steps that are shorter than what AWS takes for too old a signature.
  await until(() => expect(said).toMatch(/the test of everything passed in /), 250);
  expect(said).toContain('a test of everything begins');
  ending.abort('SIGTERM');
  await until(() => expect(done).toBe(true), 250);
  expect((await agent).stdout).toMatch(/ended\n$/);
  const status = await cli(dir, ['status', 'm', ...lab], { clock });
  expect(status.stdout).toMatch(
    /recovery plan everything: test 1 passed in .*, .* ago; the next is due in [67] d/,
  );
  const cleaned = await cli(dir, ['failover', 'status', 'everything', 'm', ...lab], { clock });
  expect(cleaned.stdout).toMatch(/cleaned up|nothing is left/);
});
