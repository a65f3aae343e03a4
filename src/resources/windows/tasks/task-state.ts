import type { ReadIo } from '../../../engine/model/io.ts';
import { parseDuration } from '../../../io/duration.ts';
import { child, textAt, type XmlElement } from '../../../io/xml.ts';
import { accountName, isServiceAccount } from '../../../windows/security/accounts.ts';
import { commonSid } from '../../../windows/security/sids.ts';
import {
  principalOf,
  readActions,
  readTriggers,
  spelled,
  type Trigger,
  weekdays,
} from '../../../windows/tasks/task-triggers.ts';
import { parseIsoDuration, plainDuration } from '../../../windows/tools/iso-duration.ts';
import { policies, type TaskProperties, type TaskState } from './task-properties.ts';

/** Declared triggers; none of them declared leaves those of the task alone. */
export function wantedTriggers(
  properties: TaskProperties,
): Exclude<Trigger, { kind: 'other' }>[] | undefined {
  const { every, offset, at, days, boot, logon } = properties;
  if ([every, at, boot, logon].every(one => one === undefined)) return undefined;
  return [
    ...(every === undefined
      ? []
      : [{ kind: 'every' as const, every: ms(every), offset: ms(offset ?? '0s') }]),
    ...(at === undefined ? [] : [{ kind: 'at' as const, at, ...(days && { days }) }]),
    ...(boot === true ? [{ kind: 'boot' as const }] : []),
    ...(logon === true ? [{ kind: 'logon' as const }] : []),
  ];
}

export const ms = (text: string): number => parseDuration(text) ?? 0;
export const plain = (text: string): string => plainDuration(ms(text));

/**
 * A task as the properties of its declaration would say it. What they have no word for is said with the
 * property that it makes wrong: `every: 30m, and also: logon`.
 * @param sids of accounts whose name this machine alone knows
 */
export function readState(
  task: XmlElement,
  properties: TaskProperties,
  sids: ReadonlyMap<string, string>,
  io: Pick<ReadIo, 'clock'>,
): TaskState {
  const principal = principalOf(task);
  const level = textAt(principal, 'RunLevel')?.trim();
  const settings = child(task, 'Settings');
  const policy = textAt(settings, 'MultipleInstancesPolicy')?.trim();
  const timeLimit = textAt(settings, 'ExecutionTimeLimit')?.trim() ?? 'P3D';
  const timeLimitMs = parseIsoDuration(timeLimit);
  return {
    ...readCommand(task, properties),
    run_as: readAccount(principal, properties, sids),
    run_level: level === 'HighestAvailable' ? 'highest' : 'limited',
    ...readSchedule(readTriggers(task, localTime(io.clock.now())), properties),
    enabled: !/^(false|0)$/i.test(textAt(settings, 'Enabled')?.trim() ?? ''),
    description: textAt(task, 'RegistrationInfo', 'Description') ?? '',
    execution_time_limit: timeLimitMs === undefined ? timeLimit : plainDuration(timeLimitMs),
    multiple_instances:
      Object.entries(policies).find(([, name]) => name === (policy ?? 'IgnoreNew'))?.[0] ?? policy ?? '',
  };
}

/** `2026-03-01T12:00:00` on the machine's clock. */
export function localTime(now: number): string {
  const date = new Date(now);
  return new Date(now - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function readCommand(task: XmlElement, { arguments: declared }: TaskProperties) {
  const [first, ...others] = readActions(task);
  const text = (one: XmlElement | undefined, name: string) => textAt(one, name)?.trim() ?? '';
  const whole = (one: XmlElement | undefined) =>
    one ? `${text(one, 'Command')} ${text(one, 'Arguments')}`.trim() : 'an action that is not a program';
  const command = declared === undefined ? whole(first) : text(first, 'Command');
  return {
    command: also(first ? command : whole(first), others.map(whole)),
    arguments: text(first, 'Arguments'),
    working_directory: text(first, 'WorkingDirectory'),
  };
}

const also = (text: string, others: readonly string[]): string =>
  others.length === 0 ? text : `${text}, and also: ${others.join('; ')}`;

/** How an account logs on, as its principal says; services just do. */
export const logonType = (account: string, hasPassword: boolean): string | undefined =>
  isServiceAccount(account) ? undefined : hasPassword ? 'Password' : 'S4U';

function readAccount(
  principal: XmlElement | undefined,
  { run_as: runAs = 'SYSTEM', password }: TaskProperties,
  sids: ReadonlyMap<string, string>,
): string {
  const group = textAt(principal, 'GroupId')?.trim();
  if (group !== undefined) return `the group ${group}`;
  const declared = accountName(runAs);
  const user = accountName(textAt(principal, 'UserId') ?? '');
  const sid = commonSid(declared) ?? sids.get(declared);
  const isSame = user.toLowerCase() === declared.toLowerCase() || (commonSid(user) ?? user) === sid;
  if (!isSame) return user;
  const logon = textAt(principal, 'LogonType')?.trim();
  const wanted = logonType(declared, password !== undefined);
  return wanted === undefined || logon === wanted ? declared : `${declared}, logged on by ${logon ?? 'none'}`;
}

function readSchedule(
  triggers: Trigger[],
  properties: TaskProperties,
): Pick<TaskState, 'every' | 'offset' | 'at' | 'days' | 'boot' | 'logon'> {
  const rest = [...triggers];
  const take = <K extends Trigger['kind']>(kind: K): Extract<Trigger, { kind: K }> | undefined => {
    const at = rest.findIndex(one => one.kind === kind);
    return at < 0 ? undefined : (rest.splice(at, 1)[0] as Extract<Trigger, { kind: K }>);
  };
  const { every, at, days, boot, logon } = properties;
  const repeated = every === undefined ? undefined : take('every');
  const timed = at === undefined ? undefined : take('at');
  const atBoot = boot !== undefined && take('boot') !== undefined;
  const atLogon = logon !== undefined && take('logon') !== undefined;
  // A trigger more makes the first declared one wrong.
  const others = rest.map(spelled);
  const note = <T extends string | boolean>(value: T): T | string => {
    const all = others.splice(0);
    return all.length === 0 ? value : also(String(value), all);
  };
  return {
    ...(every !== undefined && { every: note(repeated ? plainDuration(repeated.every) : 'never') }),
    ...(every !== undefined && { offset: plainDuration(repeated?.offset ?? 0) }),
    ...(at !== undefined && { at: note(timed ? (days ? timed.at : spelled(timed).slice(3)) : 'never') }),
    ...(days && { days: timed ? (timed.days ?? [...weekdays]) : [] }),
    ...(boot !== undefined && { boot: note(atBoot) }),
    ...(logon !== undefined && { logon: note(atLogon) }),
  };
}
