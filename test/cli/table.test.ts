import { expect, test } from 'vitest';
import { table } from '../../src/cli/text/table.ts';
import { textOf } from '../../src/diagnostics/lines.ts';

const headings = ['ID', 'VM', 'MODE'];
const rows = [
  ['1', 'dc02', 'full (first-cycle)'],
  ['22', '日本', 'incremental'],
];

test('aligned columns, wide characters counted', () => {
  expect(textOf(table(headings, rows))).toBe(
    'ID  VM    MODE\n1   dc02  full (first-cycle)\n22  日本  incremental\n',
  );
});

test('a block for each row where there is no room', () => {
  expect(textOf(table(headings, rows, 20))).toBe(
    'ID    1\nVM    dc02\nMODE  full\n      (first-cycle)\n\nID    22\nVM    日本\nMODE  incremental\n',
  );
  expect(textOf(table(['ID', 'CONSISTENCY'], [['0123456789abcdef', 'crash']], 20))).toBe(
    'ID\n  0123456789abcdef\nCONSISTENCY  crash\n',
  );
});
