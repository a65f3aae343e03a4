import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Context } from '../../app/app-context.ts';
import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { fewestDigits } from '../../engine/plan/plan-digest.ts';
import { parseDuration } from '../../io/duration.ts';

export const collect = (value: string, before: string[] = []) => [...before, value];

/** A duration as an option has it. @throws Failure `bad-duration`, given */
export function milliseconds(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) {
    throw new Failure(
      given('bad-duration', `${text} is not a duration`, { hint: 'write it like 30s, 15m or 1h30m' }),
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

/** For commands that only compile: which host's platform and facts. */
export const withLabHost = (command: Command): Command =>
  command.option(
    '--lab [DIR]',
    "for the lab's hosts: a manifest that requires Windows is checked for Windows",
  );

export const withState = (command: Command): Command =>
  command.option('--state <DIR>', 'folder for memory and reports (default .converge)');

export const withOnly = (command: Command): Command =>
  command.option(
    '--only <SELECTOR>',
    'only these: a type, an address, a glob of it, or label:NAME; may be repeated',
    collect,
  );

export const withSelection = (command: Command): Command =>
  withOnly(command).option('--except <SELECTOR>', 'all but these; may be repeated', collect);

export const withExitCodes = (
  command: Command,
  what = 'also say by exit code 2 that changes were made or are pending',
): Command => command.option('--detailed-exitcodes', what);

export const withEvents = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--events <FORMAT>',
        'what happens as lines of JSON on stderr, in place of the progress',
      ).choices(['ndjson']),
    )
    .option('--events-file <FILE>', 'write those lines to a new file; the progress stays');

export const withAllow = (command: Command): Command =>
  command.option(
    '--allow <ADDRESS>',
    'let this resource be deleted or weakened though it protects or is protected; may be repeated',
    collect,
  );

export const withDigest = (command: Command): Command =>
  command.addOption(
    new Option('--digest <HEX>', 'only if the plan has this digest: the one that was approved').argParser(
      hexDigits,
    ),
  );

function hexDigits(text: string): string {
  const hex = text.toLowerCase();
  if (new RegExp(`^[0-9a-f]{${fewestDigits},64}$`).test(hex)) return hex;
  throw new Failure(
    given('bad-digest', `--digest ${text}: expected ${fewestDigits} to 64 hex digits`, {
      hint: 'copy it from the plan that was approved: the line of its digest, as the same command shows it with --noop',
    }),
  );
}

/** What the manifests of a command are compiled with. */
export const withData = (command: Command): Command =>
  command
    .option('--env <NAME>', 'the data layer data/NAME.yaml')
    .option('--set <NAME=VALUE>', 'a value of `data`, above every layer; may be repeated', collect);

export function withFormat(command: Command, ...formats: string[]): Command {
  const choices = formats.length > 0 ? formats : ['text', 'json'];
  return command.addOption(
    new Option('--format <FORMAT>', 'how it is printed').choices(choices).default(choices[0]),
  );
}

export const withRepository = (command: Command): Command =>
  command
    .option('--repository <URL>', 's3://BUCKET/PREFIX or file:///FOLDER; that of the manifests when left out')
    .option('--key <SOURCE>', 'key of an encrypted repository: env:NAME, file:PATH or credential:NAME')
    .option('--region <REGION>', 'AWS region of the bucket')
    .option('--profile <NAME>', 'profile of the AWS configuration files')
    .option('--endpoint <URL>', 'address of another S3 service; buckets are addressed by path');

/** `[VM] [PATHS...]`: a first word that exists as a path is one, unless `--vm` names the VM. */
export async function vmAndPaths(
  { io }: Context,
  words: (string | undefined)[],
  vm: string | undefined,
): Promise<{ vm?: string; paths: string[] }> {
  const [first, ...rest] = words.filter(word => word !== undefined);
  if (vm !== undefined) return { vm, paths: first === undefined ? [] : [first, ...rest] };
  if (first === undefined) return { paths: [] };
  const isPath = (await io.host.files.stat(resolve(io.host.cwd, first))) !== undefined;
  return isPath ? { paths: [first, ...rest] } : { vm: first, paths: rest };
}

export const withVm = (command: Command): Command =>
  command.option('--vm <VM>', 'name or UUID of the VM, where a path is called like it');
