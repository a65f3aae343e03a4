import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { KnownRepository, RepositoryRef } from '../../replication/model/clients.ts';
import type { Repository } from '../../replication/model/repository.ts';

/** The same for whatever finds that points are gone. */
export const LOST_HINT =
  'mount it, correct the URL, or bring the points back; to begin anew knowingly, --allow the address';

/**
 * How what is at a URL is not the repository that earlier runs from here know, as one sentence; undefined
 * when it is, or none is known.
 */
export function lostRepository(
  { url }: Pick<RepositoryRef, 'url'>,
  known: KnownRepository | undefined,
  found: Pick<Repository, 'id'> | undefined,
): string | undefined {
  if (!known) return undefined;
  if (!found)
    return `the repository ${url.written} (${short(known.id)}), which earlier runs from here know, isn't there any more`;
  if (known.id === found.id) return undefined;
  return `at ${url.written} there is another repository (${short(found.id)}) than the one that earlier runs from here know (${short(known.id)})`;
}

/** The same as a diagnostic. */
export function repositoryLost(...asked: Parameters<typeof lostRepository>): Diagnostic | undefined {
  const gone = lostRepository(...asked);
  return gone === undefined ? undefined : world('points-lost', gone, { hint: LOST_HINT });
}

const short = (id: string): string => `id ${id.slice(0, 8)}…`;
