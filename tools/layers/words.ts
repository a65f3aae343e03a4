/** Turns of phrase that no native speaker writes, and what to write. Each is looked for within one line. */
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
  { pattern: /\bat one time\b|\banything else than\b/g, write: '"at the same time", "anything but"' },
];

/** Where texts by path speak like that: comments, messages and pages alike. */
export const checkWords = (texts: ReadonlyMap<string, string>): string[] =>
  [...texts].flatMap(([file, text]) =>
    text
      .split('\n')
      .flatMap((line, at) =>
        phrases.flatMap(({ pattern, write }) =>
          [...line.matchAll(pattern)].map(
            ({ 0: found, index }) =>
              `${file}:${at + 1}:${index + 1}: "${found}" is not English; write ${write}`,
          ),
        ),
      ),
  );
