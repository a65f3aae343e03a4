/**
 * A command line in words as a POSIX shell would see them, without anything that it expands. A quote that
 * isn't closed yet goes to the end; after a space at the end the last word is empty.
 */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!;
    if (quote !== '') {
      if (character === quote) quote = '';
      else word += quote === '"' && character === '\\' && i + 1 < line.length ? line[++i]! : character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= '';
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + (character === '\\' && i + 1 < line.length ? line[++i]! : character);
    }
  }
  return [...words, word ?? ''];
}
