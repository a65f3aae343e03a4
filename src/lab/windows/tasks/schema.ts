import { Malformed, type Node } from './xml.ts';

const trigger = ['Enabled', 'StartBoundary', 'EndBoundary', 'Repetition', 'ExecutionTimeLimit'];
const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const days = 'Monday Tuesday Wednesday Thursday Friday Saturday Sunday'.split(' ');

/** Element names below each, from the Task Scheduler schema [MS-TSCH] 2.5. */
const children: Record<string, readonly string[]> = {
  Task: ['RegistrationInfo', 'Triggers', 'Settings', 'Principals', 'Actions', 'Data'],
  RegistrationInfo: [
    'URI',
    'SecurityDescriptor',
    'Source',
    'Date',
    'Author',
    'Version',
    'Description',
    'Documentation',
  ],
  Triggers: [
    'BootTrigger',
    'RegistrationTrigger',
    'IdleTrigger',
    'TimeTrigger',
    'EventTrigger',
    'LogonTrigger',
    'SessionStateChangeTrigger',
    'CalendarTrigger',
  ],
  BootTrigger: [...trigger, 'Delay'],
  RegistrationTrigger: [...trigger, 'Delay'],
  IdleTrigger: trigger,
  TimeTrigger: [...trigger, 'RandomDelay'],
  EventTrigger: [
    ...trigger,
    'Subscription',
    'Delay',
    'PeriodOfOccurrence',
    'NumberOfOccurrences',
    'MatchingElement',
    'ValueQueries',
  ],
  LogonTrigger: [...trigger, 'UserId', 'Delay'],
  SessionStateChangeTrigger: [...trigger, 'UserId', 'Delay', 'StateChange'],
  CalendarTrigger: [
    ...trigger,
    'RandomDelay',
    'ScheduleByDay',
    'ScheduleByWeek',
    'ScheduleByMonth',
    'ScheduleByMonthDayOfWeek',
  ],
  Repetition: ['Interval', 'Duration', 'StopAtDurationEnd'],
  ScheduleByDay: ['DaysInterval'],
  ScheduleByWeek: ['WeeksInterval', 'DaysOfWeek'],
  ScheduleByMonth: ['DaysOfMonth', 'Months'],
  ScheduleByMonthDayOfWeek: ['Weeks', 'DaysOfWeek', 'Months'],
  DaysOfWeek: days,
  DaysOfMonth: ['Day'],
  Weeks: ['Week'],
  Months: months,
  Principals: ['Principal'],
  Principal: [
    'UserId',
    'LogonType',
    'GroupId',
    'DisplayName',
    'RunLevel',
    'ProcessTokenSidType',
    'RequiredPrivileges',
  ],
  RequiredPrivileges: ['Privilege'],
  Settings: [
    'AllowStartOnDemand',
    'RestartOnFailure',
    'MultipleInstancesPolicy',
    'DisallowStartIfOnBatteries',
    'StopIfGoingOnBatteries',
    'AllowHardTerminate',
    'StartWhenAvailable',
    'NetworkProfileName',
    'RunOnlyIfNetworkAvailable',
    'WakeToRun',
    'Enabled',
    'Hidden',
    'DeleteExpiredTaskAfter',
    'IdleSettings',
    'NetworkSettings',
    'ExecutionTimeLimit',
    'Priority',
    'RunOnlyIfIdle',
    'UseUnifiedSchedulingEngine',
    'DisallowStartOnRemoteAppSession',
    'MaintenanceSettings',
    'Volatile',
  ],
  RestartOnFailure: ['Interval', 'Count'],
  IdleSettings: ['Duration', 'WaitTimeout', 'StopOnIdleEnd', 'RestartOnIdle'],
  NetworkSettings: ['Name', 'Id'],
  MaintenanceSettings: ['Period', 'Deadline', 'Exclusive'],
  Actions: ['Exec', 'ComHandler', 'SendEmail', 'ShowMessage'],
  Exec: ['Command', 'Arguments', 'WorkingDirectory'],
};

const anything = new Set(['Data', 'ValueQueries', 'ComHandler', 'SendEmail', 'ShowMessage']);
const duration = /^P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/;
const time =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/;
const flag = /^(true|false|0|1)$/;

/** Formats of texts, by element name. */
const formats: Record<string, RegExp> = {
  Interval: duration,
  Duration: duration,
  Delay: duration,
  RandomDelay: duration,
  ExecutionTimeLimit: duration,
  DeleteExpiredTaskAfter: duration,
  WaitTimeout: duration,
  StartBoundary: time,
  EndBoundary: time,
  Enabled: flag,
  Hidden: flag,
  StopAtDurationEnd: flag,
  StartWhenAvailable: flag,
  AllowStartOnDemand: flag,
  AllowHardTerminate: flag,
  DisallowStartIfOnBatteries: flag,
  StopIfGoingOnBatteries: flag,
  RunOnlyIfNetworkAvailable: flag,
  RunOnlyIfIdle: flag,
  WakeToRun: flag,
  Command: /./,
  UserId: /./,
  GroupId: /./,
  DaysInterval: /^([1-9]\d?|[12]\d\d|3[0-5]\d|36[0-5])$/,
  WeeksInterval: /^([1-9]|[1-4]\d|5[0-2])$/,
  Day: /^([1-9]|[12]\d|3[01]|Last)$/,
  Week: /^([1-4]|Last)$/,
  Priority: /^(\d|10)$/,
  Count: /^[1-9]\d*$/,
  RunLevel: /^(LeastPrivilege|HighestAvailable)$/,
  LogonType: /^(S4U|Password|InteractiveToken|InteractiveTokenOrPassword)$/,
  MultipleInstancesPolicy: /^(Parallel|Queue|IgnoreNew|StopExisting)$/,
};

/** Elements that a task of its kind can't be without. */
const required: Record<string, readonly string[]> = {
  Task: ['Actions'],
  Exec: ['Command'],
  Repetition: ['Interval'],
  TimeTrigger: ['StartBoundary'],
  CalendarTrigger: ['StartBoundary'],
  EventTrigger: ['Subscription'],
  RestartOnFailure: ['Interval', 'Count'],
  ScheduleByMonthDayOfWeek: ['DaysOfWeek'],
};

/** Below these, elements of one name may be many. */
const lists = new Set(['Triggers', 'DaysOfMonth', 'Weeks', 'RequiredPrivileges', 'Actions']);
const schedules = ['ScheduleByDay', 'ScheduleByWeek', 'ScheduleByMonth', 'ScheduleByMonthDayOfWeek'];

/** Minutes that a repetition must be apart at least, and days at most. */
const shortest = 1;
const longest = 31;

/** What is wrong with a task, and where. */
export interface Fault {
  kind: 'unexpected' | 'missing' | 'value';
  node: Node;
  name: string;
}

/**
 * The first mistake of a task in document order, undefined for a good one. Throws Malformed when it isn't a
 * task.
 */
export function findFault(task: Node): Fault | undefined {
  if (task.name !== 'Task') throw new Malformed(task.line, task.column, task.name);
  return faultIn(task) ?? contextFault(task);
}

/** Actions run as a principal of the task. */
function contextFault(task: Node): Fault | undefined {
  const actions = task.children.find(({ name }) => name === 'Actions');
  const principals = task.children.find(({ name }) => name === 'Principals')?.children ?? [];
  const context = actions?.attributes.Context;
  if (!actions || context === undefined || principals.some(({ attributes }) => attributes.id === context))
    return undefined;
  return { kind: 'value', node: actions, name: 'Context' };
}

function faultIn(node: Node): Fault | undefined {
  const format = node.children.length === 0 ? formats[node.name] : undefined;
  if (format && !format.test(node.text.trim())) return { kind: 'value', node, name: node.name };
  if (anything.has(node.name)) return undefined;
  if (node.name === 'Repetition' && !intervalFits(node)) return { kind: 'value', node, name: 'Interval' };
  const allowed = Object.hasOwn(children, node.name) ? children[node.name]! : [];
  const seen = new Set<string>();
  for (const one of node.children) {
    const isSecond = seen.has(one.name) && !lists.has(node.name);
    const isOtherSchedule = schedules.includes(one.name) && schedules.some(name => seen.has(name));
    if (!allowed.includes(one.name) || isSecond || isOtherSchedule)
      return { kind: 'unexpected', node: one, name: one.name };
    seen.add(one.name);
    const fault = faultIn(one);
    if (fault) return fault;
  }
  const missing = (required[node.name] ?? []).find(name => !node.children.some(one => one.name === name));
  if (missing !== undefined) return { kind: 'missing', node, name: missing };
  if (node.name === 'CalendarTrigger' && !schedules.some(name => seen.has(name)))
    return { kind: 'missing', node, name: 'ScheduleByDay' };
  return node.name === 'Actions' && node.children.length === 0
    ? { kind: 'missing', node, name: 'Exec' }
    : undefined;
}

function intervalFits(repetition: Node): boolean {
  const text = repetition.children.find(({ name }) => name === 'Interval')?.text ?? '';
  const [, , , d = '0', , h = '0', m = '0', s = '0'] = duration.exec(text.trim()) ?? [];
  const minutes =
    Number.parseInt(d, 10) * 1440 +
    Number.parseInt(h, 10) * 60 +
    Number.parseInt(m, 10) +
    Number.parseFloat(s) / 60;
  return text === '' || (minutes >= shortest && minutes <= longest * 1440);
}
