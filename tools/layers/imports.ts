/** One import of a file: what it names, and where. `undefined` for one that is computed when it runs. */
export interface Import {
  specifier: string | undefined;
  line: number;
  column: number;
}

const beforeRegex = /(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|await|yield)\s*$/;

/**
 * The text with comments, regular expressions and the words of template literals blanked, and what is between
 * the quotes of strings too, at the same length: what is left is code, so that an import in a comment or in
 * the text of an example isn't one.
 * @throws {Error} a string that doesn't end in its line: then this reader has lost its way
 */
export const codeOf = (text: string): string => {
  const out = text.split('');
  const blank = (from: number, to: number) => {
    for (let at = from; at < to && at < out.length; at++) if (out[at] !== '\n') out[at] = ' ';
  };
  // One entry for each `${` that is open: how many braces are open inside it.
  const nested: number[] = [];
  const upTo = (found: number) => (found < 0 ? text.length : found);

  const template = (start: number): number => {
    let at = start;
    for (; at < text.length && text[at] !== '`'; at++) {
      if (text[at] === '\\') at++;
      else if (text.startsWith('${', at)) {
        nested.push(0);
        blank(start, at);
        return at + 2;
      }
    }
    blank(start, at);
    return at + 1;
  };
  const quoted = (start: number): number => {
    let at = start + 1;
    for (; text[at] !== text[start]; at++) {
      if (text[at] === '\\') at++;
      if (at >= text.length || text[at] === '\n') throw new Error(`a string without an end at ${start}`);
    }
    blank(start + 1, at);
    return at + 1;
  };
  const regex = (start: number): number => {
    let set = false;
    let at = start + 1;
    for (; set || text[at] !== '/'; at++) {
      if (text[at] === '\\') at++;
      else if (text[at] === '[') set = true;
      else if (text[at] === ']') set = false;
      if (at >= text.length || text[at] === '\n') throw new Error(`a pattern without an end at ${start}`);
    }
    blank(start, at + 1);
    return at + 1;
  };
  const divides = (at: number): boolean => {
    const before = out.slice(Math.max(0, at - 40), at).join('');
    return /[\w$)\]}'"`]!?\s*$/.test(before) && !beforeRegex.test(before);
  };

  for (let at = 0; at < text.length; ) {
    const char = text[at]!;
    if (text.startsWith('//', at) || text.startsWith('#!', at)) {
      const end = upTo(text.indexOf('\n', at));
      blank(at, end);
      at = end;
    } else if (text.startsWith('/*', at)) {
      const end = upTo(text.indexOf('*/', at));
      blank(at, end + 2);
      at = end + 2;
    } else if (char === "'" || char === '"') at = quoted(at);
    else if (char === '`') at = template(at + 1);
    else if (char === '/' && !divides(at)) at = regex(at);
    else if (char === '}' && nested.at(-1) === 0) {
      nested.pop();
      at = template(at + 1);
    } else {
      if (nested.length > 0 && char === '{') nested[nested.length - 1]! += 1;
      if (nested.length > 0 && char === '}') nested[nested.length - 1]! -= 1;
      at++;
    }
  }
  return out.join('');
};

const statements = new RegExp(
  [
    // `import a from`, `import type { A } from`, `import * as a from`, `export { a } from`, `export * from`
    /(?<![.\w$])(?:import|export)\s*(?:type\s*)?[\w$*{},\s]*?(?<![\w$])from\s*(?=['"])/,
    // `import 'a'`
    /(?<![.\w$])import\s*(?=['"])/,
    // `import(...)`, `typeof import(...)`
    /(?<![.\w$])import\s*\(\s*/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

/** What a file imports or passes on, types included, statically or when it runs, in the order of the file. */
export const importsOf = (text: string): Import[] => {
  const code = codeOf(text);
  return [...code.matchAll(statements)].map(match => {
    const at = match.index + match[0].length;
    const quote = /['"]/.exec(code[at] ?? '')?.[0];
    const written = quote && text.slice(at + 1, code.indexOf(quote, at + 1));
    const before = text.slice(0, at).split('\n');
    const specifier = written?.includes('\\') ? undefined : written;
    return { specifier, line: before.length, column: before.at(-1)!.length + 1 };
  });
};
