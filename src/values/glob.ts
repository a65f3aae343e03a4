// Not picomatch: here `[`, `{`, `(`, `!` and `\` stand for themselves, since titles hold them, `*` takes a
// leading dot, and in a name it takes `/` as well. With all of that turned off there, these lines are what is
// left. Nor a RegExp: one with a dozen stars tries more ways than anybody can wait for, and a glob may come
// from whoever reads a page.

/** Whether a whole text fits; the time it takes grows with the text and the glob, whatever is in them. */
export interface Glob {
  test(text: string): boolean;
}

/** About one character, or one code point of it. */
type Fits = (character: string) => boolean;

/** `leaveOut`: so many of the next steps may be left out together. */
type Step = { one: Fits } | { many: Fits } | { leaveOut: number };

const any: Fits = () => true;
const notSlash: Fits = character => character !== '/';
const slash: Step = { one: character => character === '/' };

/** Folders up to one of them, or none. */
const folders: readonly Step[] = [{ leaveOut: 2 }, { many: any }, slash];
const whatIsInIt: readonly Step[] = [{ leaveOut: 2 }, slash, { many: any }];

/**
 * A glob of names: `*` is any text, `/` too, since titles are paths; `?` is one character. With `i` case
 * doesn't count.
 */
export const globOf = (glob: string, flags: 'i' | '' = ''): Glob =>
  matching(stepsOf(partsOf(glob, /(\*|\?)/), inNames, flags), flags);

/**
 * A glob of relative paths: `*` and `?` stop at `/`, `**` doesn't. One without `/` is about the last part of
 * the path, in any directory, as in .gitignore; a directory stands for all that is in it.
 */
export function pathGlobOf(glob: string, flags: 'i' | '' = ''): Glob {
  const parts = partsOf(glob.replace(/^\//, ''), /(\*\*\/|\*\*|\*|\?)/);
  const last = parts.pop() ?? '';
  const steps = stepsOf([...parts, inPaths.has(last) ? last : last.replace(/\/$/, '')], inPaths, flags);
  return matching([...(glob.includes('/') ? [] : folders), ...steps, ...whatIsInIt], flags);
}

const inNames: ReadonlyMap<string, readonly Step[]> = new Map([
  ['*', [{ many: any }]],
  ['?', [{ one: any }]],
]);
const inPaths: ReadonlyMap<string, readonly Step[]> = new Map([
  ['**/', folders],
  ['**', [{ many: any }]],
  ['*', [{ many: notSlash }]],
  ['?', [{ one: notSlash }]],
]);

/** Nothing is left between two wildcards that stand together. */
const partsOf = (glob: string, wildcards: RegExp): string[] =>
  glob.split(wildcards).filter(part => part !== '');

const folded = (text: string, flags: string): string => (flags === 'i' ? text.toLowerCase() : text);

/** All but the wildcards stands for itself. */
const stepsOf = (
  parts: readonly string[],
  wildcards: ReadonlyMap<string, readonly Step[]>,
  flags: string,
): Step[] =>
  parts.flatMap(
    part => wildcards.get(part) ?? [...folded(part, flags)].map((own): Step => ({ one: one => one === own })),
  );

const matching = (steps: readonly Step[], flags: string): Glob => ({
  test(text) {
    let at = reached(steps, new Set([0]));
    for (const character of folded(text, flags)) {
      const next = new Set<number>();
      for (const n of at) {
        const step = steps[n];
        if (step && 'one' in step && step.one(character)) next.add(n + 1);
        if (step && 'many' in step && step.many(character)) next.add(n);
      }
      at = reached(steps, next);
    }
    return at.has(steps.length);
  },
});

/** What can be the next step without another character. A set also gives what is added meanwhile. */
function reached(steps: readonly Step[], at: Set<number>): Set<number> {
  for (const n of at) {
    const step = steps[n];
    if (step && 'leaveOut' in step) at.add(n + 1).add(n + 1 + step.leaveOut);
    if (step && 'many' in step) at.add(n + 1);
  }
  return at;
}
