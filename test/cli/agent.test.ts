import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { takeLock } from '../../src/io/locks/lock.ts';
import { nodeHost } from '../../src/io/node.ts';
import type { Rollout } from '../../src/masterless/rollout/rollout.ts';
import type { CliOptions } from '../support/cli.ts';
import { cli, scratch } from '../support/cli.ts';
import { environment, instanceId, labInstance, manifest, self } from '../support/lab-instance.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

/** With content of which nothing is applied yet. */
async function site() {
  const lab = await labInstance();
  await lab.publish(manifest('one'), ['--sequence', '1']);
  return {
    ...lab,
    once: (...more: string[]) => lab.run(['agent', ...self, '--once', ...more]),
    rollOut: (id: string, state: Rollout['state'], instances: string[]) =>
      lab.bucket(bucket => {
        const started = '2026-01-01T00:00:00Z';
        const rollout: Rollout = { converge_rollout: 1, id, environment, started, state, instances };
        return bucket.put(`${environment}.rollout`, Buffer.from(JSON.stringify(rollout)));
      }),
    told: async () => lab.report(await lab.userId()),
  };
}

describe('agent --once', () => {
  test('applies what is new, once', async () => {
    const lab = await site();
    expect(await lab.once()).toMatchObject({ code: 0, stdout: expect.stringContaining('1 to create') });
    expect(await lab.host()).toBe('one');
    expect(await lab.told()).toMatchObject({ trigger: 'agent', result: 'converged', changed: 1 });
    expect(await lab.once()).toEqual({ code: 0, stdout: '', stderr: '' });
    await lab.publish(manifest('two'), ['--sequence', '2']);
    await lab.once();
    expect(await lab.host()).toBe('two');
  });

  test('leaves alone what a deployment applied', async () => {
    const lab = await site();
    await lab.apply();
    expect(await lab.once()).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('repairs when its turn in a rollout comes, and only then and once', async () => {
    const lab = await site();
    await lab.apply();
    await writeFile(join(lab.dir, 'lab/host/srv/it'), 'drifted');
    await lab.rollOut('r1', 'running', ['i-0bbbbbbbbbbbbbbbb']);
    await lab.once();
    expect(await lab.host()).toBe('drifted');
    await lab.rollOut('r1', 'running', ['i-0bbbbbbbbbbbbbbbb', instanceId]);
    await lab.once();
    expect(await lab.host()).toBe('one');
    expect(await lab.told()).toMatchObject({ rollout: 'r1', result: 'converged' });
    expect(await lab.once()).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('takes no new content by itself while a rollout goes on or was halted', async () => {
    const lab = await site();
    await lab.apply();
    await lab.publish(manifest('two'), ['--sequence', '2']);
    for (const state of ['running', 'halted'] as const) {
      await lab.rollOut('r1', state, ['i-0bbbbbbbbbbbbbbbb']);
      await lab.once();
      expect(await lab.host()).toBe('one');
    }
    await lab.rollOut('r1', 'done', []);
    expect(await lab.once('--only-rollouts')).toMatchObject({ code: 0, stdout: '' });
    await lab.once();
    expect(await lab.host()).toBe('two');
  });

  test('reports a rollout that fails here, and does not try it again', async () => {
    const lab = await site();
    await lab.publish('converge: 1\nresources: { fil: { /srv/it: {} } }\n', ['--sequence', '2']);
    await lab.rollOut('r1', 'running', [instanceId]);
    expect(await lab.once()).toMatchObject({ code: 1 });
    expect(await lab.told()).toMatchObject({
      rollout: 'r1',
      result: 'failed',
      failures: [expect.stringContaining('fil')],
    });
    expect(await lab.once()).toMatchObject({ code: 0, stdout: '' });
  });

  test('gives way to a deployment, which in turn waits', async () => {
    const lab = await site();
    const host = nodeHost();
    const lock = await takeLock(join(lab.dir, 'lab/state', instanceId, 'locks/host'), {
      host,
      timeout: 0,
      refused: () => ({ code: 'x', severity: 'error', category: 'blocked', message: 'x' }),
    });
    const { code, stderr } = await lab.once();
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('it goes first') });
    expect(await lab.told()).toBeUndefined();
    expect(await lab.apply()).toMatchObject({ code: 8 });
    await lock.release();
    expect(await lab.once()).toMatchObject({ code: 0 });
    expect(await lab.host()).toBe('one');
  });

  test('says that there is nothing yet', async () => {
    const lab = await labInstance();
    const { code, stderr } = await lab.run(['agent', ...self, '--once']);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('has nothing for shop-prod'),
    });
  });

  test('takes unsigned content when that is asked for, and again when it changes', async () => {
    const lab = await labInstance();
    const put = (text: string) => lab.bucket(bucket => bucket.put('shop-prod.yaml', Buffer.from(text)));
    const once = () => lab.run(['agent', ...self, '--once', '--insecure-unsigned']);
    await put(manifest('one'));
    await once();
    expect(await once()).toMatchObject({ code: 0, stdout: '' });
    await put(manifest('two'));
    await once();
    expect(await lab.host()).toBe('two');
  });

  test('what it remembers of S3 may be lost or damaged', async () => {
    const lab = await site();
    await lab.once();
    await writeFile(join(lab.dir, 'lab/state', instanceId, 'agent.json'), '{"url":');
    expect(await lab.once()).toMatchObject({ code: 0, stdout: '' });
  });

  test('what it remembers of sequences may not', async () => {
    const lab = await site();
    await lab.once();
    await writeFile(join(lab.dir, 'lab/state', instanceId, 'instance.json'), '{"seen":');
    const { code, stderr } = await lab.apply();
    expect({ code, stderr }).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('instance-state-damaged'),
    });
  });
});

describe('agent', () => {
  /** The agent, and how to wait until it has said something. */
  function started(lab: Awaited<ReturnType<typeof labInstance>>, more: string[] = []) {
    const stop = new AbortController();
    // Signatures carry it.
    const clock = new SteppedClock(Date.now());
    let said = '';
    const options: CliOptions = {
      interrupt: stop.signal,
      clock,
      onStderr: text => {
        said += text;
      },
    };
    const ended = lab.run(['agent', ...self, ...more], options);
    const idle = async () => {
      while (clock.sleeping === 0) await new Promise(resolve => setImmediate(resolve));
    };
    return { stop, clock, ended, idle, said: () => said };
  }

  test('looks again and again, and ends well on SIGTERM', async () => {
    const lab = await labInstance();
    await lab.publish(manifest('one'), ['--sequence', '1']);
    const agent = started(lab);
    await agent.idle();
    await agent.clock.advance(1);
    await expect.poll(() => lab.host()).toBe('one');
    await lab.publish(manifest('two'), ['--sequence', '2', '--lock-timeout', '10m']);
    await agent.clock.advance(70_000);
    await expect.poll(() => lab.host()).toBe('two');
    agent.stop.abort('SIGTERM');
    const { code, stderr } = await agent.ended;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/agent: ended\n$/);
  });

  test('--every takes no less than seconds', async () => {
    const dir = await scratch();
    for (const every of ['1s', 'soon'])
      expect(await cli(dir, ['agent', ...self, '--every', every])).toMatchObject({ code: 1 });
  });
});

test('an agent of a URL that is none ends at once, whoever would start it again', async () => {
  const { code, stderr } = await cli(await scratch(), ['agent', '--self', 'https://example.com/x']);
  expect(stderr).toContain('error[content-url]');
  expect(stderr).not.toContain('looking at');
  expect(code).toBe(1);
});
