import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const manifest = (dir: string, content: string) => `converge: 1
resources:
  file:
    ${dir}/conf: { content: ${content} }
  exec:
    load:
      command: [cp, ${dir}/conf, ${dir}/loaded]
      only_if: [grep, -q, two, ${dir}/conf]
      unless: [cmp, -s, ${dir}/conf, ${dir}/loaded]
      require: file:${dir}/conf
`;

test('B2: a guard that reads what the run writes is asked again, and a second plan is empty', async () => {
  const dir = await scratch();
  await mkdir(join(dir, 'd'));
  const at = join(dir, 'd');
  await writeFile(join(dir, 'site.yaml'), manifest(at, 'one'));
  expect(await cli(dir, ['apply', 'site.yaml'])).toMatchObject({ code: 0 });
  await writeFile(join(dir, 'site.yaml'), manifest(at, 'two'));

  const planned = await cli(dir, ['plan', 'site.yaml']);
  expect(planned.stdout).toContain('1 to update, 1 in sync (1 looked at again)');
  const applied = await cli(dir, ['apply', 'site.yaml']);
  expect(applied.code).toBe(0);
  expect(applied.stdout).toContain(`exec:load: in sync until file:${at}/conf changed`);
  expect(await readFile(join(at, 'loaded'), 'utf8')).toBe('two');
  const second = await cli(dir, ['plan', 'site.yaml', '--detailed-exitcodes']);
  expect(second.code).toBe(0);
});
