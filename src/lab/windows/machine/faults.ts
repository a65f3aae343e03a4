import { win32 } from 'node:path';
import { checkFaultRule, type FaultKind } from '../../model/fault-rule.ts';
import type { Answer } from './machine.ts';

/**
 * What to do to calls of programs, for the next `times` of them (default 1) that match; `program` is a
 * file name such as `dism.exe`, left out it is any. `exit` answers `code` and does nothing; `access-denied`
 * answers as for a user who may not, and does nothing; `missing` finds no such program; `commit-conflict`
 * hits the next appcmd call that writes: somebody else wrote the configuration meanwhile.
 */
export interface FaultRule {
  kind: 'exit' | 'access-denied' | 'missing' | 'commit-conflict';
  program?: string;
  /** Unsigned 32 bits. */
  code?: number;
  times?: number;
}

const kinds: Record<FaultRule['kind'], FaultKind> = {
  exit: { needs: ['program', 'code'] },
  'access-denied': { takes: ['program'] },
  missing: { needs: ['program'] },
  'commit-conflict': {},
};

/** Throws a Failure for a rule that the Windows host doesn't know. */
export const checkRule = (rule: FaultRule): void => checkFaultRule('the Windows host', rule, kinds);

/** Whether the rule is about calls of the program at this path. */
export function concerns(rule: FaultRule, path: string): boolean {
  const name = win32.basename(path).toLowerCase();
  const wanted = rule.kind === 'commit-conflict' ? 'appcmd.exe' : rule.program?.toLowerCase();
  return wanted === undefined || wanted === name || `${wanted}.exe` === name;
}

/**
 * What a program answers to a user without the right: dism refuses to start (ERROR_ELEVATION_REQUIRED),
 * schtasks and reg answer 1 as to any mistake, the others ERROR_ACCESS_DENIED.
 */
export function accessDenied(path: string): Answer {
  const name = win32.basename(path).toLowerCase();
  const code =
    { 'dism.exe': 740, 'schtasks.exe': 1, 'reg.exe': 1, 'netsh.exe': 1, 'msiexec.exe': 1625 }[name] ?? 5;
  return { exitCode: code, stdout: '', stderr: 'ERROR: Access is denied.\r\n' };
}

/** `c00cee2b` as the whole HRESULT: its low word alone says nothing. */
export const commitConflict: Answer = {
  exitCode: 0xc00cee2b,
  stdout: 'ERROR ( hresult:c00cee2b, message:Failed to commit configuration changes. \r\n\r\n )\r\n',
  stderr: '',
};
