import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { machineLocks } from '../../src/app/session/machine-locks.ts';
import { nodeHost } from '../../src/io/node.ts';
import { openLab, publish } from '../../src/lab/lab.ts';
import { cli, scratch } from '../support/cli.ts';

/** A program that waits until the file `go` is there, and then writes `done`. */
const waiting = (dir: string) => `converge: 1
resources:
  exec:
    slow:
      command: [/bin/sh, -c, "touch ${dir}/begun; until test -e ${dir}/go; do sleep 0.05; done; touch ${dir}/done"]
      creates: ${dir}/done
`;

async function until(path: string): Promise<void> {
  while (!(await readFile(path).catch(() => undefined))) await new Promise(resolve => setImmediate(resolve));
}

test('two runs never change one host at once, whatever their folders', async () => {
  const [first, second] = [await scratch(), await scratch()];
  await writeFile(join(first, 'm.yaml'), waiting(first));
  await writeFile(
    join(second, 'm.yaml'),
    `converge: 1\nresources: { file: { ${second}/a: { content: x } } }\n`,
  );
  const slow = cli(first, ['apply', 'm.yaml', '--state', 'one']);
  await until(join(first, 'begun'));
  const refused = await cli(second, ['apply', 'm.yaml', '--state', 'two']);
  expect(refused.code).toBe(8);
  expect(refused.stderr).toMatch(/error\[locked\]: another run changes this host: process \d+/);
  // Looking changes nothing, and waits for nobody.
  expect((await cli(second, ['plan', 'm.yaml'])).code).toBe(0);
  expect((await cli(second, ['apply', 'm.yaml', '--noop'])).code).toBe(0);
  const patient = cli(second, ['apply', 'm.yaml', '--lock-timeout', '1m']);
  await writeFile(join(first, 'go'), '');
  expect((await slow).code).toBe(0);
  expect((await patient).code).toBe(0);
  expect(await readFile(join(second, 'a'), 'utf8')).toBe('x');
});

describe('VMs are moved independently of each other, and of this host', () => {
  const manifests = join(import.meta.dirname, '../../manifests/lab');

  async function servedLab() {
    const dir = await scratch();
    const lab = await openLab(join(dir, 'lab'), { host: nodeHost(), lockTimeout: 0, seeded: true });
    const published = await publish(lab, nodeHost());
    onTestFinished(async () => {
      await published.close();
      await lab.close();
    });
    const locks = machineLocks(nodeHost(), join(lab.dir, 'locks'), 0);
    const run = (...args: string[]) => cli(dir, [...args, '--lab', join(dir, 'lab')]);
    expect((await run('apply', manifests, '--only', 'bucket')).code).toBe(0);
    return { dir, locks, run };
  }
  const vm = (id: string) => ({ target: 'lab:vsphere:home', type: 'protected_vm', id });
  const never = new AbortController().signal;

  test('two at once, each by a run of its own', async () => {
    const { run } = await servedLab();
    const [first, second] = await Promise.all([
      run('replicate', 'dc02', manifests, '--state', 'one'),
      run('replicate', 'sql01', manifests, '--state', 'two'),
    ]);
    expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0]);
  });

  test('a long copy of one holds up neither the other nor a file of this host', async () => {
    const { locks, run } = await servedLab();
    const copying = await locks.take(vm('dc02'), never);
    const refused = await run('replicate', 'dc02', manifests);
    expect(refused.code).toBe(8);
    expect(refused.stderr).toContain('error[locked]: another run changes protected_vm dc02');
    const { code, stdout } = await run('apply', manifests);
    expect(code).toBe(8);
    expect(stdout).toContain('protected_vm:sql01: point 1');
    await copying.release();
    expect((await run('apply', manifests)).code).toBe(0);
  });

  test('nor does whoever has this host hold up a VM', async () => {
    const { locks, run } = await servedLab();
    const host = await locks.take('host', never);
    expect((await run('replicate', 'sql01', manifests)).code).toBe(0);
    expect((await run('apply', manifests, '--only', 'file')).code).toBe(8);
    await host.release();
  });
});
