import { textWidth } from './text-width.ts';

/**
 * Text in lines of at most `width` columns, broken at spaces, each after `indent`. A word that is longer
 * stays whole: a path or command that is broken can't be copied.
 */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line !== '' && indent.length + textWidth(line) + 1 + textWidth(word) > width) {
      lines.push(indent + line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return line === '' ? lines : [...lines, indent + line];
}
