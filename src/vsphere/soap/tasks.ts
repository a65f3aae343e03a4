import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { longestDelay, retry } from '../../io/retry.ts';
import { malformed } from '../http/malformed.ts';
import { isTransient } from '../http/network-errors.ts';
import { type Collector, collectorsOf } from './collectors.ts';
import { faultType, readLocalizedFault, VimFault } from './faults.ts';
import { type Moref, readMoref, ref } from './moref.ts';
import { propSet } from './property-collector.ts';
import type { Session } from './soap-session.ts';
import { child, childrenNamed, textAt, type XmlElement } from './xml.ts';
import { el } from './xml-writer.ts';

export interface TaskOptions {
  /** Completes "vSphere is still busy to ...": names the operation and its object. */
  doing: string;
  /** Milliseconds of the session's clock. */
  deadline: number;
  signal?: AbortSignal | undefined;
  /**
   * What aborting means: `cancel` the task at the server and wait for its end all the same, or
   * `leave` it, where half of it would be worse than all: it ends there, and only waiting stops.
   */
  onAbort: 'cancel' | 'leave';
  /** Per cent, 0 to 100. */
  onProgress?: ((percent: number) => void) | undefined;
}

/** How long one WaitForUpdatesEx may hang at the server. Seconds. */
const POLL_SECONDS = 30;
/** How long a cancelled task may take to end. Milliseconds. */
const CANCEL_DEADLINE = 10 * 60_000;
const RESTARTS = 20;
const BUSY_DELAY = 2_000;

/**
 * Starts a task, again with backoff while the VM is busy with another (TaskInProgress, which means
 * that this one was not started), and waits for its end.
 * @returns the task's result
 * @throws VimFault the task's error, or that of starting it
 */
export function runTask(
  session: Session,
  start: () => Promise<XmlElement[]>,
  options: TaskOptions,
): Promise<XmlElement | undefined> {
  const mayPass = (error: unknown) => faultType(error) === 'TaskInProgress';
  return retry(
    { atMost: options.deadline, first: BUSY_DELAY, cap: longestDelay },
    { clock: session.clock, signal: options.signal, mayPass },
    async () => awaitTask(session, readMoref((await start())[0], options.doing), options),
  );
}

/**
 * Waits until a task has ended, through session expiry and broken connections. A task that
 * succeeds although it was cancelled is a success: the caller looks at its signal and undoes.
 * Neither `retry` nor `until`: the waiting is the server's, and a cancel gives it another end half-way.
 * @throws VimFault the task's error; ManagedObjectNotFound when the server forgot the task
 * @throws Failure `vsphere-task-timeout`; the task itself then goes on at the server
 */
export async function awaitTask(
  session: Session,
  task: Moref,
  options: TaskOptions,
): Promise<XmlElement | undefined> {
  let { signal } = options;
  let until = session.clock.now() + options.deadline;
  for (let restarts = 0; ; restarts++) {
    const { generation } = session;
    try {
      return await follow(session, task, until, signal, options);
    } catch (error) {
      if (signal?.aborted && options.onAbort === 'leave') throw signal.reason;
      if (signal?.aborted) {
        signal = undefined;
        until = session.clock.now() + CANCEL_DEADLINE;
        // What can't be cancelled runs to its end, which is waited for.
        await session.query({ method: 'CancelTask', self: task }).catch(() => {});
        continue;
      }
      if (options.signal?.aborted && faultType(error) === 'RequestCanceled') throw options.signal.reason;
      if (restarts >= RESTARTS) throw error;
      if (faultType(error) === 'NotAuthenticated') await session.renew(generation);
      else if (isTransient(error)) await session.clock.sleep(BUSY_DELAY, signal);
      else if (faultType(error) !== 'InvalidCollectorVersion') throw error;
    }
  }
}

/** Follows a task with a collector that nobody else waits on: two waits on one would end each other. */
async function follow(
  session: Session,
  task: Moref,
  until: number,
  signal: AbortSignal | undefined,
  options: TaskOptions,
): Promise<XmlElement | undefined> {
  signal?.throwIfAborted();
  const collectors = collectorsOf(session);
  const collector = await collectors.take(signal);
  let outcome: { result: XmlElement | undefined } | { fault: VimFault };
  try {
    outcome = await watch(session, collector, task, until, signal, options);
  } catch (error) {
    await collectors.discard(collector);
    throw error;
  }
  await collectors.give(collector);
  if ('fault' in outcome) throw outcome.fault;
  return outcome.result;
}

/** How a task ended. Rejects when that can't be told. */
async function watch(
  session: Session,
  collector: Collector,
  task: Moref,
  until: number,
  signal: AbortSignal | undefined,
  options: TaskOptions,
): Promise<{ result: XmlElement | undefined } | { fault: VimFault }> {
  const { self } = collector;
  const spec = el('spec', [propSet({ type: 'Task', paths: ['info'] }), el('objectSet', [ref('obj', task)])]);
  const args = [spec, el('partialUpdates', false)];
  const [made] = await session.invoke({ method: 'CreateFilter', self, args, signal });
  const filter = readMoref(made, 'CreateFilter').value;
  const info = new Map<string, XmlElement>();
  for (;;) {
    const [update] = await session.invoke({
      method: 'WaitForUpdatesEx',
      self,
      args: [el('version', collector.version), el('options', [el('maxWaitSeconds', POLL_SECONDS)])],
      signal,
    });
    if (update) {
      collector.version = textAt(update, 'version') ?? collector.version;
      applyUpdate(info, update, filter);
    }
    // The first answer holds all there is to see, unless it says that there is more.
    if (info.size === 0 && textAt(update, 'truncated') !== 'true') throw forgotten();
    const state = info.get('state')?.text;
    if (state === 'success') return { result: info.get('result') };
    if (state === 'error') {
      const error = info.get('error');
      if (!error) throw malformed(options.doing, 'the task failed without a fault');
      return { fault: readLocalizedFault(error) };
    }
    const progress = info.get('progress')?.text;
    if (progress !== undefined) options.onProgress?.(Number(progress));
    if (session.clock.now() >= until) throw stillRunning(options, task);
  }
}

/** Changes come as a whole (`info`) or by field (`info.state`), as the server likes. */
function applyUpdate(info: Map<string, XmlElement>, update: XmlElement, filter: string): void {
  // What earlier tasks left there is none of this one's.
  const own = childrenNamed(update, 'filterSet').filter(f => textAt(f, 'filter') === filter);
  const objects = own.flatMap(f => {
    const missing = child(child(f, 'missingSet'), 'fault');
    if (missing) throw readLocalizedFault(missing);
    return childrenNamed(f, 'objectSet');
  });
  if (objects.some(o => textAt(o, 'kind') === 'leave')) throw forgotten();
  for (const change of objects.flatMap(o => childrenNamed(o, 'changeSet'))) {
    const name = textAt(change, 'name') ?? '';
    const value = child(change, 'val');
    if (name === 'info' && value) {
      info.clear();
      for (const field of value.children) info.set(field.name, field);
    } else if (name.startsWith('info.')) {
      if (value) info.set(name.slice(5), value);
      else info.delete(name.slice(5));
    }
  }
}

const forgotten = (): VimFault =>
  new VimFault('ManagedObjectNotFound', 'the server forgot the task', undefined);

const stillRunning = (options: TaskOptions, task: Moref): Failure =>
  new Failure(
    world(
      'vsphere-task-timeout',
      `vSphere is still busy to ${options.doing} after ${Math.round(options.deadline / 60_000)} minutes (${task.value}).`,
      { hint: 'The task goes on at the server. Watch it there; run again when it has ended.' },
    ),
  );
