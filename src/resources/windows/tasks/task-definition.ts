import { child, type XmlElement } from '../../../io/xml.ts';
import { accountName, sidOfService } from '../../../windows/security/accounts.ts';
import { principalOf, readActions, triggerElement } from '../../../windows/tasks/task-triggers.ts';
import { element, withChild, withText } from '../../../windows/tasks/task-xml.ts';
import { isoDuration } from '../../../windows/tools/iso-duration.ts';
import { policies, type TaskProperties } from './task-properties.ts';
import { logonType, ms, wantedTriggers } from './task-state.ts';

/**
 * `task`, or a new one, with what is declared. What isn't stays as it is: settings that somebody made by hand
 * are theirs.
 */
export function defined(properties: TaskProperties, task: XmlElement = blank): XmlElement {
  const triggers = wantedTriggers(properties);
  return [
    withInformation(properties, task),
    ...(triggers ? [element('Triggers', triggers.map(triggerElement))] : []),
    withPrincipal(properties, task),
    withSettings(properties, task),
    withAction(properties, task),
  ].reduce(withChild, task);
}

/** Batteries are nothing that a server has, and a virtual one sometimes claims. */
const blank = element(
  'Task',
  [
    element('RegistrationInfo'),
    element('Triggers'),
    element('Principals', [element('Principal', '', { id: 'Author' })]),
    element('Settings', [
      element('DisallowStartIfOnBatteries', 'false'),
      element('StopIfGoingOnBatteries', 'false'),
    ]),
    element('Actions', '', { Context: 'Author' }),
  ],
  { version: '1.2' },
);

const section = (task: XmlElement, name: string): XmlElement => child(task, name) ?? element(name);

function withInformation({ description }: TaskProperties, task: XmlElement): XmlElement {
  const information = section(task, 'RegistrationInfo');
  return description === undefined ? information : withText(information, 'Description', description);
}

function withPrincipal(
  { run_as: runAs = 'SYSTEM', run_level: level, password }: TaskProperties,
  task: XmlElement,
) {
  const account = accountName(runAs);
  const kept = principalOf(task) ?? element('Principal', '', { id: 'Author' });
  const changes: [name: string, text: string | undefined][] = [
    ['GroupId', undefined],
    ['UserId', sidOfService(account) ?? account],
    ['LogonType', logonType(account, password !== undefined)],
    ...(level === undefined
      ? []
      : [['RunLevel', level === 'highest' ? 'HighestAvailable' : 'LeastPrivilege'] as [string, string]]),
  ];
  return element('Principals', [
    changes.reduce((principal, [name, text]) => withText(principal, name, text), kept),
  ]);
}

function withSettings(properties: TaskProperties, task: XmlElement): XmlElement {
  const { enabled = true, execution_time_limit: limit, multiple_instances: policy } = properties;
  const changes: [name: string, text: string][] = [
    ['Enabled', String(enabled)],
    ...(limit === undefined ? [] : [['ExecutionTimeLimit', isoDuration(ms(limit))] as [string, string]]),
    ...(policy === undefined ? [] : [['MultipleInstancesPolicy', policies[policy]] as [string, string]]),
  ];
  return changes.reduce(
    (settings, [name, text]) => withText(settings, name, text),
    section(task, 'Settings'),
  );
}

function withAction(properties: TaskProperties, task: XmlElement): XmlElement {
  const { command, arguments: given, working_directory: directory } = properties;
  const [kept = element('Exec')] = readActions(task);
  const changes: [name: string, text: string | undefined][] = [
    ['Command', command],
    ['Arguments', given === undefined || given === '' ? undefined : given],
    ...(directory === undefined ? [] : [['WorkingDirectory', directory] as [string, string]]),
  ];
  return {
    ...section(task, 'Actions'),
    children: [changes.reduce((action, [name, text]) => withText(action, name, text), kept)],
  };
}
