import type { Command } from 'commander';
import { commands } from './commands/index.ts';

const asksForHelp = (word: string): boolean => word === '--help' || word === '-h';

/**
 * The command whose definition alone answers these words. Undefined where the others have a say: in help, in
 * what a mistyped name may have meant, in the completion of a line.
 */
export function commandNeeded(argv: readonly string[]): string | undefined {
  // No option of the program itself has a value: what comes first is the name.
  const name = argv.find(word => !word.startsWith('-'));
  const isAlone = name !== undefined && name !== '__complete' && commands.has(name);
  return isAlone && !argv.some(asksForHelp) ? name : undefined;
}

/**
 * A call for help as one that is answered by what it is about: `help lab add-vm` as `lab add-vm --help`.
 * Without the call when it names a command that doesn't exist: `nosuch --help` and `help nosuch` are then
 * refused as `nosuch` is, in place of the help of something else.
 */
export function helpAsMeant(program: Command, argv: string[]): string[] {
  const end = argv.indexOf('--');
  const words = (end < 0 ? argv : argv.slice(0, end)).filter(word => !word.startsWith('-'));
  if (!argv.some(asksForHelp) && !words.includes('help')) return argv;
  const path: string[] = [];
  let command = program;
  for (const word of words) {
    if (command.commands.length === 0) break;
    if (word === 'help') continue;
    path.push(word);
    const found = command.commands.find(child => child.name() === word || child.aliases().includes(word));
    if (!found) return path;
    command = found;
  }
  const isHelpCommand = words.slice(0, path.length).includes('help');
  return isHelpCommand ? [...path, '--help'] : argv;
}

/** What other tools call the options that we have under another name, or that nothing here needs. */
const foreign: { names: string[]; ours: string; without: string }[] = [
  {
    names: [
      '--dry-run',
      '--dryrun',
      '--check',
      '--check-mode',
      '--what-if',
      '--whatif',
      '--simulate',
      '--no-op',
    ],
    ours: '--noop',
    without: '`converge plan` shows what would change, and changes nothing',
  },
  {
    names: ['--auto-approve', '--assume-yes', '--no-confirm', '--non-interactive', '-y'],
    ours: '--yes',
    without: 'it asks nothing',
  },
  { names: ['--json'], ours: '--format', without: 'it prints text alone' },
];

/** The message of commander about an unknown option, with our name for what was meant. */
export function withOurName(command: Command, message: string): string {
  const flag = /^error: unknown option '([^'=]+)/.exec(message)?.[1]?.toLowerCase();
  const known = foreign.find(({ names }) => flag !== undefined && names.includes(flag));
  if (!known) return message;
  const has = command.options.some(({ long }) => long === known.ours);
  const value = known.ours === '--format' ? ' json' : '';
  const [first] = message.split('\n');
  return `${first}\n(${has ? `Did you mean ${known.ours}${value}?` : known.without})\n`;
}
