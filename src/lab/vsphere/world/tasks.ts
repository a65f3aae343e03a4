import type { Clock } from '../../../io/ports.ts';
import { localized, notFound, VimFault } from '../soap/faults.ts';
import { bool, type Data, data, int, oneOf, type Ref, ref, text, time, type Value } from '../soap/vim.ts';
import type { Rules } from './rules.ts';

interface Task {
  id: string;
  /** `CreateSnapshot_Task`, which clients resolve to the method, and `VirtualMachine.createSnapshot`. */
  method: string;
  descriptionId: string;
  entity: Ref;
  entityName: string;
  user: string;
  state: 'queued' | 'running' | 'success' | 'error';
  queued: number;
  started?: number;
  completed?: number;
  result?: Value | undefined;
  error?: VimFault;
  /** Set while the task waits and may still be taken back. */
  cancel?: AbortController | undefined;
}

export interface TaskRequest {
  method: string;
  descriptionId: string;
  entity: Ref;
  entityName: string;
  user: string;
  work(): Promise<Value | undefined>;
}

export interface Tasks {
  /** Throws a TaskInProgress fault when the entity is busy with another one. */
  start(request: TaskRequest): Ref;
  info(id: string): Data | undefined;
  recent(entity?: Ref): Ref[];
  cancel(id: string): void;
  /** Resolves when no task is under way. */
  settled(): Promise<void>;
}

const KEPT = 200;

/** Tasks live in memory, as those of a server that restarts do. `changed` is called at every step. */
export function createTasks(clock: Clock, rules: Rules, changed: () => void): Tasks {
  const tasks = new Map<string, Task>();
  const busy = new Map<string, string>();
  const running = new Set<Promise<void>>();
  let last = 0;

  async function run(task: Task, request: TaskRequest): Promise<void> {
    const fits = (rule: { method?: string }) => !rule.method || rule.method === request.method;
    try {
      task.state = 'running';
      task.started = clock.now();
      changed();
      const slow = rules.strike('slow-task', fits);
      if (slow) await waitCancelable(task, slow.ms);
      const fails = rules.strike('fail-task', fits);
      if (fails)
        throw new VimFault(
          fails.fault ?? 'GenericVmConfigFault',
          'The operation failed, as the lab was told',
        );
      task.result = await request.work();
      task.state = 'success';
    } catch (error) {
      task.state = 'error';
      task.error = error instanceof VimFault ? error : new VimFault('SystemError', (error as Error).message);
    } finally {
      task.completed = clock.now();
      busy.delete(request.entity.id);
      if (rules.strike('lost-task', fits)) tasks.delete(task.id);
      changed();
    }
  }

  async function waitCancelable(task: Task, ms: number): Promise<void> {
    task.cancel = new AbortController();
    try {
      await clock.sleep(ms, task.cancel.signal);
    } catch (error) {
      if (!task.cancel.signal.aborted) throw error;
      throw new VimFault('RequestCanceled', 'The task was canceled by a user.');
    } finally {
      task.cancel = undefined;
    }
  }

  return {
    start(request) {
      const holder = busy.get(request.entity.id);
      if (holder) {
        throw new VimFault('TaskInProgress', 'The operation is not allowed in the current state.', {
          task: ref('Task', holder),
        });
      }
      const { method, descriptionId, entity, entityName, user } = request;
      const id = `task-${++last}`;
      const task: Task = {
        id,
        method,
        descriptionId,
        entity,
        entityName,
        user,
        state: 'queued',
        queued: clock.now(),
      };
      tasks.set(id, task);
      busy.set(entity.id, id);
      const [oldest] = tasks.keys();
      if (tasks.size > KEPT && oldest) tasks.delete(oldest);
      // Not before the answer with the task's name is on its way: a client may see it queued.
      const done = Promise.resolve().then(() => run(task, request));
      running.add(done);
      void done.finally(() => running.delete(done));
      return ref('Task', id);
    },
    info(id) {
      const task = tasks.get(id);
      return task && describe(task);
    },
    recent: entity =>
      [...tasks.values()]
        .filter(task => !entity || task.entity.id === entity.id)
        .slice(-10)
        .map(task => ref('Task', task.id)),
    cancel(id) {
      const task = tasks.get(id);
      if (!task) throw notFound(ref('Task', id));
      if (task.completed !== undefined) {
        throw new VimFault('InvalidState', 'The operation is not allowed in the current state.');
      }
      if (!task.cancel) throw new VimFault('NotSupported', 'The operation is not supported on the object.');
      task.cancel.abort();
    },
    async settled() {
      await Promise.all(running);
    },
  };
}

const describe = (task: Task): Data =>
  data('TaskInfo', {
    key: text(task.id),
    task: ref('Task', task.id),
    name: text(task.method),
    descriptionId: text(task.descriptionId),
    entity: task.entity,
    entityName: text(task.entityName),
    state: oneOf('TaskInfoState', task.state),
    cancelled: bool(task.error?.name === 'RequestCanceled'),
    cancelable: bool(task.cancel !== undefined),
    error: task.error && localized(task.error),
    result: task.result,
    progress: task.state === 'running' ? int(0) : undefined,
    reason: data('TaskReasonUser', { userName: text(task.user) }),
    queueTime: time(task.queued),
    startTime: task.started === undefined ? undefined : time(task.started),
    completeTime: task.completed === undefined ? undefined : time(task.completed),
    eventChainId: int(Number(task.id.slice(5))),
  });
