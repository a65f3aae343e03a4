import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { excerpt } from '../../src/diagnostics/excerpt.ts';
import { textOf } from '../../src/diagnostics/lines.ts';
import { renderDiagnostics } from '../../src/diagnostics/render.ts';
import { textWidth } from '../../src/diagnostics/text-width.ts';
import { compileFiles } from '../manifest/fixture.ts';
import { blocked, given, world } from '../support/made-up.ts';

const shown = (...args: Parameters<typeof renderDiagnostics>): string => textOf(renderDiagnostics(...args));

const plain = { width: 80 };
const at = (line: number, column: number, endColumn = column + 1, file = 'm.yaml') => ({
  file,
  line,
  column,
  endLine: line,
  endColumn,
});

describe('a rendering', () => {
  it('of the mistakes of two manifests', async () => {
    const { catalog, diagnostics } = await compileFiles({
      'lab/a.yaml': [
        'converge: 1',
        'targets:',
        '  home: { type: cloud, url: https://x, password: hunter2 }',
        'resources:',
        '  note:',
        '    one: { sise: 3, mode: 0644 }',
        '    two: { path: "c:\\temp", require: [ note:on ] }',
        '',
      ].join('\n'),
      'lab/b.yaml': 'converge: 1\nresources:\n  note:\n    one: { path: x }\n  nottte: { x: {} }\n',
    });
    await expect(shown(diagnostics, catalog.sources, plain)).toMatchFileSnapshot(
      'golden/manifests.golden.txt',
    );
  });

  it('of what has no place, several lines, a warning, a missing source, tabs, wide characters and a long line', async () => {
    const sources = new Map([
      [
        'm.yaml',
        `\tkey:\tvalue\n\u4f60\u597d: \u{1f600} here\n${'x'.repeat(90)} bad ${'y'.repeat(90)}\r\nblock: |\n  a\n  b\n`,
      ],
    ]);
    const diagnostics: Diagnostic[] = [
      world('unreachable', 'vCenter does not answer\nconnect ECONNREFUSED', { hint: 'check the address' }),
      blocked('locked', 'another run holds the lock', { at: at(3, 1, 2, 'gone.yaml') }),
      { ...given('long', 'in a long line', { at: at(3, 92, 95) }), severity: 'warning' },
      given('wide', 'after wide characters', { at: at(2, 8, 12) }),
      given('tab', 'after tabs', { at: at(1, 7, 12), related: [{ message: 'first here', at: at(2, 1, 3) }] }),
      given('block', 'over several lines', { at: { ...at(4, 8), endLine: 6, endColumn: 4 } }),
    ];
    await expect(shown(diagnostics, sources, plain)).toMatchFileSnapshot('golden/shapes.golden.txt');
  });

  it('in colour says the same', () => {
    const diagnostics = [given('x', 'message', { at: at(1, 1), hint: 'do this' })];
    const sources = new Map([['m.yaml', 'text']]);
    const colored = textOf(renderDiagnostics(diagnostics, sources, plain), { color: true });
    expect(colored).toContain('\u001b[');
    expect(stripVTControlCharacters(colored)).toBe(shown(diagnostics, sources, plain));
  });

  it('of nothing is nothing', () => {
    expect(shown([], new Map(), plain)).toBe('');
  });

  it('lets no text steer the terminal', () => {
    const evil = '\u001b[2J\u0007\u202e\u009b';
    const text = shown(
      [
        given('x', evil, {
          hint: evil,
          at: at(1, 1, 3, `${evil}.yaml`),
          related: [{ message: evil, at: at(1, 1) }],
        }),
      ],
      new Map([[`${evil}.yaml`, evil]]),
      plain,
    );
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});

describe('an excerpt', () => {
  it('fits, and its carets are below its marked text, for any line and place', () => {
    const line = fc.string({
      unit: fc.constantFrom('a', ' ', '\t', '\u4f60', '\u{1f600}', 'e\u0301', '\u200d'),
      maxLength: 120,
    });
    fc.assert(
      fc.property(
        line,
        fc.nat(130),
        fc.nat(40),
        fc.integer({ min: 20, max: 60 }),
        (line, from, length, width) => {
          const place = at(1, from + 1, from + length + 1);
          const { source, caret } = excerpt(line, place, width);
          expect(textWidth(source)).toBeLessThanOrEqual(width);
          expect(caret).toMatch(/^ *\^+$/);
          expect(caret.length).toBeLessThanOrEqual(width + 1);
        },
      ),
    );
  });

  it('marks exactly the text of the range', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '\u4f60', '\u{1f600}'), maxLength: 60 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const { source, caret } = excerpt(
          `${before}MARK${after}`,
          at(1, before.length + 1, before.length + 5),
          40,
        );
        let column = 0;
        let marked = '';
        for (const character of source) {
          if (caret[column] === '^') marked += character;
          column += textWidth(character);
        }
        expect(marked).toBe('MARK');
      }),
    );
  });
});

describe('very many mistakes', () => {
  const mistakes = (count: number, severity: 'error' | 'warning' = 'error'): Diagnostic[] =>
    Array.from({ length: count }, (_, i) => ({
      ...given('x', `mistake ${i}`, { at: at(1, 1 + i * 20) }),
      severity,
    }));

  it('are shown up to a limit, errors first, and all counted', () => {
    const text = shown([...mistakes(150, 'warning'), ...mistakes(199)], new Map(), plain);
    expect(text.match(/^error/gm)).toHaveLength(199);
    expect(text.match(/^warning/gm)).toHaveLength(1);
    expect(text).toMatch(/\n199 errors, 150 warnings, of which 149 are not shown\n$/);
    expect(shown(mistakes(200), new Map(), plain)).toMatch(/\n200 errors\n$/);
  });

  it('on one line of megabytes take no longer than on short ones', () => {
    const sources = new Map([['m.yaml', 'abcdefghij, '.repeat(650_000)]]);
    const text = shown(mistakes(50_000), sources, plain);
    expect(text).toContain('^');
    for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(80);
  });
});

describe('a line that is cut', () => {
  it('reads the same however long it is', () => {
    const line = (length: number) => `${'a'.repeat(length)}XYZ${'b'.repeat(length)}`;
    const shown = (length: number) => excerpt(line(length), at(1, length + 1, length + 4), 40);
    expect(shown(100_000)).toEqual(shown(50));
    expect(shown(50).source).toMatch(/^\.\.\.a+XYZb+\.\.\.$/);
  });
});

it.each([
  ['url: https://admin:hunter2@host/x', 'hunter2'],
  ["{ repository: 's3://AKIA123:ab/cd+ef@bucket' }", 'ab/cd+ef'],
  ['https://a:p@ss@host', 'p@ss'],
])('a password in a URL is not shown: %s', (line, password) => {
  const column = line.indexOf(password) + 1;
  const mistake = given('x', 'wrong', { at: at(1, column, column + password.length) });
  const text = shown([mistake], new Map([['m.yaml', line]]), plain);
  expect(text).not.toContain(password);
  expect(text).toContain(line.replace(password, '*'.repeat(password.length)));
});

it('a URL without a password stays as it is', () => {
  const line = 'a: https://host:8443/x, b: me@example.com, c: //x/y@z';
  const text = shown([given('x', 'wrong', { at: at(1, 1) })], new Map([['m.yaml', line]]), plain);
  expect(text).toContain(line);
});
