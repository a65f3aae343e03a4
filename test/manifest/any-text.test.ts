import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { textOf } from '../../src/diagnostics/lines.ts';
import { renderDiagnostics } from '../../src/diagnostics/render.ts';
import { compileFiles } from './fixture.ts';

/** Compiles, renders, and checks that every place is inside its file. */
async function check(text: string) {
  const { catalog, diagnostics } = await compileFiles({ 'x.yaml': text });
  for (const { at, related = [] } of diagnostics)
    for (const place of [at, ...related.map(other => other.at)]) {
      if (!place) continue;
      const lines = catalog.sources.get(place.file)?.split('\n') ?? [];
      const inside = (line: number, column: number) =>
        line >= 1 && line <= lines.length && column >= 1 && column <= lines[line - 1]!.length + 1;
      expect(inside(place.line, place.column)).toBe(true);
      expect(inside(place.endLine ?? place.line, place.endColumn ?? place.column)).toBe(true);
    }
  for (const width of [20, 100]) {
    const shown = textOf(renderDiagnostics(diagnostics, catalog.sources, { width }));
    expect(shown === '').toBe(diagnostics.length === 0);
  }
}

const piece = fc.constantFrom(
  ...[
    'converge: 1',
    'resources:',
    'targets:',
    'note:',
    'store:',
    'path:',
    'password:',
    'require:',
    'a',
    'x: y',
  ],
  ...[
    '\n',
    '\n  ',
    '\n    ',
    '\n      ',
    ' ',
    '\t',
    '\r\n',
    '- ',
    ': ',
    '? ',
    ', ',
    '#',
    '---',
    '...',
    '%YAML 1.1\n',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '|',
    '>',
    '&a ',
    '*a',
    '!t ',
    '<<',
    '\\',
    '${',
    "${secret('env:X')}",
    '$${',
    '0644',
  ],
  ...['\u{1f600}', '\ud800', '\u2028', '\u0007', 'é', '~', '@', '`'],
);

it('any text', async () => {
  await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary' }), check), { numRuns: 200 });
});

it('any pieces of manifests', async () => {
  const text = fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join(''));
  await fc.assert(fc.asyncProperty(text, check), { numRuns: 1000 });
  const headed = text.map(rest => `converge: 1\nresources:\n  note:\n    n: ${rest}`);
  await fc.assert(fc.asyncProperty(headed, check), { numRuns: 1000 });
});

it('any YAML under names that mean something', async () => {
  const names = fc.constantFrom(
    ...[
      'path',
      'mode',
      'text',
      'size',
      'kind',
      'tags',
      'lines',
      'store',
      'keep',
      'all',
      'key',
      'env',
      'anything',
      'url',
    ],
    ...[
      'require',
      'notify',
      'labels',
      'ensure',
      'noop',
      'target',
      'when',
      'password',
      'type',
      '__proto__',
      '',
    ],
  );
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constantFrom('note:n', '3d'),
      ),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(names, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const titles = fc.dictionary(fc.string(), tree, { maxKeys: 3 });
  const manifest = fc.record(
    { requires: tree, targets: titles, resources: fc.record({ note: titles, store: titles, site: titles }) },
    { requiredKeys: [] },
  );
  const property = fc.asyncProperty(manifest, value => check(stringify({ converge: 1, ...value })));
  await fc.assert(property, { numRuns: 400 });
});
