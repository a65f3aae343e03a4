import type { XmlElement } from '../../../io/xml.ts';

/**
 * What a task has and no property says, in words: `StartWhenAvailable true`. Everything in its document is
 * accounted for: it has a property, it is what Windows assumes without it, it says who made it when, or it is
 * told.
 */
export function unsaidSettings(task: XmlElement): string[] {
  return task.children.flatMap(part => partOf(part));
}

/** Parts that the properties say, or that trigger and action readers judge as a whole. */
const said: Readonly<Record<string, readonly string[]>> = {
  Triggers: ['*'],
  Actions: ['*'],
  // Who made it, and when; and its own name.
  RegistrationInfo: ['Description', 'Author', 'Date', 'URI'],
  Principal: ['UserId', 'GroupId', 'LogonType', 'RunLevel', 'DisplayName'],
  Settings: ['Enabled', 'ExecutionTimeLimit', 'MultipleInstancesPolicy'],
};

/** What Windows assumes where nothing is said ([MS-TSCH] 2.5.3.1), and what a task of converge has. */
const assumed: Readonly<Record<string, readonly string[]>> = {
  AllowHardTerminate: ['true'],
  AllowStartOnDemand: ['true'],
  // Batteries are nothing that a server has.
  DisallowStartIfOnBatteries: ['true', 'false'],
  StopIfGoingOnBatteries: ['true', 'false'],
  DisallowStartOnRemoteAppSession: ['false'],
  Hidden: ['false'],
  Priority: ['7'],
  RunOnlyIfIdle: ['false'],
  RunOnlyIfNetworkAvailable: ['false'],
  StartWhenAvailable: ['false'],
  UseUnifiedSchedulingEngine: ['true', 'false'],
  Volatile: ['false'],
  WakeToRun: ['false'],
  // Of IdleSettings, which count only with RunOnlyIfIdle or an idle trigger.
  StopOnIdleEnd: ['true', 'false'],
  RestartOnIdle: ['true', 'false'],
  Duration: ['PT10M'],
  WaitTimeout: ['PT1H'],
  ProcessTokenSidType: ['Default'],
};

function partOf(part: XmlElement): string[] {
  if (part.name === 'Principals')
    return part.children.flatMap((one, at) => (at === 0 ? inside(one) : [words(one)]));
  return said[part.name] === undefined ? [words(part)] : inside(part);
}

function inside(part: XmlElement): string[] {
  const known = said[part.name] ?? [];
  if (known.includes('*')) return [];
  return part.children.flatMap(one => (known.includes(one.name) ? [] : settingOf(one)));
}

function settingOf(one: XmlElement): string[] {
  if (one.name === 'IdleSettings') return one.children.flatMap(settingOf);
  const text = one.text.trim();
  const plain = text === '1' ? 'true' : text === '0' ? 'false' : text;
  const isUsual = one.children.length === 0 && (text === '' || assumed[one.name]?.includes(plain) === true);
  return isUsual ? [] : [words(one)];
}

/** `RestartOnFailure (Interval PT1M, Count 3)` */
function words(one: XmlElement): string {
  if (one.children.length === 0) return `${one.name} ${one.text.trim()}`.trim();
  return `${one.name} (${one.children.map(words).join(', ')})`;
}
