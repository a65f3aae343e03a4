import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import type { VmInfo } from '../../src/lab/vsphere/server.ts';
import { cli, scratch } from '../support/cli.ts';
import { runMark } from '../support/run-mark.ts';
import { endAll, start } from '../support/start.ts';

const root = join(import.meta.dirname, '../..');
const manifests = join(root, 'manifests/lab');
const repository = ['--repository', 's3://gdh-vm-replication/dr'];

async function snapshotsIn(dir: string): Promise<string[]> {
  const lab = await openLab(dir, { host: nodeHost(), seeded: false, lockTimeout: 600_000 });
  try {
    const { data } = await lab.command({ do: 'show' });
    return (data as { vms: VmInfo[] }).vms.flatMap(vm => vm.snapshots);
  } finally {
    await lab.close();
  }
}

/** After whatever happened, the next run makes it whole: everything converges and nothing is left over. */
async function expectToHeal(dir: string, lab: string[]) {
  const again = await cli(dir, ['apply', manifests, ...lab]);
  expect(again.code, again.stderr).toBe(0);
  expect(await snapshotsIn(join(dir, 'lab'))).toEqual([]);
  expect((await cli(dir, ['plan', manifests, ...lab, '--detailed-exitcodes'])).code).toBe(0);
  const verified = await cli(dir, ['verify', ...repository, ...lab]);
  expect(verified.code, verified.stderr).toBe(0);
  expect(verified.stdout).toMatch(/2 of 2 recovery points whole/);
}

test('Ctrl-C in the middle of a cycle: 130, no snapshot left, nothing new begun, and the next run heals', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  const interrupt = new AbortController();
  const run = await cli(dir, ['apply', manifests, ...lab], {
    interrupt: interrupt.signal,
    onStderr: text => {
      if (text.includes('protected_vm:dc02: create')) interrupt.abort('SIGINT');
    },
  });
  expect(run.code, run.stderr).toBe(130);
  expect(run.stderr).toContain('SIGINT');
  expect(run.stderr).toContain(
    'protected_vm:dc02: interrupted, no point was made, and no snapshot is left behind',
  );
  expect(run.stdout).toMatch(/^Interrupted: .*interrupted/m);
  expect(run.stdout + run.stderr).not.toMatch(/FAILED|error\[/);
  expect(run.stderr).not.toContain('raw_image:/srv/spool/dc02.raw: create');
  expect(await snapshotsIn(join(dir, 'lab'))).toEqual([]);
  await expectToHeal(dir, lab);
});

test.each(['file:/srv/spool: create', 'protected_vm:dc02: create', 'protected_vm:dc02: changed'])(
  'kill -9 when %s was said: no lock needs a hand, and the next run heals',
  async said => {
    const dir = await scratch();
    const lab = ['--lab', join(dir, 'lab')];
    const child = start(join(root, 'bin/converge'), ['apply', manifests, ...lab], {
      cwd: dir,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    onTestFinished(() => endAll(child));
    let stderr = '';
    child.stderr!.on('data', chunk => {
      stderr += chunk;
      if (stderr.includes(said)) child.kill('SIGKILL');
    });
    const [, signal] = await once(child, 'exit');
    expect(signal, stderr).toBe('SIGKILL');
    await expectToHeal(dir, lab);
  },
);

test('two runs at once: the second is refused with 8 and names the first', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  let second: Promise<{ code: number; stderr: string }> | undefined;
  const first = await cli(dir, ['apply', manifests, ...lab], {
    onStderr: text => {
      if (text.includes('protected_vm:dc02: create')) second ??= cli(dir, ['apply', manifests, ...lab]);
    },
  });
  expect(first.code, first.stderr).toBe(0);
  const { code, stderr } = await second!;
  expect(code).toBe(8);
  expect(stderr).toContain(String(process.pid));
});

test('Ctrl-C while a vCenter accepts and never answers ends the run at once', async () => {
  const dir = await scratch();
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const connected = once(silent, 'connection');
  const { port } = silent.address() as AddressInfo;
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
targets:
  home: { type: vsphere, url: "https://127.0.0.1:${port}", username: u, password: "\${secret('env:VC')}" }
resources:
  protected_vm: { dc02: { repository: "file://${dir}/r", schedule: every 15 minutes } }
`,
  );
  const child = start(join(root, 'bin/converge'), ['plan', 'm.yaml'], {
    cwd: dir,
    env: { VC: 'x', ...runMark },
    stdio: 'ignore',
  });
  onTestFinished(() => endAll(child));
  await connected;
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
  silent.close();
});
