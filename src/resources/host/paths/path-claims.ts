import type { Claim, Id } from '../../../engine/model/resource-type.ts';

/** Whoever decides what is in the file at `path`. */
export const contentClaim = (path: Id, pointer = '', shared?: string): Claim => ({
  what: `the content of ${path}`,
  pointer,
  path,
  ...(shared === undefined ? { evenAbsent: true } : { shared }),
});

/** What the thing at `path` is; any number of resources may agree on that. */
export const kindClaim = (path: Id, shared: 'file' | 'directory', pointer = ''): Claim => ({
  what: `the path ${path}`,
  pointer,
  path,
  shared,
  evenAbsent: true,
});

/** Whoever decides which files there are in the directory at `path`, and would undo what others put there. */
export const filesClaim = (path: Id, pointer = ''): Claim => ({
  what: `the files in ${path}`,
  pointer,
  path,
  evenAbsent: true,
});

/** Whoever puts files into the directory at `path`, and leaves those of others. */
export const addedFilesClaim = (path: Id, pointer = ''): Claim => ({
  what: `what is put into ${path}`,
  pointer,
  path,
  shared: 'added',
});

/** A file that is all of one resource's. */
export const wholeFile = (path: Id, pointer = ''): Claim[] => [
  kindClaim(path, 'file', pointer),
  contentClaim(path, pointer),
];
