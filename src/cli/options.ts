import { type Command, Option } from 'commander';
import { Failure, given } from '../diagnostics/diagnostic.ts';
import { parseDuration } from '../io/duration.ts';

/** Options as commander hands them over, after the parsers below. */
export interface CommonOptions {
  lab?: string | true;
  state?: string;
  lockTimeout: number;
  env?: string;
  set?: string[];
}

export interface SelectOptions {
  only?: string[];
  except?: string[];
}

export interface RepositoryOptions {
  repository: string;
  key?: string;
}

const collect = (value: string, before: string[] = []) => [...before, value];

function milliseconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) {
    throw new Failure(
      given('bad-duration', `${text} is no duration`, { hint: 'write it like 30s, 15m or 1h30m' }),
    );
  }
  return ms;
}

/** `--lab` takes the next word as its folder, so it stands last or before another option. */
export function withLab(command: Command): Command {
  return command
    .option(
      '--lab [DIR]',
      'use the embedded lab (kept in DIR, default .converge/lab) in the place of every target',
    )
    .addOption(
      new Option('--lock-timeout <DURATION>', 'how long to wait for another run')
        .argParser(milliseconds)
        .default(0, '0s'),
    );
}

export const withState = (command: Command): Command =>
  command.option('--state <DIR>', 'folder for lock, memory and reports (default .converge)');

export const withSelection = (command: Command): Command =>
  command
    .option(
      '--only <SELECTOR>',
      'only these: a type, an address, a glob of it, or label:NAME; may be repeated',
      collect,
    )
    .option('--except <SELECTOR>', 'all but these; may be repeated', collect);

/** What the manifests of a command are compiled with. */
export const withData = (command: Command): Command =>
  command
    .option('--env <NAME>', 'the data layer data/NAME.yaml')
    .option('--set <NAME=VALUE>', 'a value of `data`, above every layer; may be repeated', collect);

export const withExitCodes = (command: Command): Command =>
  command.option('--detailed-exitcodes', 'also say by exit code 2 that changes were made or are pending');

export function withFormat(command: Command, ...formats: string[]): Command {
  const choices = formats.length > 0 ? formats : ['text', 'json'];
  return command.addOption(
    new Option('--format <FORMAT>', `one of: ${choices.join(', ')}`).choices(choices).default(choices[0]),
  );
}

export const withRepository = (command: Command): Command =>
  command
    .requiredOption('--repository <URL>', 's3://BUCKET/PREFIX or file:///FOLDER')
    .option('--key <SOURCE>', 'key of an encrypted repository: env:NAME or file:PATH');
