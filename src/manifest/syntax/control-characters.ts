const names: Record<string, string> = { '\t': 'tab', '\n': 'line break', '\r': 'carriage return' };

/**
 * What is wrong with control characters in one line of text: most often `"c:\temp"`, where YAML reads
 * an escape. U+2028, U+2029 and U+00A0 count in double quotes, where `\L`, `\P` and `\_` make them.
 */
export function controlCharacters(
  text: string,
  source: string,
  style: string | null | undefined,
): { message: string; hint: string } | undefined {
  const doubleQuoted = style === 'QUOTE_DOUBLE';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const pattern = doubleQuoted ? /[\x00-\x1f\x7f-\xa0\u2028\u2029]/ : /[\x00-\x1f\x7f-\x9f\u2028\u2029]/;
  const character = pattern.exec(text)?.[0];
  if (character === undefined) return undefined;
  const name = names[character] ?? `control character (U+${hex(character)})`;
  if (doubleQuoted && source.includes('\\'))
    return {
      message: `a backslash in double quotes made a ${name} here`,
      hint: singleQuoted(source),
    };
  if (style?.startsWith('BLOCK_'))
    return { message: `expected one line of text, found a ${name}`, hint: 'use `>-` to join lines into one' };
  return { message: `expected one line of text, found a ${name}`, hint: `remove the ${name}` };
}

function singleQuoted(source: string): string {
  const inner = source.slice(1, -1);
  const shown = inner.length <= 60 && !inner.includes('\n') && !inner.includes("'");
  return shown ? `use single quotes: '${inner}'` : 'use single quotes';
}

const hex = (character: string): string =>
  character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
