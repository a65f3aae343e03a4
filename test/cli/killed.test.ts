import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { binary, cli, scratch } from '../support/cli.ts';

const count = async (file: string) =>
  (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean).length;

/** A program of the run kills it, its parent: after a file was changed, before the refresh that this owes. */
const site = (dir: string) => `converge: 1
resources:
  file:
    app.conf: { content: new, notify: exec:restart }
  exec:
    die:
      command: [/bin/sh, -c, 'touch ${dir}/died; kill -9 $PPID']
      creates: ${dir}/died
      require: file:app.conf
    restart:
      command: [/bin/sh, -c, 'echo restarted >> ${dir}/log']
      refresh_only: true
      require: exec:die
`;

test('kill -9 between a change and the refresh it owes: the next run refreshes once, no lock needs a hand', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'm.yaml'), site(dir));
  await writeFile(join(dir, 'app.conf'), 'old');
  const killed = await binary(dir, ['apply', 'm.yaml']);
  expect(killed.stderr).toContain('file:app.conf: changed');
  expect(killed.stderr).not.toContain('a second plan');
  expect(await readFile(join(dir, 'app.conf'), 'utf8')).toBe('new');
  expect(await count(join(dir, 'log'))).toBe(0);

  // What is owed is in a plan made by anybody, and changes nothing.
  const planned = await cli(dir, ['plan', 'm.yaml']);
  expect(planned.stdout).toMatch(/\* refresh exec:restart/);
  expect(planned.stdout).not.toContain('file:app.conf');

  const next = await cli(dir, ['apply', 'm.yaml']);
  expect(next.code, next.stderr).toBe(0);
  expect(next.stderr).not.toMatch(/file:app\.conf|exec:die/);
  expect(next.stderr).toContain('exec:restart: refreshed');
  expect(await count(join(dir, 'log'))).toBe(1);

  const last = await cli(dir, ['apply', 'm.yaml', '--detailed-exitcodes']);
  expect(last.code, last.stderr).toBe(0);
  expect(last.stdout).toMatch(/^Nothing to do/m);
  expect(await count(join(dir, 'log'))).toBe(1);
});
