import { Failure, world } from '../../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../../engine/model/io.ts';
import type { Id } from '../../../engine/model/resource-type.ts';
import { gitSays, type Remote } from './run-git.ts';

/** A revision by its name on the server, or a commit by itself. */
export interface Found {
  commit: string;
  /** `refs/heads/main`, `refs/tags/v1`, `HEAD`. */
  ref?: string;
}

export const isCommit = (revision: string | undefined): revision is string =>
  revision !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(revision);

/**
 * Asks the server which commit a branch or tag is at; a branch goes before a tag. One request, none for a
 * commit.
 */
export async function findRevision(
  revision: string | undefined,
  { at, remote }: { at: Id; remote: Remote },
  io: ReadIo,
): Promise<Found> {
  if (isCommit(revision)) return { commit: revision.toLowerCase() };
  const refs =
    revision === undefined
      ? ['HEAD']
      : [`refs/heads/${revision}`, `refs/tags/${revision}`, `refs/tags/${revision}^{}`];
  const said = await gitSays(['ls-remote', '--', remote.url, ...refs], at, remote, io);
  const commits = new Map(
    said.split('\n').flatMap(line => {
      const [commit = '', ref = ''] = line.split('\t');
      return commit === '' ? [] : [[ref, commit] as const];
    }),
  );
  const [first, tag, peeled] = refs;
  if (commits.has(first!)) return { commit: commits.get(first!)!, ref: first! };
  // An annotated tag is an object of its own; `^{}` is the commit behind it.
  const commit = commits.get(peeled ?? '') ?? commits.get(tag ?? '');
  if (commit !== undefined) return { commit, ref: tag! };
  throw new Failure(
    world('git-no-revision', `the repository ${remote.url} has no branch and no tag ${revision ?? 'HEAD'}`, {
      hint: 'check the name; a commit is written with all of its 40 digits',
    }),
  );
}
