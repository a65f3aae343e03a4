import { Failure, failedWith, world } from '../diagnostics/diagnostic.ts';
import { own } from '../diagnostics/own-words.ts';
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
  EIO: 'the device failed',
  EXDEV: 'it is on another file system',
};

/** Windows answers the same for a file that is open and for one that may not be written. */
const inUse = 'end the program that has it open (a service, a site), or run as an administrator';

export { codeOf };

const makes = 'make the directory';

/** Why, in words: the operating system's code where there are none. */
export const reasonOf = (error: unknown): string => {
  const code = codeOf(error);
  return (code && reasons[code]) ?? code ?? String(error);
};

/** Whether there was no room for what was to be written. */
export const isFull = (error: unknown): boolean =>
  failedWith(error, 'disk-full') ||
  ['ENOSPC', 'EDQUOT'].includes(codeOf(error) ?? '') ||
  (error instanceof Failure && isFull(error.cause));

const reasonFor = (code: string, verb: string): string =>
  code === 'EEXIST' && verb === makes ? 'a file is in its place' : (reasons[code] ?? code);

/** What the operating system answered, as a Failure (world) that says what was tried on which path. */
export function fileFailure(error: unknown, verb: string, path: string): Error {
  if (error instanceof Refused)
    return new Failure(
      world(
        'file-refused',
        own`can't ${verb} ${path}: ${error.message}`,
        error.hint === undefined ? {} : { hint: error.hint },
      ),
      { cause: error },
    );
  const code = codeOf(error);
  if (error instanceof Failure || code === undefined) return error as Error;
  const reason = reasonFor(code, verb);
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
    world(code === 'ENOSPC' ? 'disk-full' : 'file-access', own`can't ${verb} ${path}: ${reason}`, hint),
    { cause: error },
  );
}

/** What was tried, by the name of the system call. */
const verbs: Record<string, string> = {
  mkdir: makes,
  open: 'open',
  read: 'read',
  write: 'write',
  rename: 'replace',
  unlink: 'remove',
  rmdir: 'remove',
  scandir: 'list',
  stat: 'look at',
  lstat: 'look at',
};

/** Answers that say something of the place, not of a mistake in converge. */
const ofPlace = new Set(
  'EACCES EPERM EROFS ENOSPC EDQUOT ENOTDIR EEXIST EISDIR ELOOP ENAMETOOLONG EMFILE EBUSY EIO'.split(' '),
);

/**
 * An error of Node as a Failure (world), when the operating system refused something that depends on the
 * place that was named: no rights, a full disk, a file where a directory has to be. Undefined for everything
 * else.
 */
export function refusedBySystem(error: unknown): Failure | undefined {
  const code = codeOf(error);
  if (code === undefined || !ofPlace.has(code)) return undefined;
  const { syscall = '', path } = error as NodeJS.ErrnoException;
  const verb = verbs[syscall] ?? 'use';
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  const hint = full
    ? 'make room, then run it again'
    : 'write to a place that is yours: --lab DIR, --state DIR and --to DIR name one';
  const what = path === undefined ? 'write' : `${verb} ${path}`;
  return new Failure(
    world(full ? 'disk-full' : 'file-access', own`can't ${what}: ${reasonFor(code, verb)}`, { hint }),
    {
      cause: error,
    },
  );
}

const away: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to its network',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be resolved at present',
  ETIMEDOUT: 'it did not answer in time',
  ECONNRESET: 'it ended the connection',
  EPROTO: 'it does not speak TLS',
};

/** Why a peer can't be reached by the code of Node's error, as a clause; undefined: nothing is known. */
export const awayWords = (code: string): string | undefined => away[code];

/** How a program ended, after its name; -1 is how `Processes` says that a signal ended it. */
export const endWords = (exitCode: number): string =>
  exitCode === -1 ? own`was killed` : own`ended with exit code ${exitCode}`;
