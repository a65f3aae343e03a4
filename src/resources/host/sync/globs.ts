/** Which names take part: all, or those of `include`, but none of `exclude`. */
export interface Globs {
  include?: string[];
  exclude?: string[];
}

/**
 * Globs over relative paths: `*` and `?` stop at `/`, `**` doesn't. One without `/` is about the last part of the
 * name, in any directory, as in .gitignore.
 */
export function takes({ include, exclude = [] }: Globs, windows: boolean): (path: string) => boolean {
  const flags = windows ? 'iu' : 'u';
  const included = include?.map(glob => pattern(glob, flags));
  const excluded = exclude.map(glob => pattern(glob, flags));
  return path => (included?.some(each => each.test(path)) ?? true) && !excluded.some(each => each.test(path));
}

function pattern(glob: string, flags: string): RegExp {
  const source = glob
    .replace(/^\//, '')
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map(part => wildcards[part] ?? part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('');
  // A directory stands for all that is in it.
  return new RegExp(
    `${glob.includes('/') ? '^' : '^(?:.*\\/)?'}${source.replace(/\\\/$/, '')}(?:\\/.*)?$`,
    `${flags}s`,
  );
}

const wildcards: Record<string, string> = { '**/': '(?:.*\\/)?', '**': '.*', '*': '[^\\/]*', '?': '[^\\/]' };
