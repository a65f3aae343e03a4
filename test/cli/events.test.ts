import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

const env = { TOKEN: 'correct horse "battery" staple' };

async function folder() {
  const dir = await scratch();
  await writeFile(
    join(dir, 'm.yaml'),
    `converge: 1
resources:
  file: { srv: { kind: directory }, srv/token: { content: "\${secret('env:TOKEN')}" }, srv/x/y: {} }
  exec:
    leak: { command: [/bin/sh, -c, 'echo "$T" >&2; exit 3'], env: { T: "\${secret('env:TOKEN')}" }, creates: /nowhere }
`,
  );
  return dir;
}

type Line = { v: number; time: string; type: string; address?: string; result?: string };
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Line);

function expectTold(text: string): void {
  const lines = linesOf(text);
  for (const { v, time } of lines) expect([v, new Date(time).toISOString()]).toEqual([1, time]);
  expect(lines.map(({ type }) => type).slice(0, 2)).toEqual(['observing', 'planned']);
  expect(lines[1]).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/), actions: { create: 3 } });
  const finished = Object.fromEntries(
    lines.filter(({ type }) => type === 'finished').map(({ address, result }) => [address, result]),
  );
  expect(finished).toEqual({
    'file:srv': 'changed',
    'file:srv/token': 'changed',
    'file:srv/x/y': 'failed',
    'exec:leak': 'failed',
  });
  expect(lines.at(-1)).toMatchObject({ type: 'proved', empty: true });
  expect(text).not.toContain(env.TOKEN);
  expect(text).not.toContain(JSON.stringify(env.TOKEN).slice(1, -1));
}

test('on stderr, in place of the progress, without secrets', async () => {
  const dir = await folder();
  const { code, stderr } = await cli(dir, ['apply', 'm.yaml', '--events', 'ndjson'], { env });
  expect(code).toBe(4);
  expectTold(stderr);
  expect(stderr).not.toContain('file:srv: create ...');
  expect(stderr).toMatch(/^error\[/m);
});

test('in a file, and the progress stays', async () => {
  const dir = await folder();
  const { stderr } = await cli(dir, ['apply', 'm.yaml', '--events-file', 'run.ndjson'], { env });
  const text = await readFile(join(dir, 'run.ndjson'), 'utf8');
  expectTold(text);
  expect(linesOf(text)).toHaveLength(text.trimEnd().split('\n').length);
  expect(stderr).toContain('file:srv: create ...');
});

test.each([
  ['run.ndjson', /exists already/],
  ['no/such/run.ndjson', /the folder of no\/such\/run.ndjson isn't there/],
])('%s is refused before anything is done', async (name, expected) => {
  const dir = await folder();
  await writeFile(join(dir, 'run.ndjson'), 'kept');
  const { code, stderr } = await cli(dir, ['apply', 'm.yaml', '--events-file', name], { env });
  expect(code).toBe(1);
  expect(stderr).toMatch(expected);
  expect(await readFile(join(dir, 'run.ndjson'), 'utf8')).toBe('kept');
  await expect(readFile(join(dir, 'srv/token'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('another format is refused', async () => {
  expect((await cli(await folder(), ['apply', 'm.yaml', '--events', 'xml'])).code).toBe(1);
});
