import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { environment, fleetLab, idOf } from '../support/fleet.ts';

const briefly = ['--patience', '30s'];
const failing = { result: 'failed', failures: ['iis_site:shop: the port is taken'] } as const;

test('a rollout of eight instances halts on the failing one, and the status says so', async () => {
  const { run, begun, announced } = await fleetLab(8, number => (number === 3 ? failing : {}));
  const { code, stdout, stderr } = await run(['bump', environment]);
  expect(code, stderr).toBe(4);
  expect(begun).toEqual([1, 2, 3]);
  expect(stderr).toContain(`wave 2 of 5: ${idOf(2)}, ${idOf(3)}`);
  expect(stderr).toContain(`${idOf(2)}: converged, sequence 7, 3 changes`);
  expect(stderr).toContain(`${idOf(3)}: FAILED, iis_site:shop: the port is taken`);
  expect(stdout).toBe(
    [
      `Rollout of ${environment} HALTED: 2 converged, 1 FAILED`,
      `  ${idOf(3)}: iis_site:shop: the port is taken`,
      `  left alone: ${[4, 5, 6, 7, 8].map(idOf).join(', ')}`,
      '',
    ].join('\n'),
  );
  expect(await announced()).toMatchObject({ state: 'halted', instances: [1, 2, 3].map(idOf) });

  const status = await run(['rollout', 'status', environment]);
  expect(status.code).toBe(4);
  expect(status.stdout).toContain('8 instances; 2 converged, 1 failed, 5 silent');
  expect(status.stdout).toMatch(/rollout [0-9a-f-]{36} is halted: begun .* ago, 3 instances told to apply/);
  expect(status.stdout).toMatch(
    new RegExp(`${idOf(3)}  FAILED +7 +abababababab +.* ago +iis_site:shop: the port is taken`),
  );
  expect(status.stdout).toMatch(new RegExp(`${idOf(4)}  SILENT +- +- +never +launched`));
});

test('a rollout that everybody follows ends with 0', async () => {
  const { run, begun, announced } = await fleetLab(8);
  const { code, stdout } = await run(['bump', environment, '--batch', '3']);
  expect([code, stdout]).toEqual([0, `Rollout of ${environment} done: 8 converged\n`]);
  expect(begun).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect((await announced())?.state).toBe('done');
  expect((await run(['rollout', 'status', environment])).code).toBe(0);
});

test('failures that it may have do not end it, and are told by the exit code', async () => {
  const { run, begun } = await fleetLab(4, number => (number === 2 ? failing : {}));
  const { code, stdout } = await run(['bump', environment, '--max-failures', '1']);
  expect([code, begun.length]).toEqual([4, 4]);
  expect(stdout).toContain('done: 3 converged, 1 FAILED');
});

test('an instance that never reports has failed when patience ends', async () => {
  const { run, begun } = await fleetLab(3, number => (number === 1 ? undefined : {}));
  const { code, stdout } = await run(['bump', environment, ...briefly]);
  expect([code, begun]).toEqual([4, [1]]);
  expect(stdout).toContain(`${idOf(1)}: it has not reported: does its agent run?`);
});

describe('health between waves', () => {
  test('is by default what EC2 checks', async () => {
    const { run, lab, begun } = await fleetLab(3);
    await lab.command({ do: 'set-instance', id: idOf(2), change: { instanceCheck: 'impaired' } });
    const { code, stdout, stderr } = await run(['bump', environment, ...briefly]);
    expect([code, begun], stderr).toEqual([4, [1, 2]]);
    expect(stdout).toContain("it converged, but is not healthy: EC2's check of the instance: impaired");
  });

  test('can be a URL on each instance', async () => {
    const { run, begun, answers } = await fleetLab(3);
    await answers('10.0.0.11:8080');
    await answers('10.0.0.12:8080');
    const { code, stdout } = await run([
      'bump',
      environment,
      '--health',
      'ec2',
      '--health',
      'http://{private_ip}:8080/health',
      ...briefly,
    ]);
    expect([code, begun]).toEqual([4, [1, 2, 3]]);
    expect(stdout).toContain('2 converged, 1 FAILED');
    expect(stdout).toMatch(
      new RegExp(`${idOf(3)}: it converged, but is not healthy: .*10\\.0\\.0\\.13:8080`),
    );
  });

  test('an instance without the address that the URL asks for is not healthy', async () => {
    const { run } = await fleetLab(1);
    const { stdout } = await run(['bump', environment, '--health', 'https://{public_ip}/', ...briefly]);
    expect(stdout).toContain('it has no address for {public_ip}');
  });

  test('can be left out', async () => {
    const { run, lab } = await fleetLab(1);
    await lab.command({ do: 'set-instance', id: idOf(1), change: { systemCheck: 'impaired' } });
    expect((await run(['bump', environment, '--health', 'none'])).code).toBe(0);
  });
});

test('Ctrl-C halts: 130, who was told is named, nobody else begins', async () => {
  const { run, begun, announced } = await fleetLab(4, number => (number === 2 ? undefined : {}));
  const interrupt = new AbortController();
  const { code, stdout } = await run(['bump', environment, '--batch', '1'], {
    interrupt: interrupt.signal,
    onStderr: text => {
      if (text.includes('wave 2 of 4')) interrupt.abort('SIGINT');
    },
  });
  expect(code).toBe(130);
  expect(stdout).toContain('HALTED, interrupted: 1 converged');
  expect(stdout).toContain(`told and not heard of yet: ${idOf(2)}`);
  expect(stdout).toContain(`left alone: ${idOf(3)}, ${idOf(4)}`);
  expect((await announced())?.state).toBe('halted');
  expect(begun.filter(number => number > 2)).toEqual([]);
});

describe('two people', () => {
  test('never roll out over each other; one that was left behind is halted by hand', async () => {
    const { run, bucket, announced } = await fleetLab(2);
    const left = { converge_rollout: 1, id: 'r0', environment, started: 'then', instances: [] };
    await bucket.put(`${environment}.rollout`, Buffer.from(JSON.stringify({ ...left, state: 'running' })));
    const refused = await run(['bump', environment]);
    expect(refused.code).toBe(8);
    expect(refused.stderr).toContain('the rollout r0, begun at then, is still running');
    const halted = await run(['rollout', 'halt', environment]);
    expect(halted).toMatchObject({ code: 0, stdout: expect.stringContaining('is halted') });
    expect((await announced())?.state).toBe('halted');
    expect((await run(['bump', environment])).code).toBe(0);
    expect((await run(['rollout', 'halt', environment])).stdout).toContain(
      'no rollout of shop-prod is running',
    );
  });

  test('one halts what another began: that ends with 8 and tells nobody else to begin', async () => {
    const { run, begun, announced } = await fleetLab(4, number => (number === 1 ? undefined : {}));
    let halting: ReturnType<typeof run> | undefined;
    const { code, stderr } = await run(['bump', environment], {
      onStderr: text => {
        if (text.includes('wave 1 of')) halting = run(['rollout', 'halt', environment]);
      },
    });
    expect((await halting)?.code).toBe(0);
    expect(code).toBe(8);
    expect(stderr).toContain('somebody else has halted or replaced the rollout');
    expect(stderr).toContain('1 error');
    expect([begun, (await announced())?.state]).toEqual([[1], 'halted']);
  });
});

describe('for programs', () => {
  test('--format json is the outcome', async () => {
    const { run } = await fleetLab(2, number => (number === 2 ? failing : {}));
    const { stdout } = await run(['bump', environment, '--format', 'json']);
    expect(JSON.parse(stdout)).toEqual({
      version: 1,
      environment,
      rollout: expect.stringMatching(/^[0-9a-f-]{36}$/),
      state: 'halted',
      why: 'failures',
      converged: 1,
      failed: [{ instance: idOf(2), why: 'iis_site:shop: the port is taken' }],
      underway: [],
      untouched: [],
    });
  });

  test('--events takes the place of the progress, --events-file is beside it', async () => {
    const { run, dir } = await fleetLab(2);
    const { stderr } = await run(['bump', environment, '--events', 'ndjson']);
    const lines = stderr.split('\n').filter(line => line.startsWith('{'));
    const types = lines.map(line => JSON.parse(line).type);
    expect(types).toEqual(['wave', 'instance', 'wave', 'instance', 'done']);
    expect(stderr).not.toContain('wave 1 of 2');
    const second = await run(['bump', environment, '--events-file', 'run.ndjson']);
    expect(second.code).toBe(0);
    expect(second.stderr).toContain('wave 1 of 2');
    expect((await readFile(join(dir, 'run.ndjson'), 'utf8')).split('\n')[0]).toContain('"type":"wave"');
  });
});

describe('what is refused before anything is announced', () => {
  test.each<[string, string[], number, string]>([
    ['a batch of nothing', ['--batch', '0'], 1, '--batch 0'],
    ['a number of failures', ['--max-failures', '-1'], 1, '--max-failures -1'],
    ['no patience', ['--patience', 'soon'], 1, '--patience soon'],
    ['an unknown place', ['--health', 'http://{ip}/'], 1, '{ip} stands for nothing'],
    ['a probe that is none', ['--health', 'ping'], 1, 'no probe'],
    ['a URL that is none', ['--health', 'http://{private_ip}:x/'], 1, ':x/: not a URL'],
    ['a password in the URL', ['--health', 'http://a:b@{private_ip}/'], 1, 'holds a password'],
    ['none and another', ['--health', 'none', '--health', 'ec2'], 1, 'cannot be combined with another'],
    ['a bucket that is none', ['--self', 'https://cust'], 1, 'is not the URL of a bucket'],
    ['a lab that is not there', ['--lab', 'nowhere'], 1, 'there is no lab in'],
  ])('%s', async (_, args, code, said) => {
    const result = await cli(await scratch(), ['bump', environment, '--self', 's3://cust/', ...args]);
    expect(result).toMatchObject({ code, stderr: expect.stringContaining(said) });
  });

  test('an environment without instances, without content, or with no such name', async () => {
    const { run, announced } = await fleetLab(1);
    const nobody = await run(['bump', 'shop-test']);
    expect(nobody).toMatchObject({ code: 4, stderr: expect.stringContaining('no running instance') });
    const wrong = await run(['bump', '../x']);
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('not a name of a Beanstalk') });
    expect(await announced()).toBeUndefined();
  });

  test('content that nobody has put there', async () => {
    const { run, lab } = await fleetLab(0);
    await lab.command({ do: 'add-instances', environment: 'shop-test', count: 1, type: 't3.medium' });
    const { code, stderr } = await run(['bump', 'shop-test']);
    expect([code, stderr]).toEqual([4, expect.stringContaining('has nothing for the environment shop-test')]);
  });

  test('EC2 that does not let one look names the permission', async () => {
    const { run, lab, announced } = await fleetLab(1);
    const rule = { kind: 'access-denied', operation: 'DescribeInstances' };
    await lab.command({ do: 'fault', on: 'ec2', rule });
    const { code, stderr } = await run(['bump', environment]);
    expect([code, stderr]).toEqual([4, expect.stringContaining('Allow ec2:DescribeInstances')]);
    expect(await announced()).toBeUndefined();
  });
});

test('EC2 that refuses its checks on the way halts the rollout', async () => {
  const { run, lab, announced, begun } = await fleetLab(3);
  const rule = { kind: 'access-denied', operation: 'DescribeInstanceStatus' };
  await lab.command({ do: 'fault', on: 'ec2', rule });
  const { code, stderr } = await run(['bump', environment]);
  expect([code, stderr]).toEqual([4, expect.stringContaining('Allow ec2:DescribeInstanceStatus')]);
  expect([(await announced())?.state, begun]).toEqual(['halted', [1]]);
});
