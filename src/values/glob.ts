/**
 * A glob of names as a pattern of the whole name: `*` is any text, `/` too, since titles are paths; `?` is one
 * character. `flags` as of a RegExp, beside `s` and `u`.
 */
export const globOf = (glob: string, flags = ''): RegExp =>
  new RegExp(`^${sourceOf(glob, { '*': '.*', '?': '.' })}$`, `su${flags}`);

/**
 * A glob of relative paths: `*` and `?` stop at `/`, `**` doesn't. One without `/` is about the last part of the
 * path, in any directory, as in .gitignore; a directory stands for all that is in it.
 */
export const pathGlobOf = (glob: string, flags = ''): RegExp => {
  const source = sourceOf(glob.replace(/^\//, ''), inPaths).replace(/\\\/$/, '');
  return new RegExp(`${glob.includes('/') ? '^' : '^(?:.*\\/)?'}${source}(?:\\/.*)?$`, `su${flags}`);
};

const inPaths = { '**/': '(?:.*\\/)?', '**': '.*', '*': '[^\\/]*', '?': '[^\\/]' };

/** All but the wildcards stands for itself. */
function sourceOf(glob: string, wildcards: Readonly<Record<string, string>>): string {
  const parts = Object.hasOwn(wildcards, '**') ? /(\*\*\/|\*\*|\*|\?)/ : /(\*|\?)/;
  return glob
    .split(parts)
    .map(part => wildcards[part] ?? part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('');
}
