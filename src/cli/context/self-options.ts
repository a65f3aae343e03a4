import { type Command, Option } from 'commander';

const collect = (value: string, before: string[] = []) => [...before, value];

/** What goes with `--self`, which the command itself declares. */
export const withSelfOptions = (command: Command): Command =>
  command
    .option(
      '--trust <FILE>',
      'with --self: a public key to believe, in place of those installed; may be repeated',
      collect,
    )
    .option('--insecure-unsigned', 'with --self: take content that nobody signed, and say so in every report')
    .addOption(
      new Option(
        '--on-unreachable <WHAT>',
        'with --self: what to do while S3 is out of reach (default last-known-good)',
      ).choices(['last-known-good', 'fail']),
    )
    .option('--log <FILE>', 'with --self: where to log (default where Beanstalk looks)');
