import type { Claim, Id } from '../../../engine/model/resource-type.ts';

/** Whoever decides what is in the file at `path`. */
export const contentClaim = (path: Id, pointer = '', shared?: string): Claim => ({
  what: `the content of ${path}`,
  pointer,
  ...(shared === undefined ? { evenAbsent: true } : { shared }),
});

/** What the thing at `path` is; any number of resources may agree on that. */
export const kindClaim = (path: Id, shared: 'file' | 'directory', pointer = ''): Claim => ({
  what: `the path ${path}`,
  pointer,
  shared,
  evenAbsent: true,
});

/** Whoever decides which files there are in the directory at `path`, and would undo what others put there. */
export const filesClaim = (path: Id, pointer = ''): Claim => ({
  what: `the files in ${path}`,
  pointer,
  evenAbsent: true,
});

/** A file that is all of one resource's. */
export const wholeFile = (path: Id, pointer = ''): Claim[] => [
  kindClaim(path, 'file', pointer),
  contentClaim(path, pointer),
];
