import { accountName, isServiceAccount, sidOf } from '../machine/accounts.ts';
import type { Language } from '../machine/machine.ts';
import { child, made, type Node, setChild } from './xml.ts';

/** Settings that are dropped where they say what they would be anyway. */
const defaults: Record<string, string> = {
  AllowStartOnDemand: 'true',
  AllowHardTerminate: 'true',
  StartWhenAvailable: 'false',
  RunOnlyIfNetworkAvailable: 'false',
  RunOnlyIfIdle: 'false',
  WakeToRun: 'false',
  Hidden: 'false',
  Priority: '7',
};

const order = ['RegistrationInfo', 'Triggers', 'Principals', 'Settings', 'Actions', 'Data'];

/**
 * A task as Windows writes it back after it was registered: URI, author and usual settings added, accounts
 * as SIDs, defaults dropped, sections in one order. Changes `task`; returns undefined for an unknown account.
 */
export function registered(
  task: Node,
  uri: string,
  runAs: string | undefined,
  language: Language,
): Node | undefined {
  task.attributes = { version: task.attributes.version ?? '1.2' };
  const info = section(task, 'RegistrationInfo');
  if (!child(info, 'Author')) info.children.unshift(made('Author', accountName('S-1-5-18', language)));
  setChild(info, 'URI', uri);
  if (!principal(task, runAs, language)) return undefined;
  const settings = section(task, 'Settings');
  settings.children = settings.children.filter(({ name, text }) => defaults[name] !== text.trim());
  const usual: [string, string][] = [
    ['MultipleInstancesPolicy', 'IgnoreNew'],
    ['DisallowStartIfOnBatteries', 'true'],
    ['StopIfGoingOnBatteries', 'true'],
  ];
  for (const [name, text] of usual) if (!child(settings, name)) settings.children.push(made(name, text));
  if (!child(settings, 'IdleSettings'))
    settings.children.push(
      made('IdleSettings', '', [
        made('Duration', 'PT10M'),
        made('WaitTimeout', 'PT1H'),
        made('StopOnIdleEnd', 'true'),
        made('RestartOnIdle', 'false'),
      ]),
    );
  const triggers = section(task, 'Triggers');
  for (const trigger of triggers.children) {
    trigger.children = trigger.children.filter(
      ({ name, text }) => name !== 'Enabled' || text.trim() !== 'true',
    );
  }
  const actions = section(task, 'Actions');
  actions.attributes = { Context: actions.attributes.Context ?? 'Author' };
  task.children.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  return task;
}

function section(task: Node, name: string): Node {
  const found = child(task, name);
  if (found) return found;
  const added = made(name, '');
  task.children.push(added);
  return added;
}

/** Whether all accounts are known. */
function principal(task: Node, runAs: string | undefined, language: Language): boolean {
  const principals = section(task, 'Principals');
  const [first = made('Principal', '')] = principals.children;
  principals.children = [first];
  first.attributes = { id: first.attributes.id ?? 'Author' };
  const group = child(first, 'GroupId');
  if (group && runAs === undefined) {
    const sid = sidOf(group.text.trim(), language);
    group.text = sid ?? '';
    return sid !== undefined;
  }
  const sid = sidOf(runAs ?? child(first, 'UserId')?.text.trim() ?? 'SYSTEM', language);
  if (sid === undefined) return false;
  first.children = first.children.filter(
    ({ name, text }) =>
      name !== 'GroupId' &&
      !(name === 'LogonType' && isServiceAccount(sid)) &&
      !(name === 'RunLevel' && text.trim() === 'LeastPrivilege'),
  );
  const user = child(first, 'UserId');
  if (user) user.text = sid;
  else first.children.unshift(made('UserId', sid));
  return true;
}
