import { element, printTask } from '../../windows/tasks/task-xml.ts';
import { describe, type Service, serviceCommand } from './unit.ts';

/** How Windows takes a command line apart again: quotes, and backslashes before them. */
const quoted = (text: string): string => `"${text.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;

/**
 * A task that runs an agent or a worker from the start of the machine on, as a user without rights of its
 * own, and starts it anew a minute after it has ended. It has no time limit: the Task Scheduler would kill it
 * in the middle of a cycle. `converge agent drain` ends it gently.
 *
 * @param state its folder
 */
export function windowsTask(service: Omit<Service, 'credentials' | 'writes'>, state: string): string {
  const [program, ...first] = service.program;
  const given = [...first, ...serviceCommand(service), '--state', state];
  return printTask(
    element(
      'Task',
      [
        element('RegistrationInfo', [element('Description', describe(service))]),
        element('Triggers', [element('BootTrigger', [element('Enabled', 'true')])]),
        element(
          'Principals',
          // Local Service: it has no rights on other machines, and few on this one.
          [
            element('Principal', [element('UserId', 'S-1-5-19'), element('RunLevel', 'LeastPrivilege')], {
              id: 'Author',
            }),
          ],
        ),
        element('Settings', [
          element('MultipleInstancesPolicy', 'IgnoreNew'),
          element('DisallowStartIfOnBatteries', 'false'),
          element('StopIfGoingOnBatteries', 'false'),
          element('StartWhenAvailable', 'true'),
          element('ExecutionTimeLimit', 'PT0S'),
          element('RestartOnFailure', [element('Interval', 'PT1M'), element('Count', '999')]),
        ]),
        element(
          'Actions',
          [element('Exec', [element('Command', program), element('Arguments', given.map(quoted).join(' '))])],
          { Context: 'Author' },
        ),
      ],
      { version: '1.2' },
    ),
  );
}
