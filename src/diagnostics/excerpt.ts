import type { SourceRange } from './diagnostic.ts';
import { characters, keepStart, printable, textWidth } from './text-width.ts';

const tab = '  ';
const ellipsis = '...';

/**
 * One source line and the carets below it, both at most `width` columns: a longer line is cut around
 * the range. A range over several lines is marked to the end of its first.
 */
export function excerpt(
  line: string,
  { line: row, column, endLine = row, endColumn = column }: SourceRange,
  width: number,
): { source: string; caret: string } {
  const from = boundary(line, Math.min(column - 1, line.length));
  const to = endLine > row ? line.trimEnd().length : Math.min(endColumn - 1, line.length);
  // A line may have megabytes: what can't be seen anyway isn't measured. Few characters have no width.
  const start = boundary(line, Math.max(0, from - 4 * width));
  const end = boundary(line, Math.min(line.length, from + 4 * width));
  const marked = expand(line.slice(from, Math.min(end, Math.max(from, to))));
  let before = expand(line.slice(start, from));
  let rest = marked + expand(line.slice(Math.min(end, Math.max(from, to)), end));
  const isCut = start > 0 || end < line.length;
  if (isCut || textWidth(before) + textWidth(rest) > width) {
    const room = Math.max(Math.floor(width / 2), width - textWidth(rest));
    if (textWidth(before) > room) before = ellipsis + keepEnd(before, room - ellipsis.length);
    const left = width - textWidth(before);
    if (textWidth(rest) > left) rest = keepStart(rest, left - ellipsis.length) + ellipsis;
  }
  const carets = Math.max(1, Math.min(textWidth(marked), width - textWidth(before)));
  return { source: before + rest, caret: ' '.repeat(textWidth(before)) + '^'.repeat(carets) };
}

const expand = (text: string): string => printable(text.replaceAll('\t', tab));

/** Never between the two halves of a surrogate pair. */
const boundary = (text: string, index: number): number =>
  /^[\udc00-\udfff]/.test(text.slice(index, index + 1)) ? index - 1 : index;

function keepEnd(text: string, columns: number): string {
  const last = [...characters(text.slice(-columns * 4))];
  let width = 0;
  let start = last.length;
  while (start > 0) {
    width += textWidth(last[start - 1]!);
    if (width > columns) break;
    start--;
  }
  return last.slice(start).join('');
}
