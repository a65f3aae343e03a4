import { blocked, Failure } from '../../../diagnostics/diagnostic.ts';
import { encodeRoot } from '../../format/root.ts';
import { SALT_BYTES, sealObject } from '../../format/sealing.ts';
import { newestRoot, readable, readHead } from '../read/points.ts';
import type { VmContext } from '../read/repository-context.ts';

/** Commits that may come between a look and a write before this is given up. */
const mostRaces = 20;

/**
 * Writes the head anew, with another ETag and the sign that the VM may be failed over: whoever read the old
 * one commits no more, and whoever reads it from now on looks at the pauses first.
 * Where there is none, the newest point gets one. A damaged one is left: whoever mends it reads it again
 * before it commits. A cycle that sees to no head and no point has nothing that could be run elsewhere.
 *
 * @throws Failure `list-changed`, blocked, when commits keep coming between
 */
export async function fenceHead(context: VmContext): Promise<void> {
  const { store, vault, random, names } = context;
  for (let race = 0; race < mostRaces; race++) {
    let damaged = false;
    const head = await readable(readHead(context), () => {
      damaged = true;
    });
    if (damaged) return;
    const root = head?.root ?? (await newestRoot(context, () => {}));
    if (!root) return;
    const bytes = sealObject(
      vault,
      'head',
      names.head,
      random.bytes(SALT_BYTES),
      encodeRoot({ ...root, suspended: true }),
    );
    const when = head ? { ifMatch: head.etag } : ({ ifNoneMatch: '*' } as const);
    if ((await store.put(names.head, bytes, { when })).ok) return;
  }
  throw new Failure(
    blocked('list-changed', `cycles of a VM keep committing while it is failed over`, { hint: 'run again' }),
  );
}
