import { execFile } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { runbookLines } from '../../src/recovery/runbook/lines.ts';
import { scratch } from '../support/cli.ts';

const of = {
  repository: 'a'.repeat(32),
  region: 'eu-west-1',
  template: 'converge-web01',
  point: {
    id: 'b'.repeat(32),
    vm: { name: 'web01', uuid: '420f2c3e-0000-4000-8000-000000000001' },
    disks: [{ key: 2000, identity: 'disk-1' }],
  },
  machine: {
    guest_id: 'debian12_64Guest',
    firmware: 'bios',
    cpus: 1,
    memory: 1024,
    boot_order: [],
    disks: [{ key: 2000 }],
    nics: [],
  },
} as unknown as Parameters<typeof runbookLines>[0];

const point = 'b'.repeat(32);

/** An `aws` that writes down what it is asked, and answers each kind of question with one text. */
async function asked(lines: string[], answers: [pattern: string, answer: string][]) {
  const dir = await scratch();
  const log = join(dir, 'log');
  const cases = answers.map(([pattern, answer]) => `*'${pattern}'*) echo '${answer}' ;;`);
  const text = [
    '#!/bin/sh',
    `echo "$AWS_DEFAULT_REGION $*" >> ${log}`,
    'case "$*" in',
    ...cases,
    '*) ;;',
    'esac',
  ];
  await writeFile(join(dir, 'aws'), `${text.join('\n')}\n`);
  await chmod(join(dir, 'aws'), 0o755);
  await writeFile(join(dir, 'runbook.sh'), ['set -eu', ...lines, ''].join('\n'));
  const env = { PATH: `${dir}:/usr/bin:/bin` };
  const ran = await promisify(execFile)('sh', [join(dir, 'runbook.sh')], { env }).catch(error => error);
  return { calls: await readFile(log, 'utf8'), stdout: String(ran.stdout), stderr: String(ran.stderr) };
}

const launch: [string, string][] = [
  ['Values=pending', 'None'],
  ['to_number', point],
  ['SnapshotId', 'snap-1'],
  ['Images[0]', 'ami-1'],
  ['run-instances', 'i-1'],
  ['UsageOperation', 'RunInstances'],
  ['runbook', 'None'],
  ['Tags[', 'None'],
];

it('launches under a token of machine and point, in the region, with the image that there is', async () => {
  const { calls, stdout } = await asked(runbookLines(of), launch);
  expect(stdout).toContain('web01: i-1\n');
  const token = /run-instances --client-token (\S+)/.exec(calls)![1]!;
  expect(token).toMatch(new RegExp(`^[0-9a-f]{24}-${point}-1$`));
  expect(token.length).toBeLessThanOrEqual(62);
  expect(calls).not.toContain('register-image');
  expect(calls.trim().split('\n')).toSatisfy((all: string[]) =>
    all.every(one => one.startsWith('eu-west-1 ')),
  );
  expect(calls).toContain('Key=Name,Value=web01 Key=converge:vm,Value=420f2c3e');
});

it('launches nothing while what it launched before is there, and goes on with its point', async () => {
  const token = /Values=([0-9a-f]{24})-\*/.exec(runbookLines(of).join('\n'))![1]!;
  const there: [string, string][] = [
    ['Values=pending', 'i-1'],
    ['ClientToken', `${token}-${'c'.repeat(32)}-1`],
  ];
  const recovered = await asked(runbookLines(of), [...there, ['converge:runbook', 'recovered']]);
  expect(recovered.stdout).toContain('web01: i-1 was recovered before');
  expect(recovered.calls).not.toMatch(/run-instances|modify-instance|create-tags/);

  const begun = await asked(runbookLines(of), [...there, ...launch.slice(1)]);
  expect(begun.stdout).toContain('web01: i-1\n');
  expect(begun.calls).not.toContain('run-instances');
  expect(begun.calls).toContain(`Values=${'c'.repeat(32)}`);
});

it.each(['to_number', 'SnapshotId'])('launches nothing without a whole replica (%s)', async missing => {
  const answers = launch.map(([what, answer]): [string, string] => [
    what,
    what === missing ? 'None' : answer,
  ]);
  const { calls, stderr } = await asked(runbookLines(of), answers);
  expect(stderr).toContain('web01: there is no complete replica');
  expect(calls).not.toContain('run-instances');
});
