import { world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { OnDamage } from '../../replication/model/repository.ts';
import { selectPoint } from '../../replication/model/select-point.ts';
import { type Hold, hold, holdsKnown, holdsOf, release } from '../../replication/retention/holds.ts';
import { BY_HAND, pin, pinsKnown, unpin } from '../../replication/retention/pins.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { againWith } from './choose-point.ts';
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
    const { points, leaving, lost } = await found.history(() => {});
    const { id } = selectPoint(points, which, vm, {
      ...{ points: lost, leaving },
      again: againWith(['pin', vm], options, [], true),
    });
    if (options.release) {
      const isPinned = (await pinsKnown(repository, warnOf(context))).some(
        one => one.holder === BY_HAND && one.point === id,
      );
      if (!isPinned)
        context.reporter.diagnostics([
          { ...world('not-pinned', own`${id} of ${vm} was not pinned by hand`), severity: 'warning' },
        ]);
      await unpin(repository, BY_HAND, id);
    } else await pin(repository, BY_HAND, [{ vm: found.uuid, point: id }], clock.now());
    return id;
  });

/** What came of a hold that was asked for: what was ended, and what keeps the VM's points now. */
export interface Held {
  released?: Hold;
  /** The one that ends last first. */
  holds: Hold[];
}

/**
 * Keeps all points of a VM until a moment, or ends that: what a signal said first, since that is what
 * somebody has looked at, and what was said by hand when it is asked once more. Undefined when the manifests
 * have mistakes, which were told.
 *
 * @throws Failure `bad-time`, `vm-not-in-repository`
 */
export const holdVm = (
  context: Context,
  vm: string,
  until: string | undefined,
  options: Options,
): Promise<Held | undefined> =>
  withRepositoryOpen(context, options, vm, async ({ repository, clock }) => {
    const now = clock.now() + (repository.store.clockAhead?.() ?? 0);
    const { uuid } = await vmNamed(repository, vm);
    const warn = (code: 'not-held' | 'held-longer', message: string, hint?: string) =>
      context.reporter.diagnostics([
        { ...world(code, message, hint === undefined ? {} : { hint }), severity: 'warning' },
      ]);
    if (until === undefined) {
      const before = holdsOf(await holdsKnown(repository, warnOf(context)), uuid, now);
      const released = before.find(({ why }) => why !== undefined) ?? before[0];
      if (!released) warn('not-held', `${vm} is not held`);
      else await release(repository, released);
      const holds = holdsOf(await holdsKnown(repository, warnOf(context)), uuid, now);
      return { ...(released && { released }), holds };
    }
    const end = momentOf(until, now);
    await holdsKnown(repository, warnOf(context));
    await hold(repository, { vm: uuid, until: end, at: now });
    const holds = holdsOf(await holdsKnown(repository, warnOf(context)), uuid, now);
    const own = holds.find(({ why }) => why === undefined);
    if (own && own.until > end)
      warn(
        'held-longer',
        `${vm} is held until ${new Date(own.until).toISOString()} already, and stays so`,
        `to end that sooner: \`converge hold ${vm} --release\`, and hold it anew`,
      );
    return { holds };
  });

const warnOf =
  ({ reporter }: Context): OnDamage =>
  ({ diagnostics }) =>
    reporter.diagnostics(diagnostics.map(one => ({ ...one, severity: 'warning' as const })));
