import { textWidth } from '../../diagnostics/text-width.ts';
import { wrap } from '../../diagnostics/wrap.ts';

/**
 * Rows below a row of headings, in aligned columns; on a terminal too narrow for that each row as a block,
 * a line per cell.
 */
export function table(headings: string[], rows: string[][], columns = Number.POSITIVE_INFINITY): string[] {
  const widths = headings.map((_, i) => Math.max(...[headings, ...rows].map(row => textWidth(row[i]!))));
  const whole = widths.reduce((sum, width) => sum + width + 2, -2);
  return whole <= columns
    ? [headings, ...rows].map(row =>
        row
          .map((cell, i) => cell + ' '.repeat(widths[i]! - textWidth(cell)))
          .join('  ')
          .trimEnd(),
      )
    : rows.flatMap((row, i) => [...(i > 0 ? [''] : []), ...block(headings, row, columns)]);
}

/** A cell that can't be broken is below its heading when there is no room beside it. */
function block(headings: string[], row: string[], columns: number): string[] {
  const beside = Math.max(...headings.map(textWidth)) + 2;
  return headings.flatMap((heading, i) => {
    const lines = wrap(row[i]!, columns, ' '.repeat(beside));
    if (lines.some(line => textWidth(line) > columns)) return [heading, ...wrap(row[i]!, columns, '  ')];
    const [first = '', ...rest] = lines;
    return [heading + first.slice(heading.length), ...rest];
  });
}
