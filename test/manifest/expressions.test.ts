import { describe, expect, it } from 'vitest';
import type { Facts } from '../../src/manifest/scope/facts.ts';
import { compileText } from './fixture.ts';

const facts: Facts = new Map([
  ['os', { doc: '', read: () => 'linux' }],
  ['hostname', { doc: '', read: async () => 'web01' }],
]);
const options = { facts, env: { REGION: 'eu', DB_PASSWORD: 'hunter2' } };
const params =
  'params: { n: 3, name: web, list: [a, b], map: { size: 7 }, none: ~, key: "${secret(\'env:K\')}" }\n';

/** The properties of one note whose properties are written in flow form. */
async function note(body: string) {
  const text = `${params}resources:\n  note:\n    a: ${body}`;
  const { catalog, diagnostics } = await compileText(text, options);
  return { properties: catalog.resources[0]?.properties, diagnostics };
}
const messages = async (body: string) => (await note(body)).diagnostics.map(({ message }) => message);

describe('values', () => {
  it.each([
    ['{ size: "${params.n + 1}" }', { size: 4 }],
    ['{ size: "${params.map.size}" }', { size: 7 }],
    ['{ sticky: "${params.n > 2}" }', { sticky: true }],
    ['{ path: "${params.n}" }', { path: '3' }],
    ['{ path: "/${params.name}/${params.n}" }', { path: '/web/3' }],
    ['{ lines: "${params.list}" }', { lines: ['a', 'b'] }],
    ['{ lines: ["x", "${params.list[1]}"] }', { lines: ['x', 'b'] }],
    ['{ lines: "${params.list.map(x, x + params.name)}" }', { lines: ['aweb', 'bweb'] }],
    ['{ anything: "${params.map}" }', { anything: { size: 7 } }],
    ['{ path: "${facts.os}-${env.REGION}" }', { path: 'linux-eu' }],
    ['{ path: "$${params.n}" }', { path: '${params.n}' }],
    ['{ path: \'${"$" + "{x}"}\' }', { path: '${x}' }],
    ['{ path: \'${{"a": "}"}.a}\' }', { path: '}' }],
    ['{ path: x, ratio: "${params.none}" }', { path: 'x' }],
    ['{ key: "${params.key}" }', { key: { $secret: 'env:K' } }],
  ])('%s', async (body, expected) => {
    expect(await note(body)).toEqual({ properties: expected, diagnostics: [] });
  });

  it('go through the schema, with the place of the expression', async () => {
    const { diagnostics } = await note('{ size: "${params.name}" }');
    expect(diagnostics).toMatchObject([
      {
        code: 'wrong-kind',
        message: '`size`: expected an integer such as 3, found the text `web`',
        at: { line: 5, column: 16 },
      },
    ]);
  });

  it('point to where the value was written, for plans', async () => {
    const { catalog } = await compileText(
      `${params}resources:\n  note:\n    a: { size: "\${params.map.size}" }`,
      options,
    );
    expect(catalog.resources[0]?.places.get('/size')).toMatchObject({ line: 2 });
  });
});

describe('mistakes', () => {
  it.each([
    ['{ path: "${nope}" }', 'there is no variable `nope`'],
    ['{ path: "${facts.oss}" }', 'there is no fact `oss`'],
    ['{ path: "${false ? facts.oss : params.name}" }', 'there is no fact `oss`'],
    ['{ path: "${params.nam}" }', 'there is no parameter `nam`'],
    ['{ path: "${false ? params.nam : params.name}" }', 'there is no parameter `nam`'],
    ['{ path: "${1 +}" }', '`${...}`: unexpected token: EOF'],
    ['{ path: "${params.n" }', '`path`: `${` has no closing brace'],
    ['{ path: "${}" }', '`path`: `${}` holds no expression'],
    ['{ path: "${each.key}" }', '`each` is known only where the resource says `for_each`'],
    ['{ path: "${env.NOPE}" }', 'the environment variable NOPE is not set'],
    ['{ path: "${env.DB_PASSWORD}" }', 'the environment variable DB_PASSWORD is likely to hold a secret'],
    ['{ path: "${data.nope}" }', '`${data.nope}`: no such key: nope'],
    ['{ path: "a${params.list}" }', 'only text, numbers and booleans can be put into text'],
    ['{ path: "a${params.key}" }', "a secret can't be put into text: it has to be the whole value"],
    ['{ path: "${params.key}" }', "`path`: a secret can't be used here"],
    [
      '{ size: "${9007199254740991 + params.n}" }',
      '`${9007199254740991 + params.n}`: the expression gives an integer beyond 2^53',
    ],
  ])('%s', async (body, message) => {
    expect(await messages(body)).toEqual([message]);
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s leads nowhere', async name => {
    for (const object of ['params', 'params.map', 'facts', 'env', 'data']) {
      const [message, ...more] = await messages(`{ path: "\${${object}['${name}']}" }`);
      expect(message).toMatch(/no such key|there is no|is not set/);
      expect(more).toEqual([]);
    }
    expect(await messages(`{ path: "\${'a'.${name}}" }`)).toHaveLength(1);
  });

  it.each([
    ['a pattern that backtracks', "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')"],
    [
      'nested loops',
      `[${Array.from({ length: 200 }, (_, i) => i).join(',')}].all(a, [${Array.from({ length: 200 }, (_, i) => i).join(',')}].all(b, [${Array.from({ length: 200 }, (_, i) => i).join(',')}].all(c, [1,2,3,4,5,6,7,8,9].all(d, a + b + c + d >= 0))))`,
    ],
  ])('%s ends', async (_, expression) => {
    expect(await messages(`{ path: "\${string(${expression})}" }`)).toEqual([
      expect.stringMatching(/takes longer than|too much/),
    ]);
  });

  it('an expression of endless length is refused', async () => {
    expect(await messages(`{ path: "\${'${'a'.repeat(5000)}'}" }`)).toEqual([
      '`path`: an expression has at most 4096 characters',
    ]);
  });

  it('never repeats what stands where a secret goes', async () => {
    for (const text of ['${hunter2}', '${hunter2 +}', '${params.hunter2}', 'a${params.n}']) {
      const { diagnostics } = await note(`{ key: "${text}" }`);
      expect(diagnostics).toHaveLength(1);
      expect(JSON.stringify(diagnostics)).not.toContain('hunter2');
    }
  });
});

describe('when', () => {
  const when = (text: string) => compileText(`${params}resources:\n  note:\n${text}`, options);

  it('leaves out, without computing what only the other case has', async () => {
    const { catalog, diagnostics } = await when(
      "    a: { when: facts.os == 'windows', path: '${data.windows.path}', require: note:c }\n    b: { when: '${params.n == 3}' }\n    c: { when: false }",
    );
    expect(diagnostics).toEqual([]);
    expect(catalog.resources.map(({ address }) => address)).toEqual(['note:b']);
  });

  it('still checks names and kinds of what is left out', async () => {
    const { diagnostics } = await when('    a: { when: false, sise: 3, path: "${nope}" }');
    expect(diagnostics.map(({ code }) => code)).toEqual(['bad-expression', 'unknown-property']);
  });

  it('has to give true or false', async () => {
    for (const text of ['params.n', '3', "'yes'"]) {
      const { diagnostics } = await when(`    a: { when: "${text}" }`);
      expect(diagnostics.map(({ message }) => message)).toEqual([
        '`note:a`: `when` has to give true or false',
      ]);
    }
  });

  it('a reference to what is left out shows both places', async () => {
    const { diagnostics } = await when('    a: { require: note:b }\n    b: { when: false }');
    expect(diagnostics).toMatchObject([
      { code: 'left-out', at: { line: 5 }, related: [{ at: { line: 6 } }] },
    ]);
  });

  it('keeps a type off a host that it does not run on', async () => {
    const text = "resources:\n  site:\n    a: { when: facts.os == 'windows' }";
    expect((await compileText(text, options)).diagnostics).toEqual([]);
  });
});

describe('for_each', () => {
  const loop = async (text: string) => {
    const { catalog, diagnostics } = await compileText(`${params}resources:\n  note:\n    ${text}`, options);
    return diagnostics.length > 0
      ? diagnostics.map(({ message }) => message)
      : catalog.resources.map(({ title, properties }) => [title, properties]);
  };

  it.each([
    [
      '"${each.value}": { for_each: [x, y], size: "${each.key + 1}" }',
      [
        ['x', { size: 1 }],
        ['y', { size: 2 }],
      ],
    ],
    [
      '"n-${each.key}": { for_each: { a: { s: 4 }, b: { s: 5 } }, size: "${each.value.s}" }',
      [
        ['n-a', { size: 4 }],
        ['n-b', { size: 5 }],
      ],
    ],
    [
      '"${each.value}": { for_each: "${params.list}" }',
      [
        ['a', {}],
        ['b', {}],
      ],
    ],
    ['"${each.value}": { for_each: [] }', []],
    ['"${each.value}": { for_each: "${params.list}", when: each.key == 1 }', [['b', {}]]],
    ['a: { for_each: [x, y] }', ['`note:a`: `for_each` makes 2 resources of one title']],
    [
      '"${each.value}": { for_each: 3 }',
      ['`note:${each.value}`: `for_each`: expected a list or a map, found the number 3'],
    ],
    [
      '"${each.value}": { for_each: [x, x] }',
      ['`note:x` is declared twice', '`note:x` and `note:x` are one object: x'],
    ],
    ['"${each.nope}": { for_each: [x] }', ['`each` has `key` and `value`, and no `nope`']],
  ])('%s', async (text, expected) => {
    const result = await loop(text);
    expect(JSON.stringify(result)).toContain(
      JSON.stringify(expected).slice(1, -1).split('","')[0]!.replace(/"$/, ''),
    );
  });
});

it('asks only for the facts that are used', async () => {
  const asked: string[] = [];
  const watched: Facts = new Map(
    ['os', 'slow'].map(name => [name, { doc: '', read: () => asked.push(name) }]),
  );
  await compileText('resources:\n  note:\n    a: { path: "${facts.os}" }', { facts: watched });
  expect(asked).toEqual(['os']);
});

it('a mistake in a parameter is none where it is used: in values, titles, and other parameters', async () => {
  const text = [
    'params:',
    '  where: "${env.NOT_SET}"',
    '  below: "${params.where}/b"',
    'resources:',
    '  note: { "${params.where}": {}, "${params.below}/c": { path: "${params.below}" } }',
  ].join('\n');
  const { diagnostics } = await compileText(text);
  expect(diagnostics.map(({ message }) => message)).toEqual(['the environment variable NOT_SET is not set']);
});
