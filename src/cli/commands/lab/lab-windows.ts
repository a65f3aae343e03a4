import { Option } from 'commander';
import type { Language } from '../../../app/lab/lab-world.ts';
import type { DefineEvent } from './define-event.ts';

/** `converge lab windows` and `lab processes`: the lab's Windows host, seen from outside. */
export function labWindows(event: DefineEvent): void {
  event(
    'windows',
    'tell the Windows host its language and whether runs have an administrator, and show it',
    'windows --language de',
    (_, { language, elevated, restart }) => ({
      do: 'windows',
      ...(language !== undefined && { language: language as Language }),
      ...(elevated !== undefined && { elevated: elevated === 'yes' }),
      ...(restart === true && { restart }),
    }),
    command =>
      command
        .addOption(new Option('--language <LANGUAGE>', 'what its programs answer in').choices(['en', 'de']))
        .addOption(
          new Option('--elevated <YES|NO>', 'whether converge runs as administrator').choices(['yes', 'no']),
        )
        .option('--restart', 'restart it: what is pending becomes real')
        .addHelpText('after', '\nManifests with `requires: { os: windows }` run there with --lab.'),
  );
  event(
    'processes',
    'list the programs that were started on the Windows host, and which of them changed anything',
    'processes\nprocesses --clear --format json',
    (_, { clear }) => ({ do: 'processes', clear: clear === true }),
    command =>
      command
        .option('--clear', 'forget them afterwards')
        .addOption(
          new Option('--format <FORMAT>', 'how it is printed').choices(['text', 'json']).default('text'),
        ),
  );
}
