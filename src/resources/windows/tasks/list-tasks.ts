import type { ReadIo } from '../../../engine/model/io.ts';
import type { Listed, ListQuery } from '../../../engine/model/resource-type.ts';
import { child, textAt, type XmlElement } from '../../../io/xml.ts';
import { accountName } from '../../../windows/security/accounts.ts';
import {
  principalOf,
  readActions,
  readTriggers,
  spelled,
  type Trigger,
} from '../../../windows/tasks/task-triggers.ts';
import { readTask, taskNames } from '../../../windows/tasks/tasks.ts';
import { parseIsoDuration, plainDuration } from '../../../windows/tools/iso-duration.ts';
import { chosen, type Declaration, type Unsaid, unsaid } from '../../shared/list-declarations.ts';
import { oneDiagnostic } from '../../shared/one-diagnostic.ts';
import { holdsSecret } from '../../shared/secret-names.ts';
import { policies } from './task-properties.ts';
import { localTime } from './task-state.ts';
import { unsaidSettings } from './unsaid-settings.ts';

/** Windows' own tasks, which come and go with its updates. */
const windowsOwn = /^\\Microsoft\\/i;

/** Tasks that people made, each with exactly one program and triggers that a manifest knows. */
export async function* listTasks(query: ListQuery<unknown>, io: ReadIo): AsyncIterable<Listed<Declaration>> {
  const found: (Declaration | Unsaid)[] = [];
  const now = localTime(io.clock.now());
  const isAsked = query.titles?.some(title => windowsOwn.test(`\\${title.replace(/^\\/, '')}`)) === true;
  for (const uri of await taskNames(io)) {
    if (windowsOwn.test(uri) && !isAsked) continue;
    try {
      const task = await readTask(io, uri);
      if (task) found.push(declarationOf(uri, task, now));
    } catch (error) {
      io.signal.throwIfAborted();
      yield { state: 'failed', diagnostic: oneDiagnostic(error) };
    }
  }
  const titles = query.titles?.map(title => titleOf(`\\${title.replaceAll('/', '\\').replace(/^\\/, '')}`));
  yield* chosen(found, titles ? { titles } : {}, 'task');
}

/** A task of the first folder goes by its name alone. */
const titleOf = (uri: string): string => (uri.lastIndexOf('\\') === 0 ? uri.slice(1) : uri);

function declarationOf(uri: string, task: XmlElement, now: string): Declaration | Unsaid {
  const title = titleOf(uri);
  const [program, ...others] = readActions(task);
  if (!program || others.length > 0) return unsaid(title, 'it starts several programs, or none');
  const triggers = readTriggers(task, now);
  const odd = triggers.find(
    (one, at) => one.kind === 'other' || triggers.findIndex(({ kind }) => kind === one.kind) !== at,
  );
  if (odd) return unsaid(title, `no property says when it starts: ${spelled(odd)}`);
  const principal = principalOf(task);
  const group = textAt(principal, 'GroupId')?.trim();
  if (group !== undefined) return unsaid(title, `it runs as the group ${group}`);
  const text = (name: string) => textAt(program, name)?.trim() ?? '';
  // Of some programs only the name says what its arguments are: `net use`.
  const line = `${text('Command').replaceAll('"', '')} ${text('Arguments')}`;
  if (holdsSecret(line)) return unsaid(title, 'its arguments seem to hold a secret');
  const account = accountName(textAt(principal, 'UserId') ?? 'SYSTEM');
  const settings = child(task, 'Settings');
  const limit = parseIsoDuration(textAt(settings, 'ExecutionTimeLimit')?.trim() ?? 'P3D');
  const policy = textAt(settings, 'MultipleInstancesPolicy')?.trim() ?? 'IgnoreNew';
  const policyName = Object.entries(policies).find(([, name]) => name === policy)?.[0];
  const description = textAt(task, 'RegistrationInfo', 'Description') ?? '';
  const more = unsaidSettings(task);
  const unknown = [
    ...(limit === undefined ? [`ExecutionTimeLimit ${textAt(settings, 'ExecutionTimeLimit')?.trim()}`] : []),
    ...(policyName === undefined ? [`MultipleInstancesPolicy ${policy}`] : []),
  ];
  const notes = [
    ...(textAt(principal, 'LogonType')?.trim() === 'Password'
      ? [`its password can't be read: say it with password: "\${secret('env:NAME')}"`]
      : []),
    ...(more.length + unknown.length > 0
      ? [`it has as well, and no property says: ${[...more, ...unknown].join(', ')}`]
      : []),
  ];
  return {
    title,
    properties: {
      command: text('Command'),
      ...(text('Arguments') !== '' && { arguments: text('Arguments') }),
      ...(text('WorkingDirectory') !== '' && { working_directory: text('WorkingDirectory') }),
      ...(account !== 'SYSTEM' && { run_as: account }),
      ...(textAt(principal, 'RunLevel')?.trim() === 'HighestAvailable' && { run_level: 'highest' }),
      ...Object.assign({}, ...triggers.map(scheduled)),
      ...(/^(false|0)$/i.test(textAt(settings, 'Enabled')?.trim() ?? '') && { enabled: false }),
      ...(description !== '' && { description }),
      ...(limit !== undefined && limit !== 3 * 86_400_000 && { execution_time_limit: plainDuration(limit) }),
      ...(policyName !== undefined && policyName !== 'ignore_new' && { multiple_instances: policyName }),
    },
    ...(notes.length > 0 && { note: notes.join('; ') }),
  };
}

function scheduled(trigger: Trigger): object {
  switch (trigger.kind) {
    case 'every':
      return {
        every: plainDuration(trigger.every),
        ...(trigger.offset !== 0 && { offset: plainDuration(trigger.offset) }),
      };
    case 'at':
      return { at: trigger.at, ...(trigger.days && { days: trigger.days }) };
    default:
      return { [trigger.kind]: true };
  }
}
