import { holdsSecret } from '../../resources/shared/secret-names.ts';
import type { Words } from '../drafts/command-words.ts';
import { argvOf } from './cmd-line.ts';
import type { Recogniser } from './tools.ts';

const days: Record<string, string> = {
  MON: 'mon',
  TUE: 'tue',
  WED: 'wed',
  THU: 'thu',
  FRI: 'fri',
  SAT: 'sat',
  SUN: 'sun',
};

/**
 * Switches that nothing here takes (`/et`, `/k`, `/ri`, `/sd` ...) are left, and make the line a leftover.
 */
export const schtasks: Recogniser = (words, drafts, at) => {
  const verb = words.next()?.toLowerCase();
  if (verb === '/query') return { needless: 'reads' };
  const name = words.value('tn');
  if (name === undefined || name === '') return { why: 'it names no task' };
  // It asks nobody, and answers in other numbers.
  const replaces = words.flag('f');
  words.flag('hresult');
  if (verb === '/delete') {
    drafts.absent('scheduled_task', name, at);
    return undefined;
  }
  if (verb === '/change') {
    const enabled = words.flag('enable');
    if (words.flag('disable') === enabled) return { why: 'only whether a task is enabled can be changed' };
    drafts.set('scheduled_task', name, at, { enabled });
    return undefined;
  }
  if (verb === '/run' || verb === '/end')
    return { why: 'it starts or ends a task once: an `exec` with a guard does that' };
  if (verb !== '/create') return { why: `schtasks ${verb ?? ''} is not known` };
  if (words.value('xml') !== undefined)
    return { why: 'only tasks with a schedule on the command line are known' };
  const program = words.value('tr') ?? '';
  const [command, rest] = partsOf(program);
  if (command === undefined) return { why: 'it runs nothing, or a quote of it is not closed' };
  if (holdsSecret(program)) return { why: 'its arguments hold a secret, and a task keeps them as they are' };
  const schedule = scheduleOf(words);
  if (typeof schedule === 'string') return { why: schedule };
  const account = accountOf(words);
  if ('why' in account) return account;
  const level = words.value('rl')?.toLowerCase();
  if (level !== undefined && level !== 'highest' && level !== 'limited')
    return { why: `there is no run level ${level}` };
  const { runAs, password } = account;
  const properties = {
    command,
    ...(rest !== '' && { arguments: rest }),
    ...(runAs !== undefined && { run_as: runAs }),
    ...(password && { password: drafts.secret(`scheduled_task:${name.toLowerCase()}`, name, 'password') }),
    ...(level !== undefined && { run_level: level }),
    ...schedule,
  };
  if (replaces) drafts.replace('scheduled_task', name, at, properties);
  else if (drafts.beside('scheduled_task', name, at, properties) !== undefined)
    return { why: 'another command makes that task, and schtasks asks before it replaces one without `/f`' };
  return undefined;
};

/** The account; SYSTEM is the one that is meant when none is said. */
function accountOf(words: Words): { runAs?: string; password?: true } | { why: string } {
  const runAs = words.value('ru');
  const password = words.value('rp');
  // Without a password a task logs on for this machine alone, which is what is meant where none is said.
  const local = words.flag('np');
  if (password === '*') return { why: 'it asks for a password' };
  const isSystem = runAs === undefined || /^((nt authority\\)?system)?$/i.test(runAs);
  return {
    ...(!isSystem && { runAs }),
    ...(password !== undefined && password !== '' && !isSystem && !local && { password: true as const }),
  };
}

/** The greatest `/mo` of each schedule, by the tool's own help. */
const most: Record<string, number> = { MINUTE: 1439, HOURLY: 23, DAILY: 365, WEEKLY: 52 };

/** The properties, or why there are none. */
function scheduleOf(words: Words): Record<string, unknown> | string {
  const kind = words.value('sc') ?? '';
  const no = `the schedule ${kind} has no property`;
  const limit = most[kind.toUpperCase()];
  const interval = limit === undefined ? '1' : (words.value('mo') ?? '1');
  const every = /^\d+$/.test(interval) ? Number(interval) : 0;
  const start = limit === undefined ? undefined : words.value('st');
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(start ?? '00:00') ?? [];
  if (hours === undefined || every < 1 || every > (limit ?? 1))
    return 'its time or its interval is not one that schtasks takes';
  const minute = Number(hours) * 60 + Number(minutes);
  const repeated = (length: number, unit: string) => {
    const offset = minute % (every * length);
    return { every: `${every}${unit}`, ...(offset > 0 && { offset: `${offset}m` }) };
  };
  const at = `${hours.padStart(2, '0')}:${minutes}`;
  switch (kind.toUpperCase()) {
    case 'MINUTE':
      return repeated(1, 'm');
    case 'HOURLY':
      return repeated(60, 'h');
    case 'DAILY':
      return every === 1 ? { at } : no;
    case 'WEEKLY': {
      const given = words.value('d');
      if (given === undefined) return 'it runs on the weekday on which it was made';
      const on =
        given === '*' ? Object.values(days) : given.split(',').map(day => days[day.trim().toUpperCase()]);
      return every === 1 && on.every(Boolean) ? { at, days: [...new Set(on)] } : no;
    }
    case 'ONSTART':
      return { boot: true };
    case 'ONLOGON':
      return { logon: true };
    default:
      return no;
  }
}

/**
 * What is run and, as it stands, the text behind it. Inside `/tr "…"` single quotes are quotes as well, as
 * the tool's help has it: `/tr "'c:\program files\a.exe' -x"`.
 */
function partsOf(text: string): [command: string | undefined, rest: string] {
  const [, single, behind = ''] = /^\s*'([^']+)'(?:\s+(.*))?$/s.exec(text) ?? [];
  if (single !== undefined || /^\s*'/.test(text)) return [single, behind.trim()];
  return [argvOf(text)[0], text.trim().replace(/^("[^"]*"|[^\s"]+)\s*/, '')];
}
