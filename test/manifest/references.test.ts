import { expect, it } from 'vitest';
import { compileFiles, compileText } from './fixture.ts';

const notes = (body: string) => compileText(`resources:\n  note:\n${body.replace(/^/gm, '    ')}`);

it('takes one reference or a list, split at the first colon', async () => {
  const { catalog, diagnostics } = await notes(
    'c:/scripts: {}\na: { require: note:c:/scripts, notify: [ note:b, note:c:/scripts ] }\nb: { labels: x, noop: true, ensure: absent }',
  );
  expect(diagnostics).toEqual([]);
  expect(catalog.resources[1]?.meta).toEqual({
    ensure: 'present',
    require: [{ address: 'note:c:/scripts', at: expect.objectContaining({ line: 5, column: 19 }) }],
    before: [],
    notify: [
      { address: 'note:b', at: expect.objectContaining({ line: 5, column: 46 }) },
      { address: 'note:c:/scripts', at: expect.objectContaining({ line: 5, column: 54 }) },
    ],
    subscribe: [],
    noop: false,
    labels: [],
  });
  expect(catalog.resources[2]?.meta).toMatchObject({ ensure: 'absent', noop: true, labels: ['x'] });
  expect(catalog.resources[1]?.properties).toEqual({});
});

it('an unknown one is an error at that very item', async () => {
  const { diagnostics } = await notes(
    'first: {}\na: { require: [ note:first, note:frist, nowt, nite:first ] }',
  );
  expect(diagnostics.map(({ message, hint, at }) => [message, hint, at?.column])).toEqual([
    ['`note:a` refers to `note:frist`, which is not declared', 'did you mean `note:first`?', 33],
    [
      '`note:a` refers to `nowt`, which is not declared',
      'a reference is `type:title`, such as file:/etc/hosts',
      45,
    ],
    ['`note:a` refers to `nite:first`, which is not declared', 'did you mean `note:first`?', 51],
  ]);
});

it.each(['{note:b}', '{ note: b }'])('%s says "quote it"', async text => {
  const { diagnostics } = await notes(`b: {}\na: { require: ${text} }`);
  expect(diagnostics).toMatchObject([
    { code: 'wrong-kind', hint: `braces and brackets are YAML here; quote it: '${text}'` },
  ]);
});

it('a reference with a blank after its colon says "quote it"', async () => {
  const { diagnostics } = await notes('b: {}\na:\n  require: note: b');
  expect(diagnostics).toMatchObject([{ code: 'yaml', hint: 'quote the value, or fix the indentation' }]);
});

it('to itself is an error', async () => {
  const { diagnostics } = await notes('a: { before: note:a }');
  expect(diagnostics.map(({ code }) => code)).toEqual(['self-reference']);
});

it('a type that cannot be refreshed neither hears nor subscribes', async () => {
  const { diagnostics } = await compileText(
    'resources:\n  site:\n    s: { subscribe: note:n }\n  note:\n    n: { notify: site:s }',
    { platform: 'win32' },
  );
  expect(diagnostics.map(({ code, message, at }) => [code, message, at?.line])).toEqual([
    ['no-refresh', "`subscribe` has no effect: a `site` can't be refreshed", 4],
    ['no-refresh', "notifying `site:s` has no effect: a `site` can't be refreshed", 6],
  ]);
});

it('to something that has a mistake of its own is not a second mistake', async () => {
  const { diagnostics } = await compileText(
    'resources:\n  nite:\n    x: {}\n  note:\n    y: { size: x }\n    z: { require: [ note:x, note:y ] }',
  );
  expect(diagnostics.map(({ code }) => code)).toEqual(['unknown-type', 'wrong-kind']);
});

it('reaches into other files, also when one of them cannot be read', async () => {
  const a = 'converge: 1\nresources: { note: { a: { require: note:b } } }';
  const b = 'converge: 1\nresources: { note: { b: {} } }';
  expect((await compileFiles({ 'a.yaml': a, 'b.yaml': b })).diagnostics).toEqual([]);
  const broken = await compileFiles({ 'a.yaml': a, 'b.yaml': `${b}}` });
  expect(broken.diagnostics.map(({ at }) => at?.file)).toEqual(['b.yaml']);
});
