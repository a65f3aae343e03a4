import Type from 'typebox';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { isSecretRef } from '../../../engine/model/catalog.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import type { Asked, Id, Observation, ResourceType, Step } from '../../../engine/model/resource-type.ts';
import { textAt, type XmlElement } from '../../../io/xml.ts';
import { accountName, isServiceAccount, sidsOf } from '../../../windows/security/accounts.ts';
import { commonSid } from '../../../windows/security/sids.ts';
import { principalOf, weekdays } from '../../../windows/tasks/task-triggers.ts';
import {
  deleteTask,
  readTask,
  registerTask,
  registerTaskWithPassword,
} from '../../../windows/tasks/tasks.ts';
import { ancestors, hostPath } from '../../host/paths/path.ts';
import { eachStep } from '../../shared/each-step.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { listTasks } from './list-tasks.ts';
import { defined } from './task-definition.ts';
import { policies, type TaskProperties, type TaskState } from './task-properties.ts';
import { ms, plain, readState } from './task-state.ts';

const text = (description: string) => Type.Optional(Type.String({ description }));
const flag = (description: string) => Type.Optional(Type.Boolean({ description }));
const duration = (description: string) => Type.Optional(Type.String({ description, format: 'duration' }));
const oneOf = (names: readonly string[], description: string) =>
  Type.Optional(
    Type.Union(
      names.map(name => Type.Literal(name)),
      { description },
    ),
  );

const schema = Type.Object(
  {
    command: Type.Optional(
      Type.String({ description: 'The program, by its whole path. No shell reads it.', minLength: 1 }),
    ),
    arguments: text('Its arguments, on one line as the program gets them; none when left out.'),
    working_directory: text('The directory it runs in.'),
    run_as: text(
      'The account: `SYSTEM` (when left out), `LOCAL SERVICE`, `NETWORK SERVICE`, a user or a SID. A user without ' +
        '`password` logs on locally only, and reaches no other machine.',
    ),
    password: Type.Optional(
      Type.String({
        description: 'The password of a user, for tasks that use the network.',
        'x-secret': true,
      }),
    ),
    run_level: oneOf(
      ['highest', 'limited'],
      'With or without the rights of an administrator, where the user is one.',
    ),
    every: duration('Again and again without end, from 1 minute to 31 days apart: `30m`.'),
    offset: duration(
      'How long after midnight `every` counts from, shorter than `every`; `0s` when left out.',
    ),
    at: Type.Optional(
      Type.String({ description: 'Time of day, `03:30`.', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' }),
    ),
    days: Type.Optional(
      Type.Array(Type.Union(weekdays.map(day => Type.Literal(day))), {
        description: 'On which days `at` is meant; every day when left out.',
        minItems: 1,
        uniqueItems: true,
        'x-unordered': true,
      }),
    ),
    boot: flag('When the machine starts.'),
    logon: flag('When anybody logs on.'),
    enabled: flag('Whether it starts at all; true when left out.'),
    description: Type.Optional(Type.String({ description: 'What it is for.', 'x-multiline': true })),
    execution_time_limit: duration('It is stopped when it runs longer; `0s` never. Windows says 3 days.'),
    multiple_instances: oneOf(Object.keys(policies), 'What happens when it is due and still runs.'),
  },
  { additionalProperties: false },
);

export const scheduledTask: ResourceType<TaskProperties, TaskState, Declaration> = {
  name: 'scheduled_task',
  doc: `A task of the Task Scheduler. The title is its name, with folders as \`\\Folder\\Name\`.

Its triggers are exactly those of \`every\`, \`at\`, \`boot\` and \`logon\`, as soon as one of them is declared; without,
they are left alone. The program with its arguments, the account, and that it is enabled are always compared. Other
settings are managed where they are declared. A password can't be read back: it is set again when the secret changes.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: { name: 'scheduled_task', concurrency: 1 },
  neededUnlessAbsent: ['command'],
  identity(properties, title) {
    checkProperties(title, properties);
    return taskUri(title).toLowerCase();
  },
  needs: ({ command = '', working_directory: directory }) =>
    [command.replace(/^"([^"]*)".*$/, '$1'), directory ?? ''].filter(isAbsolute).map(path => {
      const id = hostPath(path, { platform: 'win32', cwd: 'C:\\' });
      return { anyOf: [id, ...ancestors(id)].map(at => `path:${at}`) };
    }),
  desired({ every, offset, execution_time_limit: limit, ...rest }) {
    return {
      ...rest,
      run_as: accountName(rest.run_as ?? 'SYSTEM'),
      enabled: rest.enabled ?? true,
      ...(every !== undefined && { every: plain(every), offset: plain(offset ?? '0s') }),
      ...(limit !== undefined && { execution_time_limit: plain(limit) }),
    };
  },
  observe,
  list: listTasks,
  toManifest: declarationToManifest,
  apply: (steps, io) => eachStep(steps, step => act(step, io)),
};

const isAbsolute = (path: string): boolean => /^[A-Za-z]:[\\/]/.test(path);

/** `\Folder\Name`, as it is written. */
function taskUri(title: string): string {
  const uri = `\\${title.replaceAll('/', '\\').replace(/^\\/, '')}`;
  if (!/[<>:"|?*\p{Cc}]|\\\\|[\\. ]$|\\\.{1,2}\\/u.test(uri) && uri.length <= 230) return uri;
  throw new Failure(
    given('wrong-name', `\`${title}\` can't be the name of a task`, {
      hint: 'a name may have folders before it, `\\Folder\\Name`, and none of < > : " | ? *',
    }),
  );
}

function checkProperties(title: string, properties: TaskProperties): void {
  const { every, offset, at, days, run_as: runAs = 'SYSTEM', password } = properties;
  const minutes = every === undefined ? undefined : ms(every) / 60_000;
  const wrong: [boolean, string, string][] = [
    [
      minutes !== undefined && (minutes < 1 || minutes > 31 * 1440),
      'repeats at an impossible interval',
      'write `every:` between 1m and 31d',
    ],
    [
      every === undefined && offset !== undefined,
      'has an `offset` and no `every`',
      'an offset shifts a repetition: add `every:`, or use `at:`',
    ],
    [
      every !== undefined && offset !== undefined && ms(offset) >= ms(every),
      'has an `offset` that is no part of its `every`',
      'write one that is shorter',
    ],
    [at === undefined && days !== undefined, 'has `days` and no time', 'add `at:`'],
    [
      password !== undefined && isServiceAccount(accountName(runAs)),
      `has a password for ${accountName(runAs)}, which has none`,
      'name the user with `run_as:`, or leave `password:` out',
    ],
  ];
  const [found] = wrong.filter(([is]) => is);
  if (found) throw new Failure(given('bad-task', `the task \`${title}\` ${found[1]}`, { hint: found[2] }));
}

async function observe(asked: Asked<TaskProperties>[], io: ReadIo): Promise<Map<Id, Observation<TaskState>>> {
  const seen = new Map<Id, Observation<TaskState>>();
  const tasks = new Map<Asked<TaskProperties>, XmlElement>();
  for (const one of asked) {
    try {
      const task = await readTask(io, taskUri(one.title));
      if (task) tasks.set(one, task);
      else seen.set(one.id, { state: 'absent' });
    } catch (error) {
      io.signal.throwIfAborted();
      seen.set(one.id, { state: 'failed', diagnostic: oneDiagnostic(error) });
    }
  }
  const sids = await sidsOf(io, namesToLookUp(tasks));
  for (const [{ id, properties }, task] of tasks)
    seen.set(id, { state: 'present', value: readState(task, properties, sids, io) });
  return seen;
}

/** Declared users where Windows has written down a SID. */
const namesToLookUp = (tasks: ReadonlyMap<Asked<TaskProperties>, XmlElement>): string[] =>
  [...tasks].flatMap(([{ properties }, task]) => {
    const declared = accountName(properties.run_as ?? 'SYSTEM');
    const user = accountName(textAt(principalOf(task), 'UserId') ?? '');
    return user.startsWith('S-1-') && commonSid(declared) === undefined ? [declared] : [];
  });

async function act(step: Step<TaskProperties, TaskState>, io: WriteIo): Promise<void> {
  const { title, properties } = step.asked;
  const uri = taskUri(title);
  if (step.kind === 'delete') return deleteTask(io, uri);
  const task = defined(properties, await readTask(io, uri));
  const { password } = properties;
  if (!isSecretRef(password)) return registerTask(io, uri, task);
  const user = accountName(properties.run_as ?? 'SYSTEM');
  await registerTaskWithPassword(io, uri, task, { user, password: await io.secret(password) });
}
