import { world } from '../../diagnostics/diagnostic.ts';
import { BY_HAND, pin, unpin } from '../../replication/model/pins.ts';
import { selectPoint } from '../../replication/model/select-point.ts';
import { heldUntil, hold, holdsIn, release } from '../../replication/retention/holds.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { momentOf } from './moments.ts';
import { vmNamed, withRepositoryOpen } from './with-repository.ts';

type Options = RepositoryOptions & CommonOptions;

/**
 * Pins a point of a VM, so that nothing removes it, or lifts that. Answers with its id; undefined when the
 * manifests have mistakes, which were told.
 *
 * @throws Failure `no-such-point`, `vm-not-in-repository`
 */
export const pinPoint = (
  context: Context,
  vm: string,
  which: string,
  options: Options & { release?: boolean },
): Promise<string | undefined> =>
  withRepositoryOpen(context, options, vm, async ({ repository, clock }) => {
    const found = await vmNamed(repository, vm);
    const { points, lost } = await found.history(() => {});
    const { id } = selectPoint(points, which, vm, {
      points: lost,
      again: one => `converge pin ${vm} ${one}`,
    });
    if (options.release) await unpin(repository, BY_HAND, id);
    else await pin(repository, BY_HAND, [{ vm: found.uuid, point: id }], clock.now());
    return id;
  });

/**
 * Keeps all points of a VM until a moment, or no longer. Answers with it, 'released' without one; undefined
 * when the manifests have mistakes, which were told.
 *
 * @throws Failure `bad-time`, `vm-not-in-repository`
 */
export const holdVm = (
  context: Context,
  vm: string,
  until: string | undefined,
  options: Options,
): Promise<number | 'released' | undefined> =>
  withRepositoryOpen(context, options, vm, async ({ repository, clock }) => {
    const now = clock.now() + (repository.store.clockAhead?.() ?? 0);
    const { uuid } = await vmNamed(repository, vm);
    if (until === undefined) {
      if (heldUntil(await holdsIn(repository), uuid, now) === undefined)
        context.reporter.diagnostics([{ ...world('not-held', `${vm} is not held`), severity: 'warning' }]);
      await release(repository, uuid);
      return 'released';
    }
    const end = momentOf(until, now);
    await hold(repository, { vm: uuid, until: end, at: now });
    return end;
  });
