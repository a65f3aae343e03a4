import { codeOf } from './imports.ts';

/** What writes to an output, or could, and the files that may name it; a folder ends with a slash. */
const exits: readonly { pattern: RegExp; what: string; may: readonly string[]; in?: string }[] = [
  { pattern: /\bconsole\b(?=\s*(?:\?\.|[.[]))/g, what: 'console', may: [] },
  {
    pattern: /\bprocess\s*(?:\?\.|\.)\s*(?:stdout|stderr|stdin|_rawDebug)\b/g,
    what: "the process's own output",
    may: ['cli/process.ts', 'cli/entry.ts'],
  },
  {
    // Whoever has the process as a value has its outputs as well.
    pattern:
      /(?<![.\w$])(?:globalThis|global)\s*\.\s*process\b|(?<![.\w$])process\b(?!\s*[.:?\w$(])(?!\s*,\s*signal)/g,
    what: 'the process as a value',
    may: [],
  },
  {
    pattern: /\bstd(?:out|err)\s*\.\s*write\b/g,
    what: 'a raw write',
    may: ['cli/process.ts', 'cli/entry.ts'],
  },
  { pattern: /\bstyleText\b/g, what: 'markup of a terminal', may: ['diagnostics/lines.ts'] },
  {
    pattern: /\b(?:Output|CliIo)\b/g,
    what: 'an output that takes raw text',
    in: 'cli/',
    may: ['cli/text/', 'cli/process.ts', 'cli/main.ts', 'cli/context/cli-context.ts'],
  },
];

/** Where `src` says something that doesn't leave through `cli/text`. `texts` are its files by path. */
export const checkExits = (texts: ReadonlyMap<string, string>): string[] =>
  [...texts].flatMap(([file, text]) => {
    if (!file.endsWith('.ts') || file.endsWith('.d.ts')) return [];
    const code = codeOf(text);
    return exits.flatMap(({ pattern, what, may, in: room = '' }) => {
      if (!file.startsWith(room)) return [];
      if (may.some(name => (name.endsWith('/') ? file.startsWith(name) : file === name))) return [];
      return [...code.matchAll(pattern)].map(({ index }) => {
        const before = code.slice(0, index).split('\n');
        return `src/${file}:${before.length}:${before.at(-1)!.length + 1}: ${what}; hand lines to src/cli/text, which cleans them`;
      });
    });
  });
