import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { openLab } from '../../src/lab/lab.ts';
import type { VmInfo } from '../../src/lab/vsphere/server.ts';
import { cli, scratch } from '../support/cli.ts';

const manifest = join(import.meta.dirname, '../../manifests/lab/dr.yaml');

async function snapshotsIn(dir: string): Promise<string[]> {
  const lab = await openLab(dir, { host: nodeHost(), seeded: false, lockTimeout: 600_000 });
  try {
    const { data } = await lab.command({ do: 'show' });
    return (data as { vms: VmInfo[] }).vms.flatMap(vm => vm.snapshots);
  } finally {
    await lab.close();
  }
}

test('a snapshot that a cycle left goes after the last protected VM was taken from the manifests', async () => {
  const dir = await scratch();
  const lab = ['--lab', join(dir, 'lab')];
  const run = (...args: string[]) => cli(dir, [...args, ...lab]);
  const [targets] = (await readFile(manifest, 'utf8')).split(/^resources:/m);
  await writeFile(join(dir, 'none.yaml'), `${targets}resources:\n  file:\n    /srv/x: { kind: directory }\n`);
  expect((await run('apply', 'none.yaml')).code).toBe(0);

  const fault = ['--on', 'vsphere', '--set', 'method=RemoveSnapshot_Task'];
  expect((await run('lab', 'fault', 'fail-task', ...fault)).code).toBe(0);
  const failed = await run('apply', manifest, '--only', 'bucket', '--only', 'protected_vm:dc02');
  expect(failed.stderr).toContain('may still be there');
  const left = await snapshotsIn(join(dir, 'lab'));
  expect(left).toEqual([expect.stringMatching(/^converge-/)]);

  const plan = await run('plan', 'none.yaml', '--detailed-exitcodes', '-o', 'plan.json');
  expect(plan.code, plan.stderr).toBe(2);
  expect(plan.stdout).toContain('left_snapshots:dc02');
  expect(plan.stderr).toContain(`dc02 has the snapshot "${left[0]}"`);
  expect(plan.stderr).toContain('the next apply removes it');
  const markdown = await run('plan', 'none.yaml', '--format', 'markdown');
  expect(markdown.stdout).toContain('left_snapshots:dc02');

  const applied = await run('apply', 'plan.json');
  expect(applied.code, applied.stderr).toBe(0);
  expect(await snapshotsIn(join(dir, 'lab'))).toEqual([]);
  expect((await run('plan', 'none.yaml', '--detailed-exitcodes')).code).toBe(0);
});
