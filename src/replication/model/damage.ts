import { Failure, failedWith, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';

/** The repository format that this converge reads and writes. */
export const FORMAT = 2;

/** An object of the repository that doesn't hold what was once written to it. */
export const damaged = (
  key: string,
  why: string,
  cause?: unknown,
  hint = own`run \`converge verify\` to learn which recovery points it breaks; \`converge repair\` writes anew what needs no source, and the next cycle the rest; with bucket versioning an older version may be whole`,
) =>
  new Failure(world('damaged-object', own`the repository's object ${key} is damaged: ${why}`, { hint }), {
    cause,
  });

/** What a repository can't be opened without: nobody can look what else is damaged. */
export const bringBack = (key: string): string =>
  `bring ${key} back from an older version of the bucket or from a copy: the recovery points need it`;

/** An object that something refers to and that isn't there. */
export const missing = (key: string) =>
  new Failure(
    world('missing-object', `the repository's object ${key} is missing`, {
      hint: 'run `converge verify` to learn which recovery points it breaks; `converge repair` writes anew what needs no source, and the next cycle the rest',
    }),
  );

export const newerFormat = (what: string, version: number) =>
  new Failure(
    world('newer-format', `${what} has format ${version}; this converge reads format ${FORMAT}`, {
      hint: `use a converge that knows repository format ${version}`,
    }),
  );

/** One whose sections have other tags: nothing in it could be read, and nothing may be written to it. */
export const olderFormat = (url: string, version: number) =>
  new Failure(
    world(
      'older-format',
      `the repository ${url} has format ${version}, which no released converge wrote; this one reads format ${FORMAT}`,
      {
        hint: 'restore from it with the converge that made it, and let the VMs be replicated to an empty prefix or directory',
      },
    ),
  );

/**
 * Whether it is one object that can't be read, while others may be: it is damaged, of a newer format, in an
 * archive that nothing is read from at once, or refused to whoever looks for faults.
 */
export const isUnreadable = (error: unknown): error is Failure =>
  failedWith(error, 'damaged-object', 'newer-format', 'object-archived', 'object-refused');
