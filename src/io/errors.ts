import { Failure, world } from '../diagnostics/diagnostic.ts';
import { codeOf } from './handles/code-of.ts';
import { Refused } from './handles/folder.ts';

const reasons: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'the operation is not permitted',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'it is a directory',
  EEXIST: 'it exists already',
  ENOTEMPTY: 'the directory is not empty',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  EBUSY: 'it is in use',
  EXDEV: 'it lies on another file system',
};

/** Windows answers the same for a file that is open and for one that may not be written. */
const inUse = 'end the program that has it open (a service, a site), or run as an administrator';

export { codeOf };

/** What the operating system answered, as a Failure (world) that says what was tried on which path. */
export function fileFailure(error: unknown, verb: string, path: string): Error {
  if (error instanceof Refused)
    return new Failure(
      world(
        'file-refused',
        `can't ${verb} ${path}: ${error.message}`,
        error.hint === undefined ? {} : { hint: error.hint },
      ),
      { cause: error },
    );
  const code = codeOf(error);
  if (error instanceof Failure || code === undefined) return error as Error;
  const reason = reasons[code] ?? code;
  const ways: Record<string, string> = {
    ENOENT: 'make the directory first, or declare it',
    ...(process.platform === 'win32' && {
      EPERM: inUse,
      EACCES: inUse,
      EBUSY: inUse,
    }),
  };
  const hint = ways[code] === undefined ? {} : { hint: ways[code] };
  return new Failure(
    world(code === 'ENOSPC' ? 'disk-full' : 'file-access', `can't ${verb} ${path}: ${reason}`, hint),
    { cause: error },
  );
}
