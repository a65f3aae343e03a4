import { isSecretRef } from '../../../engine/model/catalog.ts';
import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';
import { mistake } from '../../../engine/model/mistakes.ts';
import type {
  Asked,
  BuiltInType,
  Id,
  Mistake,
  Observation,
  Step,
} from '../../../engine/model/resource-type.ts';
import { textAt, type XmlElement } from '../../../io/xml.ts';
import { accountName, isServiceAccount, sidsOf } from '../../../windows/security/accounts.ts';
import { commonSid } from '../../../windows/security/sids.ts';
import { principalOf } from '../../../windows/tasks/task-triggers.ts';
import {
  deleteTask,
  readTask,
  registerTask,
  registerTaskWithPassword,
} from '../../../windows/tasks/tasks.ts';
import { ancestors, hostPath } from '../../host/paths/path.ts';
import { contentClaim } from '../../host/paths/path-claims.ts';
import { eachStep } from '../../shared/each-step.ts';
import { type Declaration, declarationToManifest } from '../../shared/list-declarations.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { writesSettings } from '../../shared/realms.ts';
import { listTasks } from './list-tasks.ts';
import { defined } from './task-definition.ts';
import { schema, type TaskProperties, type TaskState } from './task-properties.ts';
import { ms, plain, readState } from './task-state.ts';

export const scheduledTask: BuiltInType<typeof schema, TaskState, Declaration> = {
  name: 'scheduled_task',
  doc: `A task of the Task Scheduler. The title is its name, with folders as \`\\Folder\\Name\`.

Its triggers are exactly those of \`every\`, \`at\`, \`boot\` and \`logon\`, as soon as one of them is declared; without,
they are left alone. The program with its arguments, the account, and that it is enabled are always compared. Other
settings are managed where they are declared. A password can't be read back: it is set again when the secret changes.`,
  version: 1,
  schema,
  runs: { on: 'host', platforms: ['win32'], elevated: true },
  realm: { name: 'scheduled_task', concurrency: 1, alsoDirties: writesSettings('scheduled_task') },
  neededUnlessAbsent: ['command'],
  check: (properties, title) => [...nameMistakes(title), ...propertyMistakes(title, properties)],
  identity: (_, title) => taskUri(title).toLowerCase(),
  claims: (_, id) => [contentClaim(`c:/windows/system32/tasks${id.replaceAll('\\', '/')}`)],
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
const taskUri = (title: string): string => `\\${title.replaceAll('/', '\\').replace(/^\\/, '')}`;

function nameMistakes(title: string): Mistake[] {
  const uri = taskUri(title);
  if (!/[<>:"|?*\p{Cc}]|\\\\|[\\. ]$|\\\.{1,2}\\/u.test(uri) && uri.length <= 230) return [];
  const hint = 'a name may have folders before it, `\\Folder\\Name`, and none of < > : " | ? *';
  return [mistake('', 'wrong-name', `\`${title}\` can't be the name of a task`, hint)];
}

type Rule = [isWrong: boolean, pointer: string, what: string, hint: string];

function propertyMistakes(title: string, properties: TaskProperties): Mistake[] {
  const { every, offset, at, days, run_as: runAs = 'SYSTEM', password } = properties;
  const minutes = every === undefined ? undefined : ms(every) / 60_000;
  const rules: Rule[] = [
    [
      minutes !== undefined && (minutes < 1 || minutes > 31 * 1440),
      '/every',
      'repeats at an impossible interval',
      'write `every:` between 1m and 31d',
    ],
    [
      every === undefined && offset !== undefined,
      '/offset',
      'has an `offset` and no `every`',
      'an offset shifts a repetition: add `every:`, or use `at:`',
    ],
    [
      every !== undefined && offset !== undefined && ms(offset) >= ms(every),
      '/offset',
      "has an `offset` that isn't a part of its `every`",
      'write one that is shorter',
    ],
    ...(['command', 'arguments'] as const).map(
      (name): Rule => [
        /^\s|\s$/.test(properties[name] ?? ''),
        `/${name}`,
        `has blanks around its ${name}, which Windows drops`,
        'remove them',
      ],
    ),
    [at === undefined && days !== undefined, '/days', 'has `days` and no time', 'add `at:`'],
    [
      password !== undefined && isServiceAccount(accountName(runAs)),
      '/password',
      `has a password for ${accountName(runAs)}, which has none`,
      'name the user with `run_as:`, or leave `password:` out',
    ],
  ];
  return rules.flatMap(([isWrong, pointer, what, hint]) =>
    isWrong ? [mistake(pointer, 'bad-task', `the task \`${title}\` ${what}`, hint)] : [],
  );
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
