import { pathGlobOf } from '../../../values/glob.ts';

/** Which names take part: all, or those of `include`, but none of `exclude`. */
export interface Globs {
  include?: string[];
  exclude?: string[];
}

/** Whether a relative path takes part; names of Windows have no case. */
export function takes({ include, exclude = [] }: Globs, windows: boolean): (path: string) => boolean {
  const flags = windows ? 'i' : '';
  const included = include?.map(glob => pathGlobOf(glob, flags));
  const excluded = exclude.map(glob => pathGlobOf(glob, flags));
  return path => (included?.some(each => each.test(path)) ?? true) && !excluded.some(each => each.test(path));
}
