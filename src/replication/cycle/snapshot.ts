import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { elapsed } from '../../io/until.ts';
import { QuiesceFailed, type SourceMachine, type SourceSnapshot, type SourceVm } from '../model/source.ts';
import { causedBy, diagnosticsOf, warning } from './failures.ts';
import type { CycleOptions, Quiesce } from './options.ts';

type Options = Pick<CycleOptions, 'machine' | 'step' | 'clock' | 'signal'> & {
  vm: SourceVm;
  name: string;
  quiesce: Quiesce;
  /** Labels of the disks that can't be read from the snapshot. */
  unread(snapshot: SourceSnapshot): Promise<string[]>;
  warn(diagnostic: Diagnostic): void;
};

/**
 * Makes a snapshot for the time that `use` takes. However `use` ends, the snapshot is removed and what
 * remains is consolidated before this returns. Creation and removal aren't given the caller's signal:
 * a task that nobody waits for is how snapshots are left behind.
 *
 * @throws Failure `quiesce-failed`; `vm-gone` alone; `snapshot-left` when the removal failed, beside what
 *   `use` threw.
 */
export async function withSnapshot<T>(
  options: Options,
  use: (snapshot: SourceSnapshot) => Promise<T>,
): Promise<{ value: T; ms: number }> {
  const { machine, name, clock, step, signal, warn } = options;
  const since = clock.now();
  let snapshot: SourceSnapshot | undefined;
  let outcome: { value: T } | { error: unknown };
  try {
    signal?.throwIfAborted();
    snapshot = await create(options);
    signal?.throwIfAborted();
    outcome = { value: await use(snapshot) };
  } catch (error) {
    outcome = { error };
  }
  try {
    // Without a handle the outcome of the creation is unknown: our name tells.
    const ours = snapshot ? [snapshot] : await listed(machine, s => s.name === name);
    for (const one of ours) {
      await step('remove-snapshot');
      const outcome = await machine.removeSnapshot(one);
      if (snapshot && outcome === 'gone') warn(goneAlready(options));
    }
    if ((await machine.inspect()).consolidationNeeded) {
      await step('consolidate');
      await machine.consolidate();
    }
  } catch (error) {
    const cause = 'error' in outcome ? outcome.error : error;
    // All that failed since then failed for that.
    if (await machine.isGone()) throw new Failure(gone(options, 'value' in outcome), { cause });
    const first = 'error' in outcome ? diagnosticsOf(outcome.error, 'cycle-failed') : [];
    const removal = diagnosticsOf(error, 'snapshot-removal-failed');
    throw new Failure([...first, ...removal, left(options, 'value' in outcome)], { cause });
  }
  if ('error' in outcome) throw outcome.error;
  return { value: outcome.value, ms: elapsed(clock, since) };
}

async function create({ machine, vm, name, quiesce, step, unread, warn }: Options): Promise<SourceSnapshot> {
  const attempt = async (quiesced: boolean): Promise<SourceSnapshot> => {
    await step(quiesced ? 'create-snapshot-quiesced' : 'create-snapshot');
    return machine.createSnapshot({
      name,
      description: 'made by converge for one replication cycle and removed at its end',
      quiesce: quiesced,
    });
  };
  // Nothing runs that could be quiesced; the disks may still be those of a power cut.
  if (!vm.poweredOn && quiesce === 'require') throw quiesceFailed(vm, 'it is powered off or suspended');
  if (quiesce === 'off' || !vm.poweredOn) return attempt(false);
  try {
    const snapshot = await attempt(true);
    if (quiesce === 'require' && !snapshot.quiesced)
      throw quiesceFailed(vm, 'vSphere made the snapshot without quiescing');
    // What the guest's writers did to the frozen disks is a delta of its own, on some hosts.
    const labels = await unread(snapshot);
    if (labels.length > 0) throw new QuiesceFailed(onDelta(labels));
    return snapshot;
  } catch (error) {
    if (!causedBy(error, QuiesceFailed)) throw error;
    if (quiesce === 'require') throw quiesceFailed(vm, (error as Error).message, error);
    warn(notQuiesced(vm, (error as Error).message));
    for (const half of await listed(machine, s => s.name === name)) await machine.removeSnapshot(half);
    return attempt(false);
  }
}

const onDelta = (labels: readonly string[]): string =>
  `the quiesced snapshot froze ${labels.join(', ')} as a delta on another file, which can't be read`;

const listed = async (
  machine: SourceMachine,
  wanted: (snapshot: SourceSnapshot) => boolean,
): Promise<SourceSnapshot[]> => (await machine.inspect()).snapshots.filter(wanted);

const goneAlready = ({ vm, name }: Options): Diagnostic =>
  warning(
    world(
      'snapshot-removed',
      `somebody else removed the snapshot ${name} of ${vm.name} before its cycle did`,
      {
        hint: 'the point is whole; let no other job remove snapshots that it did not make',
      },
    ),
  );

const notQuiesced = (vm: SourceVm, why: string): Diagnostic =>
  warning(
    world('not-quiesced', own`${vm.name} could not be quiesced, so its point is crash-consistent: ${why}`, {
      hint: own`check VMware Tools and the VSS writers in the guest; \`quiesce: off\` never tries`,
    }),
  );

const quiesceFailed = (vm: SourceVm, why: string, cause?: unknown): Failure =>
  new Failure(
    world('quiesce-failed', own`${vm.name} could not be quiesced: ${why}`, {
      hint: own`check VMware Tools and the VSS writers in the guest, or declare \`quiesce: prefer\``,
    }),
    { cause },
  );

const pointWords = (isComplete: boolean): string =>
  `the point of this cycle ${isComplete ? 'is complete' : 'was not made'}`;

const gone = ({ vm }: Options, pointComplete: boolean): Diagnostic =>
  world(
    'vm-gone',
    `${vm.name} was removed from its vCenter, or moved to another one, while its cycle ran; ${pointWords(pointComplete)}`,
    {
      hint: 'if it moved, name the vCenter where it is now in its `target:`: the next cycle there also removes a snapshot of this one that went along',
    },
  );

const left = ({ vm, name }: Options, pointComplete: boolean): Diagnostic =>
  world(
    'snapshot-left',
    `the snapshot ${name} of ${vm.name} may still be there, or its disks need consolidation; ${pointWords(pointComplete)}`,
    { hint: 'the next cycle removes it; look at the tasks and the free space of the datastore meanwhile' },
  );
