import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { bootBlock } from '../lab/ec2/fixture.ts';
import { cli, scratch } from '../support/cli.ts';
import { recoveryWorld } from '../support/recovery-world.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

/** A plan that is due, and agents that look after it. */
async function site() {
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

  const lab = ['--lab', join(dir, 'lab')];
  /** Runs an agent until something holds, and ends it; what it said. */
  const agentUntil = async (
    clock: SteppedClock,
    holds: (said: string) => boolean | Promise<boolean>,
  ): Promise<string> => {
    const ending = new AbortController();
    let said = '';
    let done = false;
    const agent = cli(dir, ['agent', 'm', ...lab], {
      ...{ clock, interrupt: ending.signal },
      onStdout: text => {
        said += text;
      },
    }).finally(() => {
      done = true;
    });
    const until = (is: () => boolean | Promise<boolean>) =>
      vi.waitFor(
        async () => {
          // In steps that are shorter than what AWS takes for too old a signature.
          await clock.advance(250);
          expect(await is(), said).toBe(true);
        },
        { interval: 1, timeout: 60_000 },
      );
    await until(() => holds(said));
    ending.abort('SIGTERM');
    await until(() => done);
    const { stdout, stderr } = await agent;
    return stdout + stderr;
  };
  return { dir, lab, agentUntil };
}

test('an agent rehearses the plan that is due, and leaves nothing of it', async () => {
  const { dir, lab, agentUntil } = await site();
  const clock = new SteppedClock(Date.now());
  const said = await agentUntil(clock, text => /the test of everything passed in /.test(text));
  expect(said).toContain('a test of everything begins');
  expect(said).toMatch(/^ended$/m);
  const status = await cli(dir, ['status', 'm', ...lab], { clock });
  expect(status.stdout).toMatch(
    /recovery plan everything: test 1 passed in .*, .* ago; the next is due in [67] d/,
  );
  const cleaned = await cli(dir, ['failover', 'status', 'everything', 'm', ...lab], { clock });
  expect(cleaned.stdout).toMatch(/cleaned up|nothing is left/);
});

test('a test that an agent was ended in is cleaned up by the next one, and none begins at once', async () => {
  const { dir, lab, agentUntil } = await site();
  // Further from this machine's than a signature may be old: the lab goes by its own.
  const clock = new SteppedClock(Date.now() + 20 * 60_000);
  const instances = async (): Promise<number> => {
    const text = await readFile(join(dir, 'lab/ec2/world.json'), 'utf8');
    return Object.keys((JSON.parse(text) as { instances: object }).instances).length;
  };
  const before = await instances();
  const stopped = await agentUntil(clock, async () => (await instances()) > before);
  expect(stopped).toContain('a test of everything begins');
  expect(stopped).not.toContain('the test of everything');
  const next = await agentUntil(clock, said => said.includes('was left standing'));
  expect(next).toContain('test 1 of everything was left standing, and is cleaned up');
  expect(next).not.toContain('a test of everything begins');
  const cleaned = await cli(dir, ['failover', 'status', 'everything', 'm', ...lab], { clock });
  expect(cleaned.stdout).toMatch(/cleaned up|nothing is left/);
});
