import { describe, expect, it } from 'vitest';
import { compileFiles } from './fixture.ts';

const web = `converge: 1
parameters:
  path: { type: string, minLength: 2 }
  size: { type: integer, maximum: 50, default: 3 }
  mode: { enum: [a, b], default: a }
  key: { type: string, x-secret: true, default: ~ }
resources:
  note:
    main: { path: "\${params.path}", size: "\${params.size}", key: "\${params.key}", require: note:first }
    first: { path: "\${params.path}.first" }
`;
const compileWeb = (text: string, more: Record<string, string> = {}) =>
  compileFiles({ 'm.yaml': `converge: 1\n${text}`, 'modules/web/module.yaml': web, ...more }, ['m.yaml']);
const use = (body: string) => compileWeb(`resources:\n  web:\n    shop: ${body}`);

describe('a module', () => {
  it('is used like a type: defaults, addresses, siblings first, places', async () => {
    const { catalog, diagnostics } = await use('{ path: /shop }');
    expect(diagnostics).toEqual([]);
    expect(catalog.resources.map(({ address, type, title }) => [address, type, title])).toEqual([
      ['web:shop/note:main', 'note', 'main'],
      ['web:shop/note:first', 'note', 'first'],
    ]);
    const [main] = catalog.resources;
    expect(main?.properties).toEqual({ path: '/shop', size: 3 });
    expect(main?.meta.require.map(({ address }) => address)).toEqual(['web:shop/note:first']);
    expect(main?.places.get('/path')).toMatchObject({ file: 'm.yaml', line: 4 });
    expect(main?.places.get('/size')).toMatchObject({ file: 'modules/web/module.yaml', line: 4 });
  });

  it('defaults may be lists, maps, empty text and computed', async () => {
    const module = `converge: 1
parameters:
  names: { type: array, items: { type: string }, default: [a, b] }
  sizes: { type: object, additionalProperties: { type: integer }, default: { c: 3 } }
  folder: { type: string, default: '' }
  word: { type: string, default: "null" }
  computed: { type: array, default: "\${['d']}" }
resources:
  note:
    "\${each.value}": { for_each: "\${params.names}", path: "/\${each.value}\${params.folder}\${params.word}" }
    "\${each.key}": { for_each: "\${params.sizes}", size: "\${each.value}" }
    computed: { path: "/\${params.computed[0]}" }
`;
    const files = { 'modules/web/module.yaml': module };
    const { catalog, diagnostics } = await compileWeb('resources:\n  web:\n    shop: {}', files);
    expect(diagnostics).toEqual([]);
    expect(catalog.resources.map(({ title, properties }) => [title, properties])).toEqual([
      ['a', { path: '/anull' }],
      ['b', { path: '/bnull' }],
      ['c', { size: 3 }],
      ['computed', { path: '/d' }],
    ]);
  });

  it.each([
    ['{ path: 3x, size: many }', ['`size`: expected an integer such as 3, found the text `many`']],
    ['{ path: xx, size: 51 }', ['`size`: expected at most 50']],
    ['{ path: x }', ['`path`: expected at least 2 characters']],
    ['{ path: xx, mode: c }', ['`mode`: expected one of `a`, `b`, found the text `c`']],
    ['{ path: xx, sise: 3 }', ['`web:shop` has no property `sise`']],
    ['{ }', ['`web:shop`: the property `path` is missing']],
    ['[x]', ['`web:shop`: expected a map of properties, found a list']],
    ['{ path: xx, key: hunter2 }', ['`key`: expected a reference to a secret, not the secret itself']],
    ['{ path: xx, ensure: absent }', ['`web:shop` has no property `ensure`']],
  ])('checks its parameters at the use: %s', async (body, expected) => {
    const { diagnostics } = await use(body);
    expect(diagnostics.map(({ message }) => message)).toEqual(expected);
    expect(diagnostics[0]?.at).toMatchObject({ file: 'm.yaml', line: 4 });
  });

  it('its expressions know the title of the use, in defaults too', async () => {
    const named =
      'converge: 1\nparameters: { home: { type: string, default: "/srv/${params.title}" } }\nresources:\n  note:\n    "${params.title}": { path: "${params.home}" }';
    const { catalog, diagnostics } = await compileWeb(
      'resources:\n  named: { shop: {}, blog: { home: /b } }',
      {
        'modules/named/module.yaml': named,
      },
    );
    expect(diagnostics).toEqual([]);
    expect(catalog.resources.map(({ address, properties }) => [address, properties])).toEqual([
      ['named:shop/note:shop', { path: '/srv/shop' }],
      ['named:blog/note:blog', { path: '/b' }],
    ]);
  });

  it('what `when` leaves out may lack what only a parameter that is not given would say', async () => {
    const optional =
      'converge: 1\nparameters: { from: { type: string, default: ~ } }\nresources:\n  store:\n    a: { when: params.from != null, region: "${params.from}" }';
    const { catalog, diagnostics } = await compileWeb(
      'targets: { c: { type: cloud, url: https://c, password: "${secret(\'env:P\')}" } }\nresources:\n  optional: { one: {}, two: { from: x } }',
      {
        'modules/optional/module.yaml': optional,
      },
    );
    expect(diagnostics).toEqual([]);
    expect(catalog.resources.map(({ address }) => address)).toEqual(['optional:two/store:a']);
  });

  it('a secret parameter stays a reference', async () => {
    const { catalog } = await use('{ path: xx, key: "${secret(\'env:K\')}" }');
    expect(catalog.resources[0]?.properties.key).toEqual({ $secret: 'env:K' });
  });

  it('a mistake inside shows both places, once for all uses', async () => {
    const bad =
      'converge: 1\nresources:\n  note:\n    a-${params.x}: { sise: 3 }\n    b: { path: "${params.nope}" }';
    const { diagnostics } = await compileWeb('resources:\n  bad: { one: {}, two: {} }', {
      'modules/bad/module.yaml': bad.replace('a-${params.x}', 'a'),
    });
    expect(
      diagnostics.map(({ code, at, related }) => [code, at?.file, at?.line, related?.[0]?.at.file]),
    ).toEqual([
      ['unknown-property', 'modules/bad/module.yaml', 4, 'm.yaml'],
      ['bad-expression', 'modules/bad/module.yaml', 5, 'm.yaml'],
    ]);
  });

  it('is meant as a whole from outside, and passes its metaparameters on', async () => {
    const { catalog, diagnostics } = await compileWeb(
      'resources:\n  note:\n    after: { require: web:shop }\n    inner: { require: web:shop/note:first }\n    before: ~\n  web:\n    shop: { path: /s, require: note:before, noop: true, labels: [x] }',
    );
    expect(diagnostics).toEqual([]);
    const of = (address: string) => catalog.resources.find(resource => resource.address === address)!.meta;
    expect(of('note:after').require.map(({ address }) => address)).toEqual([
      'web:shop/note:main',
      'web:shop/note:first',
    ]);
    expect(of('note:inner').require.map(({ address }) => address)).toEqual(['web:shop/note:first']);
    expect(of('web:shop/note:first')).toMatchObject({
      noop: true,
      labels: ['x'],
      require: [{ address: 'note:before' }],
    });
  });

  it('a wrong reference of a use is one mistake', async () => {
    const { diagnostics } = await use('{ path: /s, require: note:nope }');
    expect(diagnostics.map(({ code }) => code)).toEqual(['unknown-reference']);
  });

  it('may be looped over, left out, and used in a module', async () => {
    const { catalog, diagnostics } = await compileWeb(
      'resources:\n  farm:\n    all: { names: [a, b] }\n  web:\n    off: { when: false, path: "${data.x}" }',
      {
        'modules/farm/module.yaml':
          'converge: 1\nparameters: { names: { type: array, items: { type: string } } }\nresources:\n  web:\n    "${each.value}": { for_each: "${params.names}", path: "/${each.value}" }',
      },
    );
    expect(diagnostics).toEqual([]);
    expect(catalog.resources.map(({ address }) => address)).toEqual([
      'farm:all/web:a/note:main',
      'farm:all/web:a/note:first',
      'farm:all/web:b/note:main',
      'farm:all/web:b/note:first',
    ]);
    expect(catalog.resources[2]?.places.get('/path')?.file).toBe('m.yaml');
  });
});

describe('refused', () => {
  const one = async (text: string, modules: Record<string, string>) => {
    const files = Object.fromEntries(
      Object.entries(modules).map(([name, body]) => [`modules/${name}/module.yaml`, `converge: 1\n${body}`]),
    );
    return (await compileWeb(text, files)).diagnostics.map(({ message }) => message);
  };

  it('recursion, with its path', async () => {
    const modules = { a: 'resources: { b: { x: {} } }', b: 'resources: { a: { y: {} } }' };
    expect(await one('resources: { a: { t: {} } }', modules)).toEqual(['a module uses itself: a -> b -> a']);
  });

  it('a module named like a type', async () => {
    expect(await one('resources: {}', { note: 'resources: {}' })).toEqual([
      'the module `note` is named like a resource type',
    ]);
  });

  it('two modules of one name', async () => {
    const { diagnostics } = await compileFiles(
      { 'a/m.yaml': 'converge: 1', 'a/modules/web/module.yaml': web, 'modules/web/module.yaml': web },
      ['a'],
    );
    expect(diagnostics.map(({ message }) => message)).toEqual(['there are two modules `web`']);
  });

  it.each([
    [
      'parameters: { when: { type: string } }',
      "a parameter can't be called `when`: that name is the engine's own",
    ],
    [
      'parameters: { title: { type: string } }',
      "a parameter can't be called `title`: `params.title` is the title of the use",
    ],
    ['parameters: { a-b: { type: string } }', '`a-b` is not a name for a parameter'],
    [
      'parameters: { a: { type: strng } }',
      '`type`: expected one of `string`, `integer`, `number`, `boolean`, `array`, `object`, found the text `strng`',
    ],
    ['parameters: { a: { typ: string } }', 'parameter `a` has no property `typ`'],
    [
      'parameters: { a: { type: string, pattern: "(" } }',
      'parameter `a`: `pattern` is not a regular expression',
    ],
    [
      `parameters: { a: { type: string, pattern: "${'x '.repeat(30_000)}" } }`,
      'parameter `a`: `pattern` is not a regular expression',
    ],
    ['parameters: { a: string }', 'parameter `a`: expected a map such as { type: string }'],
    [
      'parameters: { a: { type: integer, default: x } }',
      '`a`: expected an integer such as 3, found the text `x`',
    ],
    ['parametres: {}', 'a module has no key `parametres`'],
    ['targets: {}', 'a module has no key `targets`'],
  ])('%s', async (body, message) => {
    expect(await one('resources: { bad: { t: {} } }', { bad: body })).toEqual([message]);
  });

  it('what shows when all is read also shows both places, once for all uses', async () => {
    const bad = `converge: 1
resources:
  note:
    x: { path: /x, require: note:nope }
    y: { path: same }
parameters: { path: { type: string } }
`;
    const files = { 'modules/bad/module.yaml': bad };
    const uses = 'resources:\n  bad:\n    one: { path: a }\n    two: { path: b }';
    const { diagnostics } = await compileWeb(uses, files);
    const shown = diagnostics.map(({ code, at, related = [] }) => [
      code,
      at?.file,
      related.map(({ message, at }) => [message, at?.file, at?.line]),
    ]);
    const used = (title: string, line: number) => [`\`bad:${title}\` is used here`, 'm.yaml', line];
    expect(shown).toEqual([
      ['unknown-reference', 'modules/bad/module.yaml', [used('one', 4)]],
      [
        'same-object',
        'modules/bad/module.yaml',
        [['`bad:one/note:y` is declared here', 'modules/bad/module.yaml', 5], used('one', 4), used('two', 5)],
      ],
    ]);
  });

  it('a title with a slash', async () => {
    expect(await one('resources: { web: { a/b: { path: xx } } }', {})).toEqual([
      "the title of a module can't hold `/`",
    ]);
  });
});
