import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';
import { PassingClock } from '../support/passing-clock.ts';

test('a restore says that it waits for the store, and why, and that it goes on', async () => {
  const dir = await scratch();
  await cp(resolve(import.meta.dirname, '../../manifests/lab'), join(dir, 'm'), { recursive: true });
  const clock = new PassingClock(Date.now());
  const run = (...args: string[]) => cli(dir, [...args, '--lab', 'lab'], { clock });
  const applied = await run('apply', 'm', '--yes');
  expect(applied.code, applied.stderr).toBe(0);
  const packs = ['--set', 'method=GET', '--set', 'key=*/packs/*'];
  expect((await run('lab', 'fault', 'reset', '--on', 's3', '--times', '12', ...packs)).code).toBe(0);
  const { code, stderr } = await run('restore', 'dc02', 'm', '--to', 'out');
  expect(code, stderr).toBe(0);
  const said = stderr.split('\n').filter(line => /waiting for|answers again/.test(line));
  expect(said).toEqual([expect.stringMatching(/^waiting for dr: .*ECONNRESET/), 'dr answers again']);
});
