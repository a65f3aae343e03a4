import { failedWith } from '../../diagnostics/diagnostic.ts';
import { expandSelections } from '../../engine/select/members.ts';
import { pause, pausesKnown, refuseFailedOver, resume } from '../../replication/model/pauses.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { momentOf } from '../repository/moments.ts';
import { type OpenedRepository, vmNamed, withRepositoryOpen } from '../repository/with-repository.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';

type Options = RepositoryOptions & CommonOptions;

/**
 * Lets no agent begin a cycle of a VM until a moment: an RFC 3339 time or a duration from now. Answers with
 * it, ms since the epoch; undefined when the manifests have mistakes, which were told.
 *
 * @throws Failure `bad-time`, `vm-not-in-repository`: nor do the manifests mean such a VM
 */
export const pauseVm = (
  context: Context,
  vm: string,
  until: string,
  options: Options,
): Promise<{ until: number } | undefined> =>
  withRepositoryOpen(context, options, vm, async opened => {
    const { repository, clock } = opened;
    const now = clock.now() + (repository.store.clockAhead?.() ?? 0);
    const end = momentOf(until, now);
    const names = await namesOf(context, opened, vm, options);
    await pause(repository, { vm: names[0]!, until: end, why: 'paused', at: now }, names);
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
  withRepositoryOpen(context, options, vm, async opened => {
    const { repository, clock } = opened;
    const names = await namesOf(context, opened, vm, options);
    const pauses = await pausesKnown(repository, ({ diagnostics }) =>
      context.reporter.diagnostics(diagnostics.map(one => ({ ...one, severity: 'warning' }))),
    );
    const now = clock.now() + (repository.store.clockAhead?.() ?? 0);
    const wasPaused = pauses.some(
      one => names.includes(one.vm) && one.why === 'paused' && (one.until ?? now) >= now,
    );
    await resume(repository, names);
    await refuseFailedOver(repository, { uuid: names[0]!, name: vm });
    return { wasPaused };
  });

/**
 * By what the VM is paused, the first from now on: its UUID; while it has no point, the name that it is
 * declared by.
 */
async function namesOf(
  context: Context,
  opened: OpenedRepository,
  vm: string,
  options: Options,
): Promise<string[]> {
  const name = vm.toLowerCase();
  try {
    const found = await vmNamed(opened.repository, vm);
    const newest = await found.newest(() => {});
    return [...new Set([found.uuid, name, newest?.vm.name.toLowerCase() ?? name])];
  } catch (error) {
    if (!failedWith(error, 'vm-not-in-repository') || !(await isMeant(context, opened, name, options)))
      throw error;
    return [name];
  }
}

/** Whether the manifests declare such a VM by itself, or one of their selections means it by now. */
async function isMeant(
  context: Context,
  { vms, lab }: OpenedRepository,
  name: string,
  options: Options,
): Promise<boolean> {
  const isCalled = ({ title }: { title: string }) => title.toLowerCase() === name;
  if (vms.some(one => one.select === undefined && isCalled(one))) return true;
  if (!vms.some(({ select }) => select !== undefined)) return false;
  const within: Context = { ...context, ...(lab && { lab }) };
  const catalog = await loadCatalog(within, options.paths ?? [], options);
  if (!catalog) return false;
  const { targets, platform } = catalog;
  const session = await openSession(within, options, { targets, platform });
  try {
    const { resources } = await expandSelections(catalog, runOf(within, session));
    return resources.some(
      one => one.type === 'protected_vm' && one.selectedBy !== undefined && isCalled(one),
    );
  } finally {
    await session.close();
  }
}
