import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
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
