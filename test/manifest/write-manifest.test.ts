import fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeManifest } from '../../src/manifest/write-manifest.ts';
import { compileFiles } from './fixture.ts';

const compileText = (text: string) => compileFiles({ 'm.yaml': text });

const about = { schema: 'x.json', about: ['what\nit is'], targets: [] };

it('any title and text is read back as it was', async () => {
  const text = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter(one => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(one));
  const odd = fc.constantFrom(
    'null',
    '~',
    '0644',
    'yes',
    '1e3',
    '- a',
    'a: b',
    '#x',
    "'",
    '"',
    '{a}',
    ' a ',
    '!!x',
    '*a',
    '&b',
    '%',
    '@',
    '`',
    '|',
    '>',
    '00:17',
    '2026-01-01',
    '\u00a0',
    '\u3000',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(text, odd).filter(one => !one.includes('${')),
      fc.oneof(text, odd),
      async (title, content) => {
        const resources = [{ type: 'note', title, properties: { text: content } }];
        const { catalog, diagnostics } = await compileText(writeManifest({ ...about, resources }));
        expect(diagnostics).toEqual([]);
        expect(catalog.resources).toMatchObject([{ title, properties: { text: content } }]);
      },
    ),
    { numRuns: 300 },
  );
});

it('text that looks like an expression is text, and a secret is one', async () => {
  const properties = { text: 'a ${b} $x {c}', key: { $secret: 'file:it' } };
  const text = writeManifest({ ...about, resources: [{ type: 'note', title: 'a', properties }] });
  expect(text).toContain("secret('file:it");
  const { catalog, diagnostics } = await compileText(text);
  expect(diagnostics).toEqual([]);
  expect(catalog.resources).toMatchObject([{ properties }]);
});

it('a comment shows no password of a URL', () => {
  const refused = {
    type: 'environment_variable',
    title: 'A',
    properties: { value: 'https://svc:hunter2@host/', other: 'https://host/x?sig=hunter2' },
    comment: 'refused',
  };
  const text = writeManifest({ schema: 's', about: [], targets: [], resources: [refused] });
  expect(text).toContain('https://svc:*******@host/');
  expect(text).not.toContain('hunter2');
});

it('comments stay comments, whatever they say', async () => {
  const one = { type: 'note', title: 'a\nb', properties: { text: 'x\ny: z\n\nconverge: 2' } };
  const text = writeManifest({
    ...about,
    resources: [{ ...one, note: 'n\nconverge: 3', comment: 'why\nconverge: 4' }],
  });
  const { catalog, diagnostics } = await compileText(text);
  expect(diagnostics).toEqual([]);
  expect(catalog.resources).toEqual([]);
});
