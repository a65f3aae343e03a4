import type { Line, Lines, Span } from './lines.ts';
import { printable, textWidth } from './text-width.ts';

/**
 * Lines of at most `width` columns, broken at spaces, what follows below the beginning and two columns
 * further in. A word that is longer stays whole: a path or command that is broken can't be copied.
 */
export const folded = (lines: Lines, width: number): Lines => lines.flatMap(line => foldedLine(line, width));

function foldedLine(line: Line, width: number): Lines {
  if (typeof line === 'object' && 'command' in line) return [line];
  const spans = (typeof line === 'string' ? [line] : line).map(one =>
    typeof one === 'string' ? { text: printable(one) } : { ...one, text: printable(one.text) },
  );
  const plain = spans.map(({ text }) => text).join('');
  if (textWidth(plain) <= width) return [line];
  const indent = /^ */.exec(plain)![0];
  const hanging = indent.length + 2 > width / 2 ? '' : `${indent}  `;
  return piecesOf(plain, width, hanging.length).map(([from, to], at) => [
    ...(at > 0 ? [hanging] : []),
    ...cut(spans, from, to),
  ]);
}

/** Where each line begins and ends. */
function piecesOf(plain: string, width: number, hanging: number): [from: number, to: number][] {
  const pieces: [number, number][] = [];
  let from = 0;
  let to = 0;
  let used = 0;
  for (const word of plain.matchAll(/[^ ]+/g)) {
    const gap = word.index - to;
    const wide = textWidth(word[0]);
    if (to > 0 && used + gap + wide > width) {
      pieces.push([from, to]);
      from = word.index;
      used = hanging + wide;
    } else used += gap + wide;
    to = word.index + word[0].length;
  }
  return [...pieces, [from, to]];
}

/** What of the spans is between two characters of their text. */
function cut(spans: readonly Span[], from: number, to: number): Span[] {
  let at = 0;
  return spans.flatMap(span => {
    const start = at;
    at += span.text.length;
    const text = span.text.slice(Math.max(0, from - start), Math.max(0, to - start));
    return text === '' ? [] : [{ ...span, text }];
  });
}
