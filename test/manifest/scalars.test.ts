import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coreValue, found, quoted } from '../../src/manifest/syntax/scalar.ts';
import { compileText, readNote } from './fixture.ts';

describe('scalars where the schema says text', () => {
  it.each([
    '0644',
    '644',
    '1234567e8',
    'yes',
    'null',
    '~',
    'true',
    '0x1F',
    '007',
    '.5',
    '1_000',
    '2026-11-23',
  ])('keep their source: %s', async source => {
    const { properties, diagnostics } = await readNote(`tags: { a: ${source} }\npath: ${source}`);
    expect(diagnostics).toEqual([]);
    expect(properties).toEqual({ tags: { a: source }, path: source });
  });

  it.each(['4.0', '00:17', 'c:\\temp', '{4DC3E181-0000}', '-1', 'http/*:80:web', '0644'])(
    'titles keep their source: %s',
    async title => {
      const { catalog, diagnostics } = await compileText(
        `resources:\n  note:\n    x: {}\n    ${title}: { size: 3 }\n`,
      );
      expect(diagnostics).toEqual([]);
      expect(catalog.resources.map(resource => resource.address)).toEqual(['note:x', `note:${title}`]);
    },
  );

  it('survive exactly, quoted, whatever they hold on one line', async () => {
    const line = fc
      .string({ unit: 'binary', maxLength: 40 })
      .map(text => text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\ufeff\u00a0]/gu, ''))
      .filter(text => !text.includes('${'));
    await fc.assert(
      fc.asyncProperty(line, async text => {
        const single = `'${text.replaceAll("'", "''")}'`;
        const { properties, diagnostics } = await readNote(`path: ${single}\ntext: ${JSON.stringify(text)}`);
        expect(diagnostics).toEqual([]);
        expect(properties).toEqual({ path: text, text });
      }),
    );
  });

  it('survive exactly, plain, when they look like other kinds', async () => {
    const plain = fc.stringMatching(/^[0-9a-fxoeE._+:-]*[0-9a-f]$/).filter(text => !/^-*$|^[-:]/.test(text));
    await fc.assert(
      fc.asyncProperty(plain, async text => {
        const { properties } = await readNote(`path: ${text}\nlines: [ ${text} ]`);
        expect(properties).toEqual({ path: text, lines: [text] });
      }),
    );
  });

  it('keep line breaks where the schema allows several lines', async () => {
    const { properties, diagnostics } = await readNote('text: |\n  one\n  \ttwo\n');
    expect(diagnostics).toEqual([]);
    expect(properties).toEqual({ text: 'one\n\ttwo\n' });
  });
});

describe('whole numbers that would lose digits', () => {
  it.each([
    '9007199254740993',
    '-9007199254740993',
    '18446744073709551615',
    '0xFFFFFFFFFFFFFFFF',
    '0o7777777777777777777777',
  ])('are text, wherever anything may stand: %s', async source => {
    expect(coreValue(source)).toBe(source);
    const { properties, diagnostics } = await readNote(`anything: [${source}]\npath: ${source}`);
    expect(diagnostics).toEqual([]);
    expect(properties).toEqual({ anything: [source], path: source });
    const { diagnostics: refused } = await readNote(`size: ${source}`);
    expect(refused).toMatchObject([
      {
        message: `\`size\`: expected an integer such as 3, found the text \`${source}\``,
        hint: 'whole numbers beyond 9007199254740991 would lose digits',
      },
    ]);
  });

  it('end where every digit is kept', () => {
    for (const number of [2 ** 53 - 1, 1 - 2 ** 53]) expect(coreValue(String(number))).toBe(number);
    expect(coreValue('1e20')).toBe(1e20);
  });
});

describe('scalars of other kinds', () => {
  it('follow the YAML 1.2 core schema', async () => {
    const { properties, diagnostics } = await readNote(
      'size: 0x1F\nratio: 1e-3\nsticky: True\nanything: [1, ~, no, "1", 2.5]',
    );
    expect(diagnostics).toEqual([]);
    expect(properties).toEqual({ size: 31, ratio: 0.001, sticky: true, anything: [1, null, 'no', '1', 2.5] });
  });

  it.each([
    ['size: three', '`size`: expected an integer such as 3, found the text `three`', undefined],
    ['size: "3"', '`size`: expected an integer such as 3, found the text `3`', 'remove the quotes'],
    ['size: 3.5', '`size`: expected an integer such as 3, found the number 3.5', undefined],
    [
      'size: 0644',
      '`size`: expected an integer such as 3, found the text `0644`',
      'write 644 if you mean the decimal number, 0o644 if octal',
    ],
    ['size:', '`size`: expected an integer such as 3, found nothing', undefined],
    ['sticky: yes', '`sticky`: expected true or false, found the text `yes`', 'write true'],
    ['sticky: off', '`sticky`: expected true or false, found the text `off`', 'write false'],
    ['path:', '`path`: expected text, found nothing', "write '' for empty text"],
    [
      'path: [a]',
      '`path`: expected text, found a list',
      "braces and brackets are YAML here; quote it: '[a]'",
    ],
    [
      'path: {GUID}',
      '`path`: expected text, found a map',
      "braces and brackets are YAML here; quote it: '{GUID}'",
    ],
    ['path:\n  a: b', '`path`: expected text, found a map', undefined],
    ['lines: a', '`lines`: expected a list, found the text `a`', undefined],
    ['keep: 3d', '`keep`: expected a map of properties, found the text `3d`', undefined],
    [
      'store: [x]',
      '`store`: expected text or a map of properties, found a list',
      "braces and brackets are YAML here; quote it: '[x]'",
    ],
  ])('%s is one error', async (text, message, hint) => {
    const { diagnostics } = await readNote(text);
    expect(diagnostics.map(({ message, hint }) => ({ message, hint }))).toEqual([{ message, hint }]);
  });
});

it('coreValue takes what JavaScript would overflow as text', () => {
  expect(coreValue('1e999')).toBe('1e999');
  expect(coreValue('9'.repeat(400))).toBe('9'.repeat(400));
});

it('found and quoted keep messages on one short line', () => {
  expect(found('a\nb')).toBe('the text `a\\nb`');
  expect(quoted('x'.repeat(100))).toHaveLength(62);
});

describe('what no text can hold is refused where it stands', () => {
  it.each([
    ['content: !!binary /w==', 'tag'],
    ['text: !!int 5', 'tag'],
    ['tags: !!set { a }', 'tag'],
    ['tags: !!omap [ a: 1 ]', 'tag'],
    ['text: "\\ud800"', 'control-character'],
    ['tags: { "\\udfff": a }', 'control-character'],
    ['lines: ["\\ude00\\ud83d"]', 'control-character'],
  ])('%s', async (property, code) => {
    const { diagnostics } = await compileText(`resources:\n  note:\n    x:\n      ${property}\n`);
    expect(diagnostics).toMatchObject([{ code, at: { line: 5 } }]);
  });

  it('a whole one may be escaped in halves, and a tag may say what is so anyway', async () => {
    const { properties, diagnostics } = await readNote('text: "\\ud83d\\ude00"\npath: !!str 1.10');
    expect(diagnostics).toEqual([]);
    expect(properties).toEqual({ text: '😀', path: '1.10' });
  });
});
