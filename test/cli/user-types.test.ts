import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeHost } from '../../src/io/node.ts';
import { type CliOptions, cli, scratch } from '../support/cli.ts';
import { SteppedClock } from '../support/stepped-clock.ts';

/** A folder with these files and types; each type is the part of its definition that matters. */
async function site(files: Record<string, string>) {
  const dir = await scratch();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(dir, dirname(name)), { recursive: true });
    await writeFile(join(dir, name), text);
  }
  return (...args: string[]) => cli(dir, args);
}

/** A type that keeps its objects in its memory, as JavaScript; `parts` replace what it has. */
const type = (name: string, parts = '', before = '') => `${before}
export default {
  name: '${name}',
  doc: 'Kept in memory.',
  version: 1,
  schema: { type: 'object', properties: { size: { type: 'integer', maximum: 9, description: 'How large.' }, key: { 'x-secret': true } } },
  runs: { on: 'host' },
  realm: { name: '${name}', concurrency: 4 },
  identity: (_, title) => title,
  desired: ({ size }) => ({ ...(size && { size }) }),
  async observe(asked, io) {
    return new Map(asked.map(({ id }) => {
      const value = io.memory.get('${name}:' + id);
      return [id, value ? { state: 'present', value } : { state: 'absent' }];
    }));
  },
  async apply(steps, io) {
    for (const step of steps) await io.memory.set('${name}:' + step.id, step.should);
    return new Map(steps.map(({ id }) => [id, { ok: true }]));
  },
${parts}
};
`;
const manifest = (...lines: string[]) =>
  `converge: 1\nresources:\n${lines.map(line => `  ${line}\n`).join('')}`;

describe('what a type file may hold', () => {
  test.each<[string, string, string[]]>([
    ['nothing', '', ['types/box.js: it exports no type', 'satisfies ResourceType']],
    [
      'no JavaScript',
      'export default {\n  name: = 3,\n};',
      ["types/box.js can't be loaded", '--> types/box.js:2'],
    ],
    [
      'a throw',
      '\nthrow new Error("not today");',
      ["types/box.js can't be loaded: not today", '--> types/box.js:2:7'],
    ],
    [
      'an import',
      "import { x } from 'somewhere';",
      ['types/box.js imports `somewhere`, and a type is one file', 'types/box.js:1:20'],
    ],
    ['another name', type('crate'), ['the type is called `crate`, its file `box`', '--> types/box.js:3:3']],
    [
      'a misspelt part',
      type('box').replace('async observe(', 'async obsrve('),
      ['a type has no `obsrve`', 'did you mean `observe`?', '1 error\n'],
    ],
    [
      'missing parts',
      type('box').replace(/ {2}doc:.*\n {2}version:.*\n/, ''),
      ['`doc`, `version` are missing', 'add `doc`: text; `version`: a whole number from 1', '1 error\n'],
    ],
    [
      'wrong parts',
      type('box').replace('version: 1', "version: 'one'"),
      ['`version`: expected a whole number from 1, found the text `one`'],
    ],
    [
      "the engine's names",
      type('box').replace('size: {', 'timeout: {'),
      ["a property can't be called `timeout`: that name is the engine's own"],
    ],
    [
      'no JSON Schema',
      type('box').replace("'integer'", "'whole'"),
      ['`schema` is not a JSON Schema: /properties/size/type'],
    ],
    [
      'a keyword that nothing is held against',
      type('box').replace("'integer'", "'integer', minimun: 1"),
      ['`schema` is not a JSON Schema: `minimun` at /properties/size/minimun is not a keyword of draft-07'],
    ],
    [
      'no map',
      type('box').replace("type: 'object'", "type: 'array'"),
      ['`schema` describes no map of properties'],
    ],
    [
      'an unknown kind of target',
      type('box').replace("on: 'host'", "on: 'remote', target: 'asw'"),
      ['there is no kind of target `asw`', 'did you mean `aws`?'],
    ],
  ])('%s is a mistake with its place', async (_, text, said) => {
    const converge = await site({ 'types/box.js': text, 'm.yaml': manifest('box: { a: { size: 1 } }') });
    const { code, stderr } = await converge('validate', 'm.yaml');
    expect(code).toBe(1);
    for (const part of said) expect(stderr).toContain(part);
    // Using what could not be loaded is not a second mistake.
    expect(stderr).not.toContain('there is no resource type');
  });

  test('TypeScript that would have to be compiled is refused with a reason', async () => {
    const converge = await site({ 'types/box.ts': 'enum Size { small }\n', 'm.yaml': manifest() });
    const { stderr } = await converge('validate', 'm.yaml');
    expect(stderr).toContain("types/box.ts can't be loaded: TypeScript enum is not supported");
    expect(stderr).toContain('hint: types are taken away');
  });

  test('a file that never comes to its end is given up', async () => {
    const dir = await scratch();
    await mkdir(join(dir, 'types'));
    await writeFile(join(dir, 'types/box.js'), 'await new Promise(() => {});');
    await writeFile(join(dir, 'm.yaml'), manifest());
    const clock = new SteppedClock();
    const done = cli(dir, ['validate', 'm.yaml'], { clock });
    while (clock.sleeping === 0) await new Promise(resolve => setImmediate(resolve));
    await clock.advance(30_000);
    const { code, stderr } = await done;
    expect(code).toBe(1);
    expect(stderr).toContain("types/box.js can't be loaded: it takes longer than 30 s");
  });

  test('what is wrong with its properties is a mistake in the manifest, with the nearest name', async () => {
    const converge = await site({
      'types/box.js': type('box'),
      'm.yaml': manifest('box: { a: { sise: 1 }, b: { size: 10 }, c: { size: many } }', 'bax: { d: {} }'),
    });
    const { code, stderr } = await converge('validate', 'm.yaml');
    expect(code).toBe(1);
    expect(stderr).toContain('has no property `sise`');
    expect(stderr).toContain('did you mean `size`?');
    expect(stderr).toContain('`size`: expected at most 9');
    expect(stderr).toContain('`size`: expected an integer such as 3, found the text `many`');
    expect(stderr).toContain('did you mean `box`?');
    expect(stderr).toContain('4 errors');
  });
});

describe('one flat name space', () => {
  test('a type named like another of the user shows both', async () => {
    const converge = await site({
      'types/box.js': type('box'),
      'site/types/box.mjs': type('box'),
      'site/m.yaml': manifest('box: { a: {} }'),
    });
    const { code, stderr } = await converge('validate', 'site');
    expect(code).toBe(1);
    expect(stderr).toContain('there are two types `box`');
    expect(stderr).toContain('--> types/box.js');
    expect(stderr).toContain('--> site/types/box.mjs');
    expect(stderr).toContain('1 error\n');
  });

  test('nor may it be named like a built-in type or a module', async () => {
    const converge = await site({
      'types/file.js': type('file'),
      'types/box.js': type('box'),
      'modules/box/module.yaml': 'converge: 1\nresources: {}\n',
      'm.yaml': manifest(),
    });
    const { stderr } = await converge('validate', 'm.yaml');
    expect(stderr).toContain('types/file.js: the type `file` is built in');
    expect(stderr).toContain('the module `box` is named like a resource type');
    expect(stderr).toContain('--> modules/box/module.yaml');
    expect(stderr).toContain('--> types/box.js');
  });
});

describe('a faulty type is named with its file, and the rest of the run goes on', () => {
  const other = 'file: { /srv/new: { kind: directory } }';
  const applied = async (parts: string, line = 'box: { a: { size: 1 } }', options: CliOptions = {}) => {
    const dir = await scratch();
    await mkdir(join(dir, 'types'));
    await writeFile(join(dir, 'types/box.js'), type('box', parts));
    await writeFile(join(dir, 'm.yaml'), manifest(line, other));
    return cli(dir, ['apply', 'm.yaml', '--lab', 'lab'], options);
  };

  test.each<[string, string, string, string]>([
    [
      'observe throws',
      'async observe() { return nothing.at.all; },',
      'the resource type `box` of types/box.js is faulty: nothing is not defined',
      'thrown here',
    ],
    [
      'observe answers nothing',
      'async observe() {},',
      'of types/box.js is faulty: observe must answer with a Map',
      'box:a',
    ],
    [
      'observe leaves one out',
      'async observe() { return new Map(); },',
      "of types/box.js is faulty: it didn't answer for a",
      'm.yaml:3',
    ],
    [
      'observe answers a shape of its own',
      "async observe() { return new Map([['a', { state: 'here' }]]); },",
      'of types/box.js is faulty: its observation of a is not valid',
      'm.yaml:3',
    ],
    [
      'observe answers what is not data',
      "async observe() { const value = {}; value.self = value; return new Map([['a', { state: 'present', value }]]); },",
      'of types/box.js is faulty: its observation of a is not valid',
      'm.yaml:3',
    ],
    [
      'desired throws',
      'desired() { throw new Error("undesired"); },',
      'of types/box.js is faulty: undesired',
      'types/box.js:',
    ],
    [
      'identity answers nothing',
      'identity() {},',
      'of types/box.js is faulty: its identity is not text',
      'box:a',
    ],
    [
      'claims throws',
      'claims() { throw new Error("unclaimed"); },',
      'of types/box.js is faulty: unclaimed',
      'box:a',
    ],
    [
      'observe changes what it was handed',
      'async observe([{ properties }]) { properties.size = 2; },',
      'of types/box.js is faulty: Cannot assign to read only property',
      'thrown here',
    ],
    [
      'apply throws',
      'async apply() { throw new Error("unapplied"); },',
      'of types/box.js is faulty: unapplied',
      'thrown here',
    ],
    [
      'apply answers nothing',
      'async apply() {},',
      'of types/box.js is faulty: apply must answer with a Map',
      'box:a',
    ],
    [
      'apply answers a shape of its own',
      "async apply() { return new Map([['a', 'done']]); },",
      'of types/box.js is faulty: its answer for a is not valid',
      'box:a',
    ],
    [
      'apply does nothing',
      "async apply() { return new Map([['a', { ok: true }]]); },",
      "still differs after it was applied: the type `box` of types/box.js didn't converge",
      'box:a',
    ],
  ])('%s', async (_, parts, said, where) => {
    const { code, stdout, stderr } = await applied(parts);
    expect(code).toBe(4);
    expect(stderr).toContain(said);
    expect(stderr).toContain(where);
    expect(stdout).toMatch(/Applied: [12] change/);
  });

  test.each([
    [
      "async observe(asked, io) { const text = await io.secret(asked[0].properties.key); return new Map([['a', { state: 'present', value: { size: 1, text } }]]); },",
    ],
    [
      "async observe(asked, io) { const text = await io.secret(asked[0].properties.key); return new Map([['a', { state: 'failed', diagnostic: { code: 'x', severity: 'error', category: 'world', message: 'not ' + btoa(text) } }]]); },",
    ],
    [
      "async apply(steps, io) { const text = await io.secret(steps[0].asked.properties.key); return new Map([['a', { ok: true, note: text }]]); },",
    ],
    ["async apply(steps, io) { throw new Error('no ' + await io.secret(steps[0].asked.properties.key)); },"],
  ])('a secret that it says is in no output: %s', async parts => {
    const line = 'box: { a: { size: 1, key: "${secret(\'env:KEY\')}" } }';
    const { code, stdout, stderr } = await applied(parts, line, { env: { KEY: 'hunter2-and-more' } });
    expect(code).toBe(4);
    expect(stdout + stderr).not.toContain('hunter2');
    expect(stdout + stderr).not.toContain(btoa('hunter2-and-more').slice(0, 12));
    expect(stderr).toContain('the resource type `box` of types/box.js is faulty');
  });

  test('one that hangs is given up', async () => {
    const clock = new SteppedClock(nodeHost().clock.now());
    const done = applied(
      'async observe() { return new Promise(() => {}); },',
      'box: { a: { timeout: 45s } }',
      { clock },
    );
    for (let turns = 0; turns < 400; turns = clock.sleeping > 0 ? turns + 1 : 0)
      await new Promise(resolve => setImmediate(resolve));
    await clock.advance(45_000);
    const { code, stdout, stderr } = await done;
    expect(code).toBe(4);
    expect(stderr).toContain('observing `box:a` took longer than 45s');
    expect(stdout).toContain('1 change');
  });
});

describe('a type that selects', () => {
  const selecting = (find: string) =>
    `select: { schema: { type: 'object', properties: { named: { type: 'string', description: 'Its name.' } } }, ${find} },`;
  const planned = async (parts: string, options: CliOptions = {}) => {
    const dir = await scratch();
    await mkdir(join(dir, 'types'));
    await writeFile(join(dir, 'types/box.js'), type('box', parts));
    const many = 'box: { many: { select: { named: x }, key: "${secret(\'env:KEY\')}" }, own: {} }';
    await writeFile(join(dir, 'm.yaml'), manifest(many, 'file: { /srv/new: { kind: directory } }'));
    return cli(dir, ['apply', 'm.yaml', '--lab', 'lab'], { env: { KEY: 'hunter2-and-more' }, ...options });
  };
  const answer = (members: string, warnings = '[]') =>
    selecting(`async find() { return { members: ${members}, warnings: ${warnings} } }`);
  const a = "{ title: 'a', id: '1', names: ['a'] }";

  test('has a resource for each object it finds', async () => {
    const { code, stdout, stderr } = await planned(answer(`[${a}]`));
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/create {2}box:many\/a[\s\S]*create {2}box:own[\s\S]*Applied: 3 changes/);
  });

  test.each([
    ['throws', selecting('find() { throw new Error("unfound"); }'), /is faulty: unfound/],
    ['answers nothing', selecting('async find() {}'), /must answer with `members`/],
    ['finds what is not a member', answer('[7]'), /must answer with `members`/],
    ['finds a member without names', answer("[{ title: 'a', id: '1' }]"), /must answer with `members`/],
    ['warns of nothing', answer('[]', '[{}]'), /must answer with `warnings`/],
    ['finds one twice', answer(`[${a}, ${a}]`), /answers twice with the title a/],
    [
      'says a secret',
      selecting(
        "async find(_, io) { const title = await io.secret({ $secret: 'env:KEY' }); return { members: [{ title, id: '1', names: [] }], warnings: [] } }",
      ),
      /holds the text of the secret `env:KEY`/,
    ],
  ])('one that %s is named, and the rest of the run goes on', async (_, parts, expected) => {
    const { code, stdout, stderr } = await planned(parts);
    expect(code).toBe(4);
    expect(stderr).toMatch(expected);
    expect(stderr).toContain('of types/box.js is faulty');
    expect(stdout).toMatch(/Applied: 2 changes/);
    expect(stdout + stderr).not.toContain('hunter2');
  });

  test('one that hangs is given up, also by an interrupt', async () => {
    const interrupt = new AbortController();
    const hangs = selecting('find() { return new Promise(() => setTimeout(() => {}, 1e6)); }');
    const onStderr = (text: string) => {
      if (text.includes('lab in')) interrupt.abort(new Error('interrupted'));
    };
    const { code } = await planned(hangs, { interrupt: interrupt.signal, onStderr });
    expect(code).toBe(130);
  });

  test('one that throws when a plan is applied is named as well', async () => {
    const dir = await scratch();
    const find = `find(_, io) { if (io.env.LATER) throw new Error('unfound'); return { members: [${a}], warnings: [] }; }`;
    await mkdir(join(dir, 'types'));
    await writeFile(join(dir, 'types/box.js'), type('box', selecting(`async ${find}`)));
    await writeFile(join(dir, 'm.yaml'), manifest('box: { many: { select: { named: x } } }'));
    expect((await cli(dir, ['plan', 'm.yaml', '-o', 'plan.json'])).code).toBe(0);
    const { code, stderr } = await cli(dir, ['apply', 'plan.json'], { env: { LATER: 'yes' } });
    expect(code).toBe(4);
    expect(stderr).toContain('of types/box.js is faulty: unfound');
  });

  test('with a schema that is none is a mistake of its file', async () => {
    const parts = "select: { schema: { type: 'nonsense' }, find() {} },";
    const { code, stderr } = await planned(parts);
    expect(code).toBe(1);
    expect(stderr).toContain('types/box.js: `select.schema` is not a JSON Schema');
  });
});

describe('a type that lists', () => {
  const toManifest = 'toManifest: ({ t, size }) => ({ title: t, properties: { size }, exists: true }),';
  const listing = (values: string) =>
    `async *list(query, io) { for (const value of ${values}) yield { state: 'present', value }; },`;
  const adopted = async (parts: string, options: CliOptions = {}) => {
    const dir = await scratch();
    await mkdir(join(dir, 'site/types'), { recursive: true });
    await writeFile(join(dir, 'site/types/box.js'), type('box', parts));
    await writeFile(join(dir, 'site/m.yaml'), manifest('box: { known: { size: 1 } }'));
    const run = (...args: string[]) =>
      cli(dir, [...args, '--lab', 'lab'], { env: { KEY: 'hunter2-and-more' }, ...options });
    return { dir, run, result: () => run('adopt', 'box', '--from', 'site') };
  };

  test('is adopted with --from: from the host as well, without what is declared', async () => {
    const there = "[{ t: 'known', size: 1 }, { t: 'kept', size: 2 }, { t: 'other', size: 3 }]";
    const { dir, run, result } = await adopted(listing(there) + toManifest);
    await writeFile(join(dir, 'site/kept.yaml'), manifest('box: { kept: { size: 2 } }'));
    expect((await run('apply', 'site/kept.yaml')).code).toBe(0);
    await writeFile(join(dir, 'site/kept.yaml'), manifest());
    const { code, stdout, stderr } = await result();
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/box:\n {4}kept:\n {6}size: 2\n {4}# would create at once: size 3\n {4}# other:/);
    expect(stderr).toContain('1 resource adopted; 1 written as comments');
    expect(stderr).toContain('1 left out');
    await writeFile(join(dir, 'site/kept.yaml'), stdout);
    expect((await run('plan', 'site/kept.yaml')).stdout).toMatch(/^Nothing to do: 1 in sync/);
  });

  test('without manifests the way to it is said', async () => {
    const { run } = await adopted(listing('[]') + toManifest);
    const { code, stderr } = await run('adopt', 'box');
    expect(code).toBe(1);
    expect(stderr).toContain('beside manifests: --from PATH');
  });

  test.each([
    ['throws', `async *list() { throw new Error('unlisted'); }, ${toManifest}`, /is faulty: unlisted/],
    ['lists nothing', `async *list() { yield undefined; }, ${toManifest}`, /is faulty: /],
    ['is not a list', `list() { return 7; }, ${toManifest}`, /is faulty: .*not.*iterable/],
    [
      'fails without a word',
      `async *list() { yield { state: 'failed', diagnostic: 7 }; }, ${toManifest}`,
      /must have a `value` or a `diagnostic`/,
    ],
    [
      'declares nothing',
      `${listing('[{}]')} toManifest: () => ({}),`,
      /`toManifest` must answer with `title`, `properties` and `exists`/,
    ],
    [
      'says a secret',
      `async *list(_, io) { yield { state: 'present', value: { t: await io.secret({ $secret: 'env:KEY' }), size: 1 } }; }, ${toManifest}`,
      /holds the text of the secret `env:KEY`/,
    ],
  ])('one that %s is named', async (_, parts, expected) => {
    const { code, stdout, stderr } = await (await adopted(parts)).result();
    expect(code).toBe(4);
    expect(stderr).toMatch(expected);
    expect(stdout + stderr).not.toContain('hunter2');
    expect(stdout).toContain('converge: 1');
  });

  test('one that can’t say how it is declared is a mistake of its file', async () => {
    const { code, stderr } = await (await adopted(listing('[]'))).result();
    expect(code).toBe(1);
    expect(stderr).toMatch(/`list` goes together with `toManifest`/);
  });
});

describe('plans', () => {
  test('are refused when the file of a type has changed, and name it', async () => {
    const dir = await scratch();
    await mkdir(join(dir, 'site/types'), { recursive: true });
    await writeFile(join(dir, 'site/types/box.js'), type('box'));
    await writeFile(join(dir, 'site/m.yaml'), manifest('box: { a: { size: 1 } }'));
    const args = ['--lab', 'lab'];
    expect((await cli(dir, ['plan', 'site', '-o', 'plan.json', ...args])).code).toBe(0);
    await writeFile(join(dir, 'site/types/box.js'), `${type('box')}// reviewed by nobody\n`);
    const refused = await cli(dir, ['apply', 'plan.json', ...args]);
    expect(refused.code).toBe(8);
    expect(refused.stderr).toContain(
      'the type `box` of site/types/box.js has changed since the plan was made',
    );
    await writeFile(join(dir, 'site/types/box.js'), type('box'));
    expect((await cli(dir, ['apply', 'plan.json', ...args])).code).toBe(0);
    await cli(dir, ['plan', 'site', '-o', 'plan.json', ...args]);
  });

  test('can be made offline from what was observed', async () => {
    const converge = await site({
      'types/box.js': type('box'),
      'm.yaml': manifest('box: { a: { size: 1 } }'),
    });
    expect((await converge('observe', 'm.yaml', '-o', 'seen.json')).code).toBe(0);
    const { code, stdout } = await converge('plan', 'm.yaml', '--observed', 'seen.json');
    expect(code).toBe(0);
    expect(stdout).toContain('+ create  box:a');
  });
});

describe('commands about types', () => {
  test('find those beside the manifests, or around the working directory', async () => {
    const converge = await site({ 'types/box.js': type('box'), 'm.yaml': manifest('box: { a: {} }') });
    for (const args of [
      ['explain', 'box'],
      ['explain', '--type', 'box'],
      ['explain', 'box', 'm.yaml'],
      ['explain', '--type', 'box', 'm.yaml'],
    ])
      expect((await converge(...args)).stdout).toMatch(/^box \(types\/box.js\)\n\nKept in memory\./);
    expect(JSON.parse((await converge('schema', 'box')).stdout)).toMatchObject({
      additionalProperties: false,
    });
    expect((await converge('schema', 'bxo')).stderr).toContain('did you mean `box`?');
    expect((await converge('explain', '--type', 'bxo')).stderr).toContain('did you mean `box`?');
    expect((await converge('graph', 'm.yaml')).stdout).toBe('box:a\n');
  });

  test('files that are not types are left alone', async () => {
    const converge = await site({
      'types/converge.d.ts': 'export {};',
      'types/box.test.ts': 'throw new Error("run");',
      'types/README.md': '# types',
      'types/sub/deep.ts': 'throw new Error("run");',
      'types/m.yaml': 'no manifest',
      'm.yaml': manifest(),
    });
    expect(await converge('validate', '.')).toMatchObject({ code: 0, stderr: '' });
  });
});
