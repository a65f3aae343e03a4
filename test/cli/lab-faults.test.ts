import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { processTable } from '../../src/io/handles/process-table.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab, publish } from '../../src/lab/lab.ts';
import { cli, scratch } from '../support/cli.ts';

const manifests = join(import.meta.dirname, '../../manifests/lab');

async function labFolder() {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  expect((await cli(dir, ['plan', manifests, ...lab])).code).toBe(0);
  return { dir, lab };
}

describe('a fault waits for the call that it is for', () => {
  test('the first example of `lab fault --help`: uploads are told to slow down, and are sent again', async () => {
    const { dir, lab } = await labFolder();
    const fault = [
      'lab',
      'fault',
      'slow-down',
      '--on',
      's3',
      '--times',
      '3',
      '--set',
      'method=PUT',
      '--set',
      'key=*/packs/*',
    ];
    expect((await cli(dir, [...fault, ...lab])).code).toBe(0);
    const { code, stdout, stderr } = await cli(dir, ['apply', manifests, ...lab]);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/\(3 retried\)/);
  });

  test('the second: a guest that can not be quiesced gives a crash-consistent point, which says so', async () => {
    const { dir, lab } = await labFolder();
    expect((await cli(dir, ['lab', 'fault', 'quiesce-fails', '--on', 'vsphere', ...lab])).code).toBe(0);
    expect((await cli(dir, ['apply', manifests, ...lab])).code).toBe(0);
    const { stdout } = await cli(dir, [
      'points',
      '--repository',
      's3://gdh-vm-replication/dr',
      '--format',
      'json',
      ...lab,
    ]);
    const points = JSON.parse(stdout) as { consistency: string }[];
    // Whichever guest asks first; the others are quiesced.
    expect(points.length).toBeGreaterThan(1);
    expect(points.filter(({ consistency }) => consistency === 'crash')).toHaveLength(1);
  });
});

describe('commands that make no such call leave a fault armed', () => {
  const points = ['points', '--repository', 's3://gdh-vm-replication/dr'];

  test.each([
    [
      's3',
      ['lab', 'fault', 'internal-error', '--on', 's3', '--set', 'key=*/packs/*', '--set', 'method=PUT'],
      'retried',
    ],
    [
      'vsphere',
      ['lab', 'fault', 'fail-task', '--on', 'vsphere', '--set', 'method=CreateSnapshot_Task'],
      'FAILED',
    ],
    [
      'vsphere, one that holds',
      [
        'lab',
        'fault',
        'missing-privilege',
        '--on',
        'vsphere',
        '--set',
        'privilege=VirtualMachine.State.CreateSnapshot',
      ],
      'FAILED',
    ],
  ])('%s', async (_, fault, struck) => {
    const { dir, lab } = await labFolder();
    const run = (...words: string[]) => cli(dir, [...words, ...lab]);
    expect((await run(...fault)).code).toBe(0);
    await run('lab', 'show');
    await run('lab', 'tag', 'dc02', 'gold');
    await run(...points);
    const first = await run('apply', manifests);
    expect(first.stdout + first.stderr).toContain(struck);
    const second = await run('apply', manifests);
    expect(second.code, second.stderr).toBe(0);
    expect(second.stdout).not.toContain(struck);
  });

  test('what is left of several times is for the next command, until it is cleared', async () => {
    const { dir, lab } = await labFolder();
    const run = (...words: string[]) => cli(dir, [...words, ...lab]);
    expect((await run('apply', manifests)).code).toBe(0);
    await run('lab', 'fault', 'latency', '--on', 's3', '--times', '500', '--set', 'ms=1');
    const left = async () =>
      JSON.parse(await readFile(join(dir, 'lab/lab.json'), 'utf8')).faults[0]?.rule.times;
    expect(await left()).toBe(500);
    await run(...points);
    const some = await left();
    expect(some).toBeLessThan(500);
    await run(...points);
    expect(await left()).toBeLessThan(some);
    await run('lab', 'fault', 'clear', '--on', 's3');
    expect(await left()).toBeUndefined();
  });
});

test('a second VM of one name has to be meant', async () => {
  const { dir, lab } = await labFolder();
  const add = (...more: string[]) => cli(dir, ['lab', 'add-vm', 'dc02', '--blank', '1MiB', ...more, ...lab]);
  const refused = await add();
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain('there is a VM dc02 already');
  expect(refused.stderr).toContain('--force');
  expect((await cli(dir, ['lab', 'show', ...lab])).stdout.match(/^dc02 /gm)).toHaveLength(1);
  expect((await add('--force')).code).toBe(0);
  expect((await cli(dir, ['lab', 'show', ...lab])).stdout.match(/^dc02 /gm)).toHaveLength(2);
});

test.each([
  [['slow-dwn', '--on', 's3'], 'slow-down'],
  [['quiesce', '--on', 'vsphere'], 'quiesce-fails'],
  [['slow-down', '--on', 's3', '--set', 'kee=x'], 'key'],
  [['slow-task', '--on', 'vsphere'], '--set ms='],
  [['reset', '--on', 's3', '--times', 'abc'], '--times'],
  [['reset', '--on', 'nowhere'], 'vsphere'],
])('a fault that would not do what was meant is refused: %j', async (args, hint) => {
  const { dir, lab } = await labFolder();
  const { code, stdout, stderr } = await cli(dir, ['lab', 'fault', ...args, ...lab]);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(hint);
});

test('a folder that is served already is not served twice', async () => {
  const dir = await scratch();
  const host = nodeHost();
  const lab = await openLab(join(dir, 'lab'), { host, seeded: false, lockTimeout: 0 });
  const published = await publish(lab, host);
  try {
    const { code, stderr } = await cli(dir, ['lab', 'serve', '--lab', join(dir, 'lab')]);
    expect(code).toBe(8);
    expect(stderr).toContain('served already');
    const used = await cli(dir, ['lab', 'add-vm', 'dc09', '--blank', '1MiB', '--lab', join(dir, 'lab')]);
    expect(used.code, used.stderr).toBe(0);
  } finally {
    await published.close();
    await lab.close();
  }
});

describe('a killed server leaves a folder that the next command simply uses', () => {
  test.each<[string, { pid: number; start?: string }]>([
    ['its process is gone', { pid: 2 ** 22 - 3, start: 'long ago' }],
    ['its number went to another process', { pid: process.pid, start: 'long ago' }],
  ])('%s', async (_, who) => {
    expect(await showAfter(who, 9)).toMatchObject({ code: 0 });
  });

  test('its port went to a program that speaks otherwise', async () => {
    const server = createServer((_, res) => res.end('<html>hello</html>')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const start = await processTable.startOf(process.pid);
    const { port } = server.address() as AddressInfo;
    expect(await showAfter({ pid: process.pid, ...(start && { start }) }, port)).toMatchObject({ code: 0 });
    server.close();
  });
});

async function showAfter(who: { pid: number; start?: string }, port: number) {
  const { dir, lab } = await labFolder();
  const left = {
    ...who,
    control: { port, token: 'x' },
    s3: 'http://127.0.0.1:9',
    vsphere: 'https://127.0.0.1:9',
    caPem: '',
  };
  await nodeHost().files.writeAtomic(join(dir, 'lab/serving.json'), Buffer.from(JSON.stringify(left)));
  return cli(dir, ['lab', 'show', ...lab]);
}
