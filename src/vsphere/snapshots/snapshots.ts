import { QuiesceFailed, type SourceSnapshot } from '../../replication/model/source.ts';
import { malformed } from '../http/malformed.ts';
import { isTransient } from '../http/network-errors.ts';
import { faultFailure, faultType, messageKeys, VimFault } from '../soap/faults.ts';
import { type Moref, moref, readMoref } from '../soap/moref.ts';
import { readObject, readObjects } from '../soap/property-collector.ts';
import type { Session } from '../soap/soap-session.ts';
import { awaitTask, runTask, type TaskOptions } from '../soap/tasks.ts';
import { textAt, type XmlElement } from '../soap/xml.ts';
import { el } from '../soap/xml-writer.ts';
import { readSnapshotTree } from './snapshot-tree.ts';

export interface NamedVm {
  moref: Moref;
  name: string;
}

interface SnapshotWish {
  name: string;
  description: string;
  quiesce: boolean;
}

/** What a snapshot has frozen of its VM's configuration, and the guest's cards at that time. */
export interface FrozenRead {
  config: XmlElement;
  net: XmlElement | undefined;
}

type OnRead = (moref: string, read: FrozenRead) => void;

interface Making {
  /** What the VM's snapshots were by an answer of this very moment; asked for when left out. */
  before?: readonly SourceSnapshot[] | undefined;
  onRead?: OnRead | undefined;
  signal?: AbortSignal | undefined;
}

const CREATE_DEADLINE = 30 * 60_000;
/** Merging days of writes into a large disk takes hours. */
const REMOVE_DEADLINE = 4 * 60 * 60_000;

/** The VM's snapshots, parents before children. */
async function listSnapshots(session: Session, vm: NamedVm, signal?: AbortSignal): Promise<SourceSnapshot[]> {
  return readSnapshotTree((await readObject(session, vm.moref, ['snapshot'], signal)).get('snapshot'));
}

/**
 * Makes a snapshot without memory. The caller has made sure that there is none of that name, so one
 * that is there after a lost answer is the one that was asked for. Aborting leaves none behind.
 * @throws QuiesceFailed the guest could not be quiesced; there is no snapshot then
 */
export async function createSnapshot(
  session: Session,
  vm: NamedVm,
  wanted: SnapshotWish,
  { before, onRead, signal }: Making = {},
): Promise<SourceSnapshot> {
  const options = {
    doing: `create a snapshot of VM ${vm.name}`,
    deadline: CREATE_DEADLINE,
    signal,
    onAbort: 'cancel' as const,
  };
  const made = await create(session, vm, wanted, options, { before, onRead });
  if (signal?.aborted) {
    await removeSnapshot(session, vm, made);
    throw signal.reason;
  }
  return made;
}

async function create(
  session: Session,
  vm: NamedVm,
  wanted: SnapshotWish,
  options: TaskOptions,
  { before, onRead }: Making,
): Promise<SourceSnapshot> {
  const byName = async () => (await listSnapshots(session, vm)).find(s => s.name === wanted.name);
  const run = async () => {
    const id = readMoref(
      await runTask(session, () => start(session, vm, wanted), options),
      options.doing,
    ).value;
    const made = (await listMade(session, vm, id, onRead)).find(s => s.moref === id);
    if (!made) throw malformed(options.doing, 'the new snapshot is not among those of the VM');
    return made;
  };
  try {
    // Also renews an expired session and a stale connection before the call that can't be repeated.
    const there = before ? before.find(s => s.name === wanted.name) : await byName();
    if (there) return there;
    options.signal?.throwIfAborted();
    const { generation } = session;
    return await run().catch(async error => {
      if (faultType(error) !== 'NotAuthenticated') throw error;
      await session.renew(generation);
      return (await byName()) ?? run();
    });
  } catch (error) {
    const unclear = isTransient(error) || faultType(error) === 'ManagedObjectNotFound';
    if (unclear || options.signal?.aborted) {
      await awaitSnapshotTasks(session, vm, { ...options, signal: undefined });
      const made = await byName();
      if (made) return made;
    }
    if (!(error instanceof VimFault)) throw error;
    const failure = faultFailure(error, options.doing);
    if (wanted.quiesce && isQuiesceFault(error)) throw new QuiesceFailed(failure.message, { cause: failure });
    throw failure;
  }
}

/** The VM's snapshots, and in the same call what the one that was just made has frozen. */
async function listMade(
  session: Session,
  vm: NamedVm,
  id: string,
  onRead: OnRead | undefined,
): Promise<SourceSnapshot[]> {
  const of = moref('VirtualMachineSnapshot', id);
  try {
    const [ofVm, ofSnapshot] = await readObjects(session, [
      { obj: vm.moref, paths: ['snapshot', 'guest.net'] },
      { obj: of, paths: ['config'] },
    ]);
    const config = ofSnapshot?.get('config');
    if (ofVm && config) onRead?.(id, { config, net: ofVm.get('guest.net') });
    if (ofVm) return readSnapshotTree(ofVm.get('snapshot'));
  } catch (error) {
    // It is there, whatever can't be read of it: whoever needs that says so.
    if (!(error instanceof VimFault)) throw error;
  }
  return listSnapshots(session, vm);
}

/** Takes no signal: a request that was cut off may have been carried out. */
const start = (session: Session, vm: NamedVm, wanted: SnapshotWish): Promise<XmlElement[]> =>
  session.invoke({
    method: 'CreateSnapshot_Task',
    self: vm.moref,
    args: [
      el('name', wanted.name),
      el('description', wanted.description),
      el('memory', false),
      el('quiesce', wanted.quiesce),
    ],
  });

/** By type and message key; the text is localised. */
const isQuiesceFault = (fault: VimFault): boolean =>
  /QuiesceFault$/.test(fault.type) || messageKeys(fault).some(key => /quiesc/i.test(key));

/**
 * Removes one snapshot, keeping its children, and waits until its disks are merged. One that is
 * gone already is success, and told.
 */
export async function removeSnapshot(
  session: Session,
  vm: NamedVm,
  snapshot: SourceSnapshot,
  signal?: AbortSignal,
): Promise<'removed' | 'gone'> {
  const options = {
    doing: `remove snapshot '${snapshot.name}' of VM ${vm.name}`,
    deadline: REMOVE_DEADLINE,
    signal,
    onAbort: 'leave' as const,
  };
  let isOurs = false;
  const start = async () => {
    const task = await session.query({
      method: 'RemoveSnapshot_Task',
      self: moref('VirtualMachineSnapshot', snapshot.moref),
      args: [el('removeChildren', false), el('consolidate', true)],
    });
    isOurs = true;
    return task;
  };
  try {
    await runTask(session, start, options);
    return 'removed';
  } catch (error) {
    const type = faultType(error);
    if (type === 'ManagedObjectNotFound' || isTransient(error)) {
      await awaitSnapshotTasks(session, vm, options);
      if (!(await listSnapshots(session, vm)).some(s => s.moref === snapshot.moref))
        return type === 'ManagedObjectNotFound' && !isOurs ? 'gone' : 'removed';
    }
    throw error instanceof VimFault ? faultFailure(error, options.doing) : error;
  }
}

/** Waits for the snapshot tasks that run on the VM, whoever started them; how they end doesn't matter. */
async function awaitSnapshotTasks(session: Session, vm: NamedVm, options: TaskOptions): Promise<void> {
  const recent = (await readObject(session, vm.moref, ['recentTask'])).get('recentTask')?.children ?? [];
  for (const task of recent.map(t => readMoref(t, 'recentTask'))) {
    try {
      const info = (await readObject(session, task, ['info'])).get('info');
      const running = ['queued', 'running'].includes(textAt(info, 'state') ?? '');
      // `VirtualMachine.createSnapshot`, `vm.Snapshot.remove`, `VirtualMachine.consolidateDisks` ...
      const ours = /snapshot|consolidate/i.test(textAt(info, 'descriptionId') ?? '');
      if (running && ours) await awaitTask(session, task, { ...options, onAbort: 'leave' });
    } catch (error) {
      if (!(error instanceof VimFault)) throw error;
    }
  }
}
