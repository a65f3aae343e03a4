import { expect, it } from 'vitest';
import { moref } from '../../src/vsphere/soap/moref.ts';
import type { Session } from '../../src/vsphere/soap/soap-session.ts';
import { awaitTask, runTask, type TaskOptions } from '../../src/vsphere/soap/tasks.ts';
import { connected, failureOf, fault, quickClock, type Script, val } from './scripted-server.ts';

const task = moref('Task', 'task-7');
const options = (more: Partial<TaskOptions> = {}): TaskOptions => ({
  doing: 'create a snapshot of VM dc02',
  deadline: 60_000,
  onAbort: 'cancel',
  ...more,
});

/** An UpdateSet in the form that the property collector sends. */
const update = (version: number, ...changes: [name: string, value: string][]): string =>
  `<returnval><version>${version}</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>modify</kind><obj type="Task">task-7</obj>${changes
    .map(([name, value]) => `<changeSet><name>${name}</name><op>assign</op>${value}</changeSet>`)
    .join('')}</objectSet></filterSet></returnval>`;
const info = (fields: string) => ['info', val('TaskInfo', fields)] as [string, string];
const success =
  '<state>success</state><result type="VirtualMachineSnapshot" xsi:type="ManagedObjectReference">snapshot-70</result>';
const error = (type: string) =>
  `<state>error</state><error><fault xsi:type="${type}"/><localizedMessage>no</localizedMessage></error>`;

it('follows a task to its result, with the version of each update in the next call', async () => {
  const percent: number[] = [];
  const { server, session } = await connected({
    WaitForUpdatesEx: ({ nth }) =>
      [
        update(1, info('<state>queued</state>')),
        update(2, info('<state>running</state><progress>40</progress>')),
        '',
        update(3, info(success)),
      ][nth]!,
  });
  const result = await awaitTask(session, task, options({ onProgress: p => percent.push(p) }));
  expect(result).toMatchObject({ text: 'snapshot-70' });
  expect(percent).toEqual([40, 40]);
  const versions = server.received
    .filter(r => r.method === 'WaitForUpdatesEx')
    .map(r => /<version>(.*?)<\/version>/.exec(r.body)![1]);
  expect(versions).toEqual(['', '1', '2', '2']);
  // The session's own collector is there for the next task.
  expect(server.count('CreatePropertyCollector')).toBe(0);
});

it('takes changes field by field as well', async () => {
  const { session } = await connected({
    WaitForUpdatesEx: ({ nth }) =>
      nth === 0
        ? update(1, ['info.state', val('TaskInfoState', 'running')])
        : update(
            2,
            ['info.state', val('TaskInfoState', 'success')],
            ['info.result', val('xsd:string', 'done')],
          ),
  });
  expect((await awaitTask(session, task, options()))!.text).toBe('done');
});

it("throws the task's fault", async () => {
  const { server, session } = await connected({
    WaitForUpdatesEx: () => update(1, info(error('FileFault'))),
  });
  await expect(awaitTask(session, task, options())).rejects.toMatchObject({
    type: 'FileFault',
    message: 'no',
  });
  expect(server.count('WaitForUpdatesEx')).toBe(1);
});

it.each(['NotAuthenticated', 'cut', 'InvalidCollectorVersion'])(
  'goes on after %s with a new collector',
  async what => {
    const { server, session } = await connected({
      WaitForUpdatesEx: ({ nth }) =>
        nth === 0 ? (what === 'cut' ? 'cut' : fault(what)) : update(1, info(success)),
    });
    await awaitTask(session, task, options());
    // Of a new session there is one already.
    expect(server.count('CreatePropertyCollector')).toBe(what === 'NotAuthenticated' ? 0 : 1);
    expect(server.count('Login')).toBe(what === 'NotAuthenticated' ? 2 : 1);
  },
);

it('one collector serves a task after the other, and none serves two at once', async () => {
  let nth = 0;
  const collectors: string[] = [];
  const { server, session } = await connected({
    CreateFilter: ({ body }) => {
      collectors.push(/<_this[^>]*>([^<]*)</.exec(body)![1]!);
      return `<returnval type="PropertyFilter">f${++nth}</returnval>`;
    },
    // What an earlier task left there is reported as well, as one that the server has forgotten.
    WaitForUpdatesEx: ({ body }) => {
      const isUsual = body.includes(collectors[0]!);
      const at = isUsual ? nth : 0;
      const own = collectors.lastIndexOf(isUsual ? collectors[0]! : 'session[1]pc') + 1;
      return update(at + 1, info(success)).replace(
        '<filterSet><filter type="PropertyFilter">f<',
        `<filterSet><filter type="PropertyFilter">f0</filter><objectSet><kind>leave</kind><obj type="Task">task-1</obj></objectSet></filterSet><filterSet><filter type="PropertyFilter">f${own}<`,
      );
    },
  });
  for (let n = 0; n < 3; n++)
    expect(await awaitTask(session, task, options())).toMatchObject({ text: 'snapshot-70' });
  expect(server.count('CreatePropertyCollector')).toBe(0);
  expect(new Set(collectors).size).toBe(1);
  await Promise.all([awaitTask(session, task, options()), awaitTask(session, task, options())]);
  expect(server.count('CreatePropertyCollector')).toBe(1);
  expect(new Set(collectors).size).toBe(2);
  // Filters are left behind, and a collector that has many is not used any more.
  for (let n = 0; n < 40; n++) await awaitTask(session, task, options());
  expect(server.count('CreatePropertyCollector')).toBe(2);
  expect(server.count('DestroyPropertyCollector')).toBe(server.count('CreatePropertyCollector') - 1);
});

const left =
  '<returnval><version>2</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>leave</kind><obj type="Task">task-7</obj></objectSet></filterSet></returnval>';
it.each<[string, Script]>([
  ['at once', { CreateFilter: () => fault('ManagedObjectNotFound') }],
  ['before the first look', { WaitForUpdatesEx: () => '<returnval><version>1</version></returnval>' }],
  [
    'while it is watched',
    { WaitForUpdatesEx: ({ nth }) => (nth === 0 ? update(1, info('<state>running</state>')) : left) },
  ],
])('says so when the server forgot the task %s', async (_, script) => {
  const { session } = await connected(script);
  await expect(awaitTask(session, task, options())).rejects.toMatchObject({ type: 'ManagedObjectNotFound' });
});

it('gives up at the deadline, visibly, and leaves the task running', async () => {
  const clock = quickClock();
  const { server, session } = await connected(
    {
      WaitForUpdatesEx: async () => {
        await clock.sleep(30_000);
        return update(1, info('<state>running</state>'));
      },
    },
    clock,
  );
  const [d] = (await failureOf(awaitTask(session, task, options({ deadline: 30 * 60_000 })))).diagnostics;
  expect(d).toMatchObject({ code: 'vsphere-task-timeout', category: 'world' });
  expect(d!.message).toMatch(/busy to create a snapshot of VM dc02 after 30 minutes \(task-7\)/);
  expect(server.count('WaitForUpdatesEx')).toBe(60);
  expect(server.count('CancelTask')).toBe(0);
});

/** A task that runs until it is cancelled, and then ends as `end` says. */
function cancellable(end: string, stop: AbortController): Script {
  let cancelled = false;
  return {
    WaitForUpdatesEx: ({ nth }) => {
      if (nth === 0) stop.abort(new Error('interrupted'));
      return update(1, info(cancelled ? end : '<state>running</state>'));
    },
    CancelTask: () => {
      cancelled = true;
      return '';
    },
  };
}

it('cancels an aborted task, waits for its end and then says that it was aborted', async () => {
  const stop = new AbortController();
  const { server, session } = await connected(cancellable(error('RequestCanceled'), stop));
  await expect(awaitTask(session, task, options({ signal: stop.signal }))).rejects.toThrow('interrupted');
  expect(server.count('CancelTask')).toBe(1);
  expect(server.count('WaitForUpdatesEx')).toBe(2);
});

it('gives the result of a task that was too fast to be cancelled', async () => {
  const stop = new AbortController();
  const { session } = await connected(cancellable(success, stop));
  expect(await awaitTask(session, task, options({ signal: stop.signal }))).toMatchObject({
    text: 'snapshot-70',
  });
});

it('only stops waiting where half a task would be worse', async () => {
  const stop = new AbortController();
  const { server, session } = await connected(cancellable(success, stop));
  const waiting = awaitTask(session, task, options({ signal: stop.signal, onAbort: 'leave' }));
  await expect(waiting).rejects.toThrow('interrupted');
  expect(server.count('CancelTask')).toBe(0);
});

const start = (session: Session) => () =>
  session.invoke({ method: 'ReconfigVM_Task', self: moref('VirtualMachine', 'vm-1') });

it('waits longer and longer while another task has the VM, whether the call or the task says so', async () => {
  const clock = quickClock();
  const { server, session } = await connected(
    {
      ReconfigVM_Task: ({ nth }) =>
        nth === 0 ? fault('TaskInProgress') : '<returnval type="Task">task-7</returnval>',
      WaitForUpdatesEx: ({ nth }) => update(1, info(nth === 0 ? error('TaskInProgress') : success)),
    },
    clock,
  );
  await runTask(session, start(session), options());
  expect(clock.slept).toEqual([2000, 4000]);
  expect(server.count('ReconfigVM_Task')).toBe(3);
});

it('stops waiting for the other task at the deadline', async () => {
  const { session } = await connected({ ReconfigVM_Task: () => fault('TaskInProgress') });
  await expect(runTask(session, start(session), options())).rejects.toMatchObject({ type: 'TaskInProgress' });
});
