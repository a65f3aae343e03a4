import { expect, test } from 'vitest';
import { parseXml } from '../../../src/io/xml.ts';
import { unsaidSettings } from '../../../src/resources/windows/tasks/unsaid-settings.ts';

const task = (inside: string) =>
  unsaidSettings(
    parseXml(`<Task xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">${inside}</Task>`),
  );

test('C6: what a task has and no property says is told, whatever part it is in', () => {
  expect(
    task(
      '<RegistrationInfo><Author>a</Author><URI>\\x</URI><SecurityDescriptor>D:</SecurityDescriptor></RegistrationInfo>' +
        '<Principals><Principal id="Author"><UserId>S-1-5-18</UserId><RequiredPrivileges><Privilege>SeBackup</Privilege></RequiredPrivileges></Principal></Principals>' +
        '<Settings><StartWhenAvailable>true</StartWhenAvailable><Hidden>1</Hidden><Priority>4</Priority>' +
        '<RestartOnFailure><Interval>PT1M</Interval><Count>3</Count></RestartOnFailure><WakeToRun>true</WakeToRun>' +
        '<DeleteExpiredTaskAfter>PT0S</DeleteExpiredTaskAfter><IdleSettings><Duration>PT5M</Duration></IdleSettings>' +
        '<MaintenanceSettings><Period>P1D</Period></MaintenanceSettings></Settings><Data>x</Data>',
    ),
  ).toEqual([
    'SecurityDescriptor D:',
    'RequiredPrivileges (Privilege SeBackup)',
    'StartWhenAvailable true',
    'Hidden 1',
    'Priority 4',
    'RestartOnFailure (Interval PT1M, Count 3)',
    'WakeToRun true',
    'DeleteExpiredTaskAfter PT0S',
    'Duration PT5M',
    'MaintenanceSettings (Period P1D)',
    'Data x',
  ]);
});

test('and what Windows assumes without it is not', () => {
  expect(
    task(
      '<Triggers><BootTrigger/></Triggers><Actions><Exec><Command>a</Command></Exec></Actions>' +
        '<Settings><Enabled>true</Enabled><AllowHardTerminate>true</AllowHardTerminate><Priority>7</Priority>' +
        '<StartWhenAvailable>false</StartWhenAvailable><ExecutionTimeLimit>PT1H</ExecutionTimeLimit>' +
        '<IdleSettings><StopOnIdleEnd>true</StopOnIdleEnd><RestartOnIdle>false</RestartOnIdle></IdleSettings></Settings>',
    ),
  ).toEqual([]);
});
