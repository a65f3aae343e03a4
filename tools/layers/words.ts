/** Turns of phrase that no native speaker writes, and what to write. */
const phrases: readonly { pattern: RegExp; write: string }[] = [
  {
    // "There is no key" and the idioms of this kind are English.
    pattern:
      /(?<![Tt]here |or )\b(?:is|are) no (?!longer|more|less|use|need|way|other|reason|place|part|limit)[\w.`-]+/g,
    write: '"is not a ..."',
  },
  { pattern: /\bknows no (?!more|better)\w+/g, write: '"does not know ..."' },
  {
    pattern:
      /\bstands? (?:in|there|here|beside|before|behind|below|above|under|within|between|inside)\b(?! for\b| the way\b| all others\b|\.)/g,
    write: '"is in ..."; what holds something up it rests on',
  },
  {
    pattern:
      /\b(?:lie|lies) (?:in|there|here|at|on|beside|before|behind|below|above|under|within|between)\b/g,
    write: '"is in ..."',
  },
  { pattern: /\b(?:stands|lies) (?:twice|where|too)\b|\bhow it stands\b/g, write: '"appears", "is"' },
  { pattern: /\b(?:[Ss]ays?|said|[Tt]old) of (?!which|all that is of)\w+/g, write: '"says about ..."' },
  {
    // "There is none", "is none of them" and "none is left" are English.
    pattern: /\b(?![Tt]here )\w+ (?:is|are) none\b(?! of\b)/g,
    write: '"isn\'t one"',
  },
  {
    // A question ("who has it") is English; the subject of a statement is "whoever".
    pattern: /(?<=^|[.:;] )[Ww]ho \w+ (?:[\w.`/-]+ ){1,6}?(?:gives|needs|has|decides|reads|lists)\b/g,
    write: '"whoever ..."',
  },
  { pattern: /\bat one time\b|\banything else than\b/g, write: '"at the same time", "anything but"' },
];

/**
 * A phrase goes on in the next line of a paragraph or of a comment, behind what each of its lines begins
 * with.
 */
const lineStart = /^\s*(?:\*(?!\/)|\/\/)?\s*/;

/**
 * The lines of a paragraph in one, and where each begins in it: at which line of the text, and how far in.
 */
interface Paragraph {
  text: string;
  parts: { from: number; line: number; column: number }[];
}

const paragraphsOf = (text: string): Paragraph[] => {
  const all: Paragraph[] = [{ text: '', parts: [] }];
  for (const [line, whole] of text.split('\n').entries()) {
    const column = lineStart.exec(whole)![0].length;
    const words = whole.slice(column).trimEnd();
    if (words === '') {
      all.push({ text: '', parts: [] });
      continue;
    }
    const last = all.at(-1)!;
    if (last.text !== '') last.text += ' ';
    last.parts.push({ from: last.text.length, line, column });
    last.text += words;
  }
  return all;
};

/** Where texts by path speak like that: comments, messages and pages alike. */
export const checkWords = (texts: ReadonlyMap<string, string>): string[] =>
  [...texts].flatMap(([file, whole]) =>
    paragraphsOf(whole).flatMap(({ text, parts }) =>
      phrases.flatMap(({ pattern, write }) =>
        [...text.matchAll(pattern)].map(({ 0: found, index }) => {
          const part = parts.findLast(({ from }) => from <= index)!;
          const column = part.column + index - part.from + 1;
          return `${file}:${part.line + 1}:${column}: "${found}" is not English; write ${write}`;
        }),
      ),
    ),
  );
