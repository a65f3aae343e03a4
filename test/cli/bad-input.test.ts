import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, scratch } from '../support/cli.ts';

async function folder(files: Record<string, string>): Promise<string> {
  const dir = await scratch();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return dir;
}

const uses = (title: string, ...lines: string[]) =>
  `converge: 1\n${lines.join('\n')}\nresources: { ${title} }\n`;
const content = (expression: string) =>
  `converge: 1\nparams: { p: 1 }\ndata: { q: 1 }\nresources: { file: { a: { content: '\${${expression}}' } } }\n`;
const tenTimes = (depth: number): string =>
  depth === 0 ? '1' : `[1,2,3,4,5,6,7,8,9,10].map(v${depth}, ${tenTimes(depth - 1)})`;
const typed = `converge: 1
parameters:
  size: { type: integer, minimum: 1 }
  kind: { enum: [small, large] }
  names: { type: array, items: { type: string } }
resources: {}
`;
const ok = 'converge: 1\nresources: { file: { a: { content: "${data.text}" } } }\n';

/** Each: the files, the arguments, and all that is said on stderr, in order; `errors` is the count. */
const mistakes: [
  name: string,
  Record<string, string>,
  args: string[],
  said: (string | RegExp)[],
  errors: number,
][] = [
  [
    'modules that use each other',
    {
      'm.yaml': uses('a: { top: {} }'),
      'modules/a/module.yaml': uses('b: { x: {} }'),
      'modules/b/module.yaml': uses('a: { y: {} }'),
    },
    [],
    [
      'a -> b -> a',
      'modules/b/module.yaml:3',
      'hint: ',
      '`a:top/b:x` is used here',
      '`a:top` is used here',
      'm.yaml:3',
    ],
    1,
  ],
  [
    'parameters of wrong types',
    {
      'm.yaml': uses('typed: { t: { size: many, kind: tiny, names: x } }'),
      'modules/typed/module.yaml': typed,
    },
    [],
    [
      /`size`: expected an integer.*found the text `many`\n --> m.yaml:3:34/,
      /`kind`: expected one of `small`, `large`/,
      /`names`: expected a list/,
    ],
    3,
  ],
  [
    'parameters that are missing, and one that there is none of',
    {
      'm.yaml': uses('typed: { t: { size: 3, kindd: small, names: [] } }'),
      'modules/typed/module.yaml': typed,
    },
    [],
    [/kind/, /did you mean `kind`/],
    1,
  ],
  [
    'an expression that takes too long',
    { 'm.yaml': `converge: 1\nresources: { file: { a: { content: "\${${tenTimes(9)}}" } } }\n` },
    [],
    ['takes longer than 2 s', 'm.yaml:2'],
    1,
  ],
  ...[
    'data.__proto__.polluted',
    'params["constructor"]',
    'facts.os.constructor.name',
    '"".constructor',
    'facts.constructor.constructor("return process")()',
    '{}.toString',
    'data["__proto__"]["x"]',
  ].map((expression): (typeof mistakes)[number] => [
    `an expression that asks for a prototype: ${expression}`,
    { 'm.yaml': content(expression) },
    [],
    [/error\[bad-expression\]: .*\n --> m\.yaml:4:/],
    1,
  ]),
  [
    'a data layer that is a list',
    { 'm.yaml': ok, 'data/common.yaml': '- a\n' },
    [],
    ['expected a map at the top of the data file', 'data/common.yaml:1:1', 'write `name: value`'],
    1,
  ],
  [
    'a data layer that is not YAML',
    { 'm.yaml': ok, 'data/common.yaml': 'text: [\n' },
    [],
    ['error[yaml]', 'data/common.yaml'],
    1,
  ],
  [
    'data layers of two shapes',
    { 'm.yaml': ok, 'data/common.yaml': 'text: { a: 1 }\n', 'data/eu.yaml': 'text: x\n' },
    ['--env', 'eu'],
    [
      '`text` in data/eu.yaml is the text `x`, and a map in data/common.yaml',
      'data/eu.yaml:1:7',
      'data/common.yaml:1:7',
    ],
    1,
  ],
  [
    '--only that matches nothing',
    { 'm.yaml': uses('file: { /srv/app: {}, /srv/web: { labels: front } }') },
    ['--only', 'file:/srv/apq', '--only', 'fil', '--except', 'label:frnt'],
    [
      /`file:\/srv\/apq`.*\n.*did you mean `file:\/srv\/app`/,
      /`fil`.*\n.*`file`/,
      /`label:frnt`.*\n.*`label:front`/,
    ],
    3,
  ],
];

describe('bad input: every mistake once, with its place and the way out, exit 1, in seconds', () => {
  test.each(mistakes)('%s', async (_, files, args, said, errors) => {
    const dir = await folder(files);
    const { code, stdout, stderr } = await cli(dir, ['plan', 'm.yaml', ...args]);
    expect([code, stdout], stderr).toEqual([1, '']);
    let rest = stderr;
    for (const part of said) {
      expect(rest).toMatch(part);
      const found = typeof part === 'string' ? rest.indexOf(part) + part.length : rest.search(part) + 1;
      rest = rest.slice(found);
    }
    expect(stderr).toMatch(new RegExp(`\\n${errors} errors?\\n$`));
    expect(stderr.match(/^error\[/gm), stderr).toHaveLength(errors);
    expect(stderr).not.toMatch(/\n\s+at |undefined|\[object/);
  });
});

test('200 mistakes are shown whole, sorted by place, and counted', async () => {
  const file = (from: number, to: number) => {
    const lines = Array.from({ length: to - from }, (_, i) => `    f${from + i}: { contnt: x }\n`);
    return `converge: 1\nresources:\n  file:\n${lines.join('')}`;
  };
  const dir = await folder({ 'm/b.yaml': file(100, 200), 'm/a.yaml': file(0, 100) });
  const { code, stderr } = await cli(dir, ['validate', 'm']);
  expect(code).toBe(1);
  const shown = [...stderr.matchAll(/^error\[unknown-property\]: `file:f(\d+)`/gm)].map(([, n]) => Number(n));
  expect(shown).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(stderr.match(/hint: did you mean `content`\?/g)).toHaveLength(200);
  expect(stderr.endsWith('\n200 errors\n')).toBe(true);
});

test('of more than 200, the first 200 and the count of all', async () => {
  const lines = Array.from({ length: 250 }, (_, i) => `    f${i}: { contnt: x }\n`);
  const dir = await folder({ 'm.yaml': `converge: 1\nresources:\n  file:\n${lines.join('')}` });
  const { stderr } = await cli(dir, ['validate', 'm.yaml']);
  expect(stderr.match(/^error\[/gm)).toHaveLength(200);
  expect(stderr.endsWith('\n250 errors, of which 50 are not shown\n')).toBe(true);
});

describe('a plan file', () => {
  async function planned() {
    const dir = await folder({ 'm.yaml': uses('file: { a: { content: x } }') });
    await cli(dir, ['plan', 'm.yaml', '-o', 'plan.json']);
    return { dir, text: await readFile(join(dir, 'plan.json'), 'utf8') };
  }

  test.each<[string, (text: string) => string, RegExp]>([
    [
      'edited by one byte',
      text => text.replace('"content": "x"', '"content": "y"'),
      /edited|damaged|integrity/,
    ],
    [
      'of a newer version',
      text => text.replace('"converge_plan": 1', '"converge_plan": 2'),
      /version 2.*version 1/,
    ],
    ['cut off', text => text.slice(0, -40), /JSON|whole|damaged/],
  ])('%s is refused with what to do, and nothing is done', async (_, edit, said) => {
    const { dir, text } = await planned();
    expect(edit(text)).not.toBe(text);
    await writeFile(join(dir, 'plan.json'), edit(text));
    const { code, stderr } = await cli(dir, ['apply', 'plan.json']);
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(said);
    expect(stderr).toMatch(/hint: .*plan/);
    expect(stderr).toMatch(/\n1 error\n$/);
    await expect(readFile(join(dir, 'a'))).rejects.toThrow('ENOENT');
  });
});
