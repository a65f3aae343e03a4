import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { compileText, fakeRegistry, fakeType } from './fixture.ts';

const copy = fakeType('copy', {
  schema: Type.Object(
    { store: Type.Optional(Type.String()), path: Type.Optional(Type.String()) },
    { additionalProperties: false },
  ),
  takesFrom: { store: 'note' },
});
const registry = { ...fakeRegistry, types: new Map([...fakeRegistry.types, ['copy', copy]]) };
const compiled = (body: string) => compileText(`resources:\n${body.replace(/^/gm, '  ')}`, { registry });

test('what is left out is that of the other with the title, with the place where it stands', async () => {
  const { catalog, diagnostics } = await compiled(
    'copy: { Web: { path: /a } }\nnote: { web: { store: { url: s3://there } } }',
  );
  expect(diagnostics).toEqual([]);
  const { properties, places } = catalog.resources.find(({ type }) => type === 'copy')!;
  expect(properties).toEqual({ path: '/a', store: { url: 's3://there' } });
  expect(places.get('/store/url')).toMatchObject({ line: 4 });
});

test('what is said is kept', async () => {
  const { catalog } = await compiled(
    'copy: { web: { store: s3://here } }\nnote: { web: { store: s3://there } }',
  );
  expect(catalog.resources.find(({ type }) => type === 'copy')!.properties).toEqual({ store: 's3://here' });
});

test('nobody says it: one error with both ways out; none where it is to be absent', async () => {
  const { diagnostics } = await compiled('copy:\n  web: {}\n  old: { ensure: absent }\nnote: { web: {} }');
  expect(diagnostics).toMatchObject([
    {
      code: 'missing-property',
      message: '`copy:web`: the property `store` is missing, and there is no `note:web` to take it from',
      at: { line: 4 },
    },
  ]);
});
