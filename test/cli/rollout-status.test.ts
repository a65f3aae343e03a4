import { expect, test } from 'vitest';
import { reportKey } from '../../src/masterless/reports/report.ts';
import { environment, fleetLab, idOf } from '../support/fleet.ts';

const status = ['rollout', 'status', environment];

test('who runs which content, who kept an old one, who is silent and who is gone', async () => {
  const { run, report, lab } = await fleetLab(4);
  await report(1);
  const content = { name: `${environment}.yaml`, sha256: 'cd'.repeat(32), sequence: 6 } as const;
  await report(2, { content: { ...content, from: 'last-known-good' } });
  await report(9, { result: 'failed', failures: ['x'] });
  await lab.command({ do: 'set-instance', id: idOf(4), change: { state: 'stopped' } });
  const { code, stdout } = await run(status);
  expect(code).toBe(4);
  expect(stdout).toContain('4 instances; 2 converged, 2 silent, 1 gone');
  expect(stdout).toContain('no rollout was ever announced');
  expect(stdout).toMatch(new RegExp(`${idOf(1)}  converged  7  +abababababab .* ago +-`));
  expect(stdout).toMatch(new RegExp(`${idOf(2)}  converged  6  +cdcdcdcdcdcd .* ago +kept from before`));
  expect(stdout).toMatch(new RegExp(`${idOf(4)}  SILENT .* never +EC2 says stopped`));
  expect(stdout).toMatch(new RegExp(`${idOf(9)}  gone .*no longer an instance`));
});

test('on a narrow terminal each instance is a block, and ids stay whole', async () => {
  const { run, report } = await fleetLab(2);
  await report(1);
  await report(2, { result: 'failed', failures: ['iis_site:shop: the port is taken by another process'] });
  const { stdout } = await run(status, { columns: 40 });
  const lines = stdout.split('\n').slice(3);
  expect(lines[0]).toBe(`INSTANCE  ${idOf(1)}`);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
});

test('--format json holds all failures and whole digests', async () => {
  const { run, report } = await fleetLab(2);
  const failures = ['one', 'two', 'three', 'four'];
  await report(2, { result: 'failed', failures });
  const answer = JSON.parse((await run([...status, '--format', 'json'])).stdout);
  expect(answer).toMatchObject({ version: 1, environment, bucket: 's3://cust-data/deploy', rollout: null });
  expect(answer.instances[0]).toEqual({
    instance: idOf(1),
    state: 'silent',
    ec2_state: 'running',
    reported_seconds_ago: null,
    report: null,
    failed_rollout: null,
  });
  expect(answer.instances[1]).toMatchObject({
    state: 'failed',
    reported_seconds_ago: expect.any(Number),
    report: { failures, content: { sha256: 'ab'.repeat(32) } },
  });
  expect((await run(status)).stdout).toContain('one; two; three; and 1 more');
});

test('a report for somebody else is refused, and what instances say steers no terminal', async () => {
  const { run, report, bucket } = await fleetLab(2);
  await report(1, { result: 'failed', failures: ['\u001b[2Jcleared\u202e'] });
  await report(1, {}, `AROAEVIL:${idOf(2)}`);
  await bucket.put(reportKey(environment, 'me\u001b[2J'), Buffer.from('{}'));
  const { code, stdout, stderr } = await run(status);
  expect(code).toBe(4);
  expect(stdout).toMatch(new RegExp(`${idOf(1)}  FAILED`));
  expect(stdout).toMatch(new RegExp(`${idOf(2)}  SILENT`));
  expect(stderr).toContain(`AROAEVIL:${idOf(2)}.json is not believed: it speaks for ${idOf(1)}`);
  expect(stderr).toContain('no instance writes under this name');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(stdout + stderr).not.toMatch(/[\u001b\u202e]/);
});

test('a report that is older than --silent-after is silence, by the clock of the bucket', async () => {
  const { run, report, lab } = await fleetLab(1);
  await report(1, { finished: '2999-01-01T00:00:00Z' });
  expect((await run([...status, '--silent-after', '10m'])).code).toBe(0);
  await lab.command({ do: 'clock', offset: 11 * 60_000 });
  expect((await run(status)).code).toBe(0);
  const { code, stdout } = await run([...status, '--silent-after', '10m']);
  expect([code, stdout]).toEqual([4, expect.stringContaining('SILENT')]);
});

test('while a rollout is running, who has not followed is waiting', async () => {
  const { run, report, bucket } = await fleetLab(3);
  for (const number of [1, 2, 3]) await report(number, number === 1 ? { rollout: 'r1' } : {});
  const rollout = { converge_rollout: 1, id: 'r1', environment, started: new Date().toISOString() };
  const told = { ...rollout, state: 'running', instances: [idOf(1), idOf(2)] };
  await bucket.put(`${environment}.rollout`, Buffer.from(JSON.stringify(told)));
  const { code, stdout } = await run(status);
  expect(code).toBe(0);
  expect(stdout).toMatch(new RegExp(`${idOf(1)}  converged`));
  expect(stdout).toMatch(new RegExp(`${idOf(2)}  waiting .*told to apply`));
  expect(stdout).toMatch(new RegExp(`${idOf(3)}  waiting .*its turn has not come`));
});

test('an object that is not a rollout, an unknown environment and a wrong duration are mistakes', async () => {
  const { run, bucket } = await fleetLab(1);
  expect((await run(['rollout', 'status', 'shop-test'])).stderr).toContain('no running instance has the tag');
  expect((await run([...status, '--silent-after', 'long'])).code).toBe(1);
  await bucket.put(`${environment}.rollout`, Buffer.from('{"converge_rollout":2}'));
  const { code, stderr } = await run(status);
  expect([code, stderr]).toEqual([4, expect.stringContaining('is not a rollout of shop-prod')]);
});
