import { pause, pausesIn, refuseFailedOver, resume } from '../../replication/model/pauses.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { momentOf } from '../repository/moments.ts';
import { vmNamed, withRepositoryOpen } from '../repository/with-repository.ts';

type Options = RepositoryOptions & CommonOptions;

/**
 * Lets no agent begin a cycle of a VM until a moment: an RFC 3339 time or a duration from now. Answers with
 * it, ms since the epoch; undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `bad-time`, `vm-not-in-repository`
 */
export const pauseVm = (
  context: Context,
  vm: string,
  until: string,
  options: Options,
): Promise<{ until: number } | undefined> =>
  withRepositoryOpen(context, options, vm, async ({ repository, clock }) => {
    const now = clock.now() + (repository.store.clockAhead?.() ?? 0);
    const end = momentOf(until, now);
    const { uuid } = await vmNamed(repository, vm);
    await pause(repository, { vm: uuid, until: end, why: 'paused', at: now });
    return { until: end };
  });

/**
 * Ends the pause of a VM, if it has one.
 *
 * @throws Failure `vm-not-in-repository`; `failed-over`, blocked: agents go on leaving it alone
 */
export const resumeVm = (
  context: Context,
  vm: string,
  options: Options,
): Promise<{ wasPaused: boolean } | undefined> =>
  withRepositoryOpen(context, options, vm, async ({ repository, clock }) => {
    const { uuid } = await vmNamed(repository, vm);
    const pauses = await pausesIn(repository);
    const now = clock.now() + (repository.store.clockAhead?.() ?? 0);
    const wasPaused = pauses.some(
      one => one.vm === uuid && one.why === 'paused' && (one.until ?? now) >= now,
    );
    await resume(repository, uuid);
    await refuseFailedOver(repository, { uuid, name: vm });
    return { wasPaused };
  });
