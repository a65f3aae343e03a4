// Not picomatch: here `[`, `{`, `(`, `!` and `\` stand for themselves, since titles hold them, `*` takes a
// leading dot, and in a name it takes `/` as well. With all of that turned off there, these lines are what is
// left.

/**
 * A glob of names as a pattern of the whole name: `*` is any text, `/` too, since titles are paths; `?` is
 * one character. `flags` as of a RegExp, beside `s` and `u`.
 */
export const globOf = (glob: string, flags = ''): RegExp =>
  new RegExp(`^${sourceOf(glob, inNames)}$`, `su${flags}`);

/**
 * A glob of relative paths: `*` and `?` stop at `/`, `**` doesn't. One without `/` is about the last part of
 * the path, in any directory, as in .gitignore; a directory stands for all that is in it.
 */
export const pathGlobOf = (glob: string, flags = ''): RegExp => {
  const source = sourceOf(glob.replace(/^\//, ''), inPaths).replace(/\\\/$/, '');
  return new RegExp(`${glob.includes('/') ? '^' : '^(?:.*\\/)?'}${source}(?:\\/.*)?$`, `su${flags}`);
};

const inNames = new Map([
  ['*', '.*'],
  ['?', '.'],
]);
const inPaths = new Map([
  ['**/', '(?:.*\\/)?'],
  ['**', '.*'],
  ['*', '[^\\/]*'],
  ['?', '[^\\/]'],
]);

/** All but the wildcards stands for itself. */
const sourceOf = (glob: string, wildcards: ReadonlyMap<string, string>): string =>
  glob
    .split(wildcards === inPaths ? /(\*\*\/|\*\*|\*|\?)/ : /(\*|\?)/)
    .map(part => wildcards.get(part) ?? part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('');
