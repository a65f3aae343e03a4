import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

test('observe: text for people, JSON when asked for, and a recording in a file', async () => {
  const dir = await scratch();
  await writeFile(join(dir, 'here.txt'), 'x');
  await writeFile(
    join(dir, 'm.yaml'),
    'converge: 1\nresources: { file: { here.txt: { content: x }, gone.txt: {} } }\n',
  );
  const text = await cli(dir, ['observe', 'm.yaml']);
  expect(text.code, text.stderr).toBe(0);
  expect(text.stdout).toMatch(/^file:here\.txt +present\n/m);
  expect(text.stdout).toMatch(/^file:gone\.txt +absent\n/m);
  expect(text.stdout).toMatch(/\nObserved: 1 present, 1 absent\.\n$/);

  const json = await cli(dir, ['observe', 'm.yaml', '--format', 'json']);
  expect(JSON.parse(json.stdout)).toMatchObject({ converge_observed: 1, resources: [{}, {}] });

  const file = await cli(dir, ['observe', 'm.yaml', '-o', 'seen.json']);
  expect([file.stdout, file.stderr]).toEqual(['', '2 resources recorded in seen.json\n']);
  expect(JSON.parse(await readFile(join(dir, 'seen.json'), 'utf8')).converge_observed).toBe(1);
});
