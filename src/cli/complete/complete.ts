import type { Argument, Command, Option } from 'commander';
import type { Names } from '../../app/start/names-to-complete.ts';
import { shellWords } from './shell-words.ts';

/** What may stand where the line ends: words, or files, which the shell knows best. */
export type Candidates = string[] | 'files' | 'directories';

/** How far a line has come. */
interface Position {
  command: Command;
  /** Arguments before the word that is being typed. */
  before: string[];
  /** The option whose value comes next. */
  option?: Option;
}

/**
 * What may complete a command line, which begins with the program's name and ends at the cursor. The
 * words begin as the last one of the line does.
 */
export async function complete(program: Command, line: string, names: Names): Promise<Candidates> {
  const [, ...words] = shellWords(line);
  const word = words.pop() ?? '';
  const at = follow(program, words);
  const found = await candidates(at, word, names);
  return Array.isArray(found) ? [...new Set(found)].filter(one => one.startsWith(word)) : found;
}

async function candidates(
  { command, before, option }: Position,
  word: string,
  names: Names,
): Promise<Candidates> {
  const inWord = /^(--[^=]+)=/.exec(word);
  if (inWord) {
    const named = optionCalled(command, inWord[1]!);
    const found = named ? await valuesOf(named, before, names) : [];
    return Array.isArray(found) ? found.map(value => `${inWord[0]}${value}`) : found;
  }
  if (option && (option.required || !word.startsWith('-'))) return valuesOf(option, before, names);
  if (word.startsWith('-')) return flagsOf(command);
  const subcommands = command.createHelp().visibleCommands(command);
  if (subcommands.length > 0) return subcommands.map(child => child.name());
  const declared = command.registeredArguments;
  const last = declared.at(-1);
  const argument = declared[before.length] ?? (last?.variadic ? last : undefined);
  return argument ? valuesOf(argument, before, names) : [];
}

function follow(program: Command, words: string[]): Position {
  let at: Position = { command: program, before: [] };
  for (const word of words) {
    const { option, command, before } = at;
    const child = command.commands.find(one => one.name() === word);
    if (option && (option.required || !word.startsWith('-'))) at = { command, before };
    else if (word.startsWith('-')) {
      const named = word.includes('=') ? undefined : optionCalled(command, word);
      at = { command, before, ...(named && (named.required || named.optional) && { option: named }) };
    } else if (child) at = { command: child, before: [] };
    else at = { command, before: [...before, word] };
  }
  return at;
}

const optionCalled = (command: Command, flag: string): Option | undefined =>
  command.options.find(({ long, short }) => long === flag || short === flag);

const flagsOf = (command: Command): string[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? []);

/** By what is listed, or else by the word that stands for the value in the help. */
async function valuesOf(of: Option | Argument, before: string[], names: Names): Promise<Candidates> {
  if (of.argChoices) return of.argChoices;
  const isOption = 'flags' in of;
  switch (isOption ? /[<[]([A-Z=]+)/.exec(of.flags)?.[1] : of.name()) {
    case 'PATH':
    case 'PATHS':
    case 'FILE':
    case 'IMAGE':
    case 'BEFORE':
    case 'AFTER':
      return 'files';
    case 'DIR':
      return 'directories';
    case 'TYPE':
      return names.types();
    case 'WHAT':
      return names.adoptable();
    case 'NAME':
      return isOption && of.long === '--type' ? names.explained() : [];
    case 'ADDRESS':
      return names.addresses(before);
    case 'SELECTOR':
      return [...(await names.addresses(before)), ...(await names.types())];
    case 'VM': {
      const addresses = await names.addresses(before);
      return addresses.flatMap(address => /(?:^|\/)protected_vm:(.+)$/.exec(address)?.[1] ?? []);
    }
    default:
      return [];
  }
}
