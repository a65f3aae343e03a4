import { resolve } from 'node:path';
import { Option } from 'commander';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { DefineEvent } from './define-event.ts';
import { wholeNumber } from './whole-number.ts';

/** `converge lab volume` and the like: what EC2 would never show, and what others do to its networks. */
export function labEc2(context: CliContext, event: DefineEvent): void {
  event(
    'volume <VOLUME>',
    'say what is in an EBS volume, or was before an instance first ran with it',
    'volume vol-0123456789abcdef0\nvolume vol-0123456789abcdef0 --first-start --bytes 67108864',
    ([volume], { firstStart, bytes, out }) => ({
      do: 'volume',
      volume: volume!,
      firstStart: firstStart === true,
      ...(bytes !== undefined && {
        length: wholeNumber(String(bytes), '--bytes', Number.MAX_SAFE_INTEGER),
      }),
      ...(out !== undefined && { out: resolve(context.io.host.cwd, String(out)) }),
    }),
    command =>
      command
        .option('--first-start', 'as it was before an instance first ran with it')
        .option('--bytes <N>', 'hash this many; whether the rest is zeros is said as well (default: all)')
        .option('--out <FILE>', 'also write the whole disk there, as a raw image')
        .addOption(
          new Option('--format <FORMAT>', 'how it is printed').choices(['text', 'json']).default('text'),
        ),
  );
  event(
    'write-volume <VOLUME> <OFFSET> <FILE>',
    'write the bytes of a file into an EBS volume, as the system that runs with it does',
    'write-volume vol-0123456789abcdef0 1048576 changed.bin',
    ([volume, offset, file]) => ({
      do: 'write-volume',
      volume: volume!,
      offset: offset === '0' ? 0 : wholeNumber(offset!, 'OFFSET', Number.MAX_SAFE_INTEGER),
      file: resolve(context.io.host.cwd, file!),
    }),
  );
  event(
    'resolver-rule <VPC> <RULE>',
    'let a rule of Route 53 Resolver apply to a VPC',
    'resolver-rule vpc-0123456789abcdef0 rslvr-rr-0123456789abcdef0',
    ([vpc, rule]) => ({ do: 'resolver-rule', vpc: vpc!, rule: rule! }),
  );
  event(
    'associate <VPC> <KIND> <ID>',
    'associate a VPC with a `profile` or `zone` of Route 53',
    'associate vpc-0123456789abcdef0 zone corp.example.com',
    ([vpc, kind, id]) => ({ do: 'associate', vpc: vpc!, kind: associated(kind!), id: id! }),
  );
  event(
    'reach <ADDRESS> <PORT>',
    'say where a port of an instance that QEMU runs is reached on this machine',
    'reach 10.99.1.10 80',
    ([address, port]) => ({ do: 'reach', address: address!, port: wholeNumber(port!, 'PORT', 65_535) }),
  );
}

const kinds = ['profile', 'zone'] as const;

function associated(text: string): (typeof kinds)[number] {
  const known = kinds.find(kind => kind === text);
  if (known) return known;
  throw new Failure(given('lab-command', `KIND is one of ${kinds.join(', ')}, not ${text}`));
}
