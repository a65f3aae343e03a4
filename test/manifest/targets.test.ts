import { expect, it } from 'vitest';
import { compileText } from './fixture.ts';

const cloud = (name: string) => `${name}: { type: cloud, url: https://x, password: "\${secret('env:X')}" }`;
const stores = (...bodies: string[]) =>
  `resources:\n  store:\n${bodies.map((body, i) => `    s${i}: { region: eu${body} }\n`).join('')}`;
const brief = async (text: string, platform: NodeJS.Platform = 'linux') => {
  const { diagnostics } = await compileText(text, { platform });
  return diagnostics.map(({ code, message, hint, at }) => ({ code, message, hint, line: at?.line }));
};

it('the only one of the kind is filled in', async () => {
  const { catalog, diagnostics } = await compileText(
    `targets: { ${cloud('a')}, b: { type: ship } }\n${stores('', ', target: a')}`,
  );
  expect(diagnostics).toEqual([]);
  expect(catalog.resources.map(({ meta }) => meta.target)).toEqual(['a', 'a']);
  expect(catalog.targets).toMatchObject([
    { name: 'a', type: 'cloud', properties: { url: 'https://x', password: { $secret: 'env:X' } } },
    { name: 'b', type: 'ship', properties: {} },
  ]);
});

it('with several, one has to be named', async () => {
  expect(await brief(`targets: { ${cloud('a')}, ${cloud('b')} }\n${stores('')}`)).toEqual([
    {
      code: 'ambiguous-target',
      message: '`store:s0`: there are several cloud targets, a, b, and none is named',
      hint: 'add `target: a`',
      line: 5,
    },
  ]);
});

it('with none, one error shows how to declare one, for any number of resources', async () => {
  expect(await brief(stores('', ''))).toEqual([
    {
      code: 'no-target',
      message: '`store:s0` (and 1 more) needs a target of type cloud, and none is declared',
      hint: 'declare one: `targets: { NAME: { type: cloud, url: ..., password: ... } }`',
      line: 4,
    },
  ]);
});

it('a name has to be that of a target of the right kind', async () => {
  const text = `targets: { ${cloud('home')}, boat: { type: ship } }\n${stores(', target: hme', ', target: boat')}`;
  expect((await brief(text)).map(({ code, message, hint }) => [code, message, hint])).toEqual([
    ['unknown-target', '`store:s0`: there is no cloud target `hme`', 'did you mean `home`?'],
    [
      'wrong-target',
      '`store:s1`: a target of type cloud is needed, and `boat` is of type ship',
      'known: home',
    ],
  ]);
});

it('what a property names by `x-target` is checked in the same way, at its value', async () => {
  const by = (target: string) => `store: { url: s3://b, target: ${target} }`;
  const notes = (...targets: string[]) =>
    `resources: { note: { ${targets.map((target, i) => `n${i}: { ${by(target)} }`).join(', ')} } }`;
  const text = `targets: { ${cloud('home')}, boat: { type: ship } }\n${notes('home', 'hme', 'boat')}`;
  const { diagnostics, catalog } = await compileText(text);
  expect(diagnostics).toMatchObject([
    {
      code: 'unknown-target',
      address: 'note:n1',
      message: 'there is no cloud target `hme`',
      hint: 'did you mean `home`?',
    },
    { code: 'wrong-target', address: 'note:n2', at: { line: 3 } },
  ]);
  const line = text.split('\n')[1]!;
  expect(diagnostics.map(({ at }) => line.slice(at!.column - 1).split(' ')[0])).toEqual(['hme', 'boat']);
  expect(catalog.resources.map(({ address }) => address)).toEqual(['note:n0']);
});

it('with several, a URL that needs one has to say which, at its value; others need none', async () => {
  const stores = [
    's3://b',
    'S3://B',
    '{ url: s3://c }',
    '{ url: s3://d, target: b }',
    'file:///e',
    '{ url: file:///f }',
  ];
  const notes = `resources: { note: { ${stores.map((store, i) => `n${i}: { store: ${store} }`).join(', ')} } }`;
  const { diagnostics, catalog } = await compileText(`targets: { ${cloud('a')}, ${cloud('b')} }\n${notes}`);
  const ambiguous = (address: string, url: string) => ({
    code: 'ambiguous-target',
    address,
    message: 'there are several cloud targets, a, b, and none is named',
    hint: `say which one gives access to it: { url: ${url}, target: a }`,
  });
  expect(diagnostics).toMatchObject([
    ambiguous('note:n0', 's3://b'),
    ambiguous('note:n1', 'S3://B'),
    ambiguous('note:n2', 's3://c'),
  ]);
  expect(diagnostics.map(({ at }) => notes.slice(at!.column - 1).split(/[ ,}]/)[0])).toEqual([
    's3://b',
    'S3://B',
    's3://c',
  ]);
  expect(catalog.resources.map(({ address }) => address)).toEqual(['note:n3', 'note:n4', 'note:n5']);
});

it('no hint names a target that is there for something else', async () => {
  const text = (targets: string[], ...stores: string[]) =>
    `targets: { ${targets.map(cloud).join(', ')} }\nresources: { note: { ${stores.map((one, i) => `n${i}: { store: ${one} }`).join(', ')} }, store: { s: { region: eu } } }`;
  const hints = async (...of: Parameters<typeof text>) => (await brief(text(...of))).map(({ hint }) => hint);
  // By its name the sweeper comes first.
  const swept = '{ url: s3://a, target: mover, sweeper: a-sweeper }';
  expect(await hints(['a-sweeper', 'mover'], swept, 's3://b')).toEqual([
    'say which one gives access to it: { url: s3://b, target: mover }',
    'add `target: mover`',
  ]);
  expect(await hints(['a-sweeper', 'mover'], swept, '{ url: s3://b, target: a-sweepr }')).toEqual([
    'known: mover',
    'add `target: mover`',
  ]);
  expect(
    await hints(['a-sweeper', 'mover'], swept, '{ url: s3://b, target: mover, sweeper: a-sweepr }'),
  ).toEqual(['did you mean `a-sweeper`?', 'add `target: mover`']);
  const both = '{ url: file:///a, sweeper: a }';
  expect(await hints(['a', 'b'], both, '{ url: file:///b, sweeper: b }')).toEqual([
    'declare one more for it: a is the sweeper, b is the sweeper',
  ]);
});

it('with one, a URL needs none', async () => {
  const text = `targets: { ${cloud('a')} }\nresources: { note: { n: { store: s3://b } } }`;
  expect(await brief(text)).toEqual([]);
});

it('a target with a mistake is a target all the same', async () => {
  const text = `targets: { a: { type: clod } }\n${stores('', ', target: a')}`;
  expect((await brief(text)).map(({ code }) => code)).toEqual(['unknown-target-type']);
});

it('a host type takes none', async () => {
  const text = `targets: { ${cloud('a')} }\nresources: { note: { n: { target: a } } }`;
  expect(await brief(text)).toMatchObject([{ code: 'wrong-target', line: 3 }]);
});

it('a host type that cannot run here names the way out', async () => {
  const text = 'resources:\n  site: { a: {}, b: {} }';
  expect(await brief(text, 'win32')).toEqual([]);
  expect(await brief(text)).toEqual([
    {
      code: 'wrong-platform',
      message: "`site:a` (and 1 more) can't be here: `site` runs on windows, and this is linux",
      hint: "give it `when: facts.os == 'windows'`, or a manifest of its own with `requires: { os: ... }`",
      line: 3,
    },
  ]);
});

it('in a file for another system that is said once, and types are not refused once more', async () => {
  const text = 'requires: { os: windows }\nresources:\n  site: { a: {}, b: {} }';
  expect((await brief(text)).map(({ code }) => code)).toEqual(['wrong-os']);
});

it('what is never absent cannot be made so', async () => {
  const text = `targets: { ${cloud('a')} }\n${stores(', ensure: absent')}`;
  expect(await brief(text)).toMatchObject([{ code: 'never-absent', line: 5 }]);
});
