import { Option } from 'commander';
import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { verifyReplica } from '../../../app/recovery/replica.ts';
import { replicate } from '../../../app/repository/replicate.ts';
import { verify as check } from '../../../app/repository/verify.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { bytes, plural } from '../../../io/units.ts';
import { LEVELS, type Level } from '../../../replication/model/check-memory.ts';
import type { Sample } from '../../../replication/verify/choose.ts';
import type { VerifyReport } from '../../../replication/verify/verify.ts';
import { describeCycle } from '../../../resources/vsphere/describe-cycle.ts';
import type { CliContext } from '../../context/cli-context.ts';
import type { Define } from '../../context/define.ts';
import { vmAndPaths, withFormat, withLab, withRepository, withVm } from '../../context/options.ts';

interface VerifyOptions extends RepositoryOptions, CommonOptions {
  vm?: string;
  format: string;
  replica?: true;
  againstSource?: true;
  level?: Level;
  sample?: Amount;
}

/** What `--sample` can say: a number of blocks, a share, or bytes. */
type Amount = { word: string; of: 'blocks'; blocks: number } | ({ word: string; of: 'packs' } & Sample);

export const verify: Define = (program, context, exit) => {
  const command = program
    .command('verify [VM] [PATHS...]')
    .description('check what the recovery points need: every byte of it, or as deep as --level says')
    .option(
      '--replica',
      "read blocks of the VM's newest EBS snapshots back; PATHS declare its recovery_target",
    )
    .addOption(
      new Option(
        '--against-source',
        'compare the newest point with the VM, block by block, and find what change tracking left out; makes a point',
      ).conflicts(['replica', 'level', 'sample']),
    )
    .addOption(
      new Option(
        '--level <LEVEL>',
        'chain: all but packs; presence: and packs are there; sample: and some are read; full: all are read',
      )
        .choices(LEVELS)
        .conflicts('replica'),
    )
    .addOption(
      new Option(
        '--sample <AMOUNT>',
        'how much of the packs --level sample reads, those not read longest first, as in 5% or 10GiB; with --replica blocks of each disk, chosen at random (100)',
      ).argParser(amount),
    );
  withLab(withFormat(withVm(withRepository(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge verify manifests\n  converge verify --repository s3://gdh-vm-replication/dr\n  converge verify manifests --vm dc02 --replica',
    )
    .action(async (name: string | undefined, more: string[], options: VerifyOptions) => {
      const { vm, paths } = await vmAndPaths(context, [name, ...more], options.vm);
      if (options.againstSource) return exit(await againstSource(context, vm, paths, options));
      if (options.replica) return exit(await replica(context, vm, paths, options));
      const { sample, ...rest } = options;
      const level = levelOf(options);
      const verified = await check(context, vm, {
        ...{ ...rest, paths, level },
        ...(sample?.of === 'packs' && { sample }),
      });
      if (!verified) return exit(1);
      const { report, diagnostics } = verified;
      if (options.format === 'json') context.printJson(json(report));
      else context.print(lines(report));
      context.report(diagnostics);
      exit(exitCode({ diagnostics }));
    });
};

/** Exit code 4 when change tracking had left something out. */
async function againstSource(
  context: CliContext,
  vm: string | undefined,
  paths: string[],
  options: VerifyOptions,
): Promise<number> {
  if (vm === undefined || paths.length === 0)
    throw new Failure(
      given('vm-missing', 'which VM? name it, and the paths that declare its protected_vm', {
        hint: 'converge verify PATHS --vm VM --against-source',
      }),
    );
  const made = await replicate(context, vm, paths, { ...options, rescan: true });
  if (!made) return 1;
  if ('suspended' in made) {
    context.report(made.suspended);
    return 0;
  }
  const { point, disks, warnings } = made.cycle;
  const untold = disks.reduce((sum, one) => sum + (one.untold ?? 0), 0);
  if (options.format === 'json')
    context.printJson(
      `${JSON.stringify({ version: 1, vm: made.vm, point: point.id, untold, disks }, null, 2)}\n`,
    );
  else
    context.print([
      `${made.vm}: ${plural(untold, 'block')} left out by change tracking; ${describeCycle(made.cycle)} (${point.id})`,
    ]);
  const diagnostics = warnings.map(one =>
    one.code === 'tracking-lied' ? { ...one, severity: 'error' as const } : one,
  );
  context.report(diagnostics);
  return exitCode({ diagnostics });
}

async function replica(
  context: CliContext,
  vm: string | undefined,
  paths: string[],
  options: VerifyOptions,
): Promise<number> {
  if (vm === undefined || paths.length === 0)
    throw new Failure(
      given('vm-missing', 'whose replica? name the VM, and the paths that declare its recovery_target', {
        hint: 'converge verify PATHS --vm VM --replica',
      }),
    );
  const { sample } = options;
  if (sample && sample.of !== 'blocks')
    throw new Failure(
      given('bad-sample', `--sample ${sample.word}: expected a number of blocks with --replica`),
    );
  const blocks = sample?.blocks ?? REPLICA_BLOCKS;
  const found = await verifyReplica(context, vm, paths, { ...options, sample: blocks });
  if (!found) return 1;
  const { disks, diagnostics } = found;
  if (options.format === 'json')
    context.printJson(`${JSON.stringify({ version: 1, vm: found.vm, disks }, null, 2)}\n`);
  else
    context.print(
      disks.map(
        ({ index, snapshot, point, check: { listed, read, problems } }) =>
          `disk ${index}: ${snapshot} of point ${point.slice(0, 8)}, ${read} of ${plural(listed, 'block')} read back, ${plural(problems.length, 'problem')}`,
      ),
    );
  context.report(diagnostics);
  return exitCode({ diagnostics });
}

const REPLICA_BLOCKS = 100;

/** The level that was asked for: a sample where one is given, and all without either. */
function levelOf({ level, sample }: VerifyOptions): Level {
  if (sample === undefined) return level ?? 'full';
  if (sample.of === 'blocks' || (level !== undefined && level !== 'sample'))
    throw new Failure(
      given(
        'bad-sample',
        sample.of === 'blocks'
          ? `--sample ${sample.word}: expected a share or a number of bytes, as in 5% or 10GiB`
          : `--sample ${sample.word}: --level ${level} reads no sample`,
      ),
    );
  return 'sample';
}

const unitSizes: Record<string, number> = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

function amount(word: string): Amount {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(%|MiB|GiB|TiB)?$/.exec(word) ?? [];
  const value = Number(number);
  if (unit === '%' && value > 0 && value <= 100) return { word, of: 'packs', percent: value };
  if (unit !== undefined && unit !== '%' && value > 0)
    return { word, of: 'packs', bytes: Math.floor(value * unitSizes[unit]!) };
  if (unit === undefined && value >= 1 && Number.isInteger(value))
    return { word, of: 'blocks', blocks: value };
  throw new Failure(
    given(
      'bad-sample',
      `--sample ${word}: expected a share of up to 100%, bytes in MiB, GiB or TiB, or with --replica a whole number from 1 on`,
    ),
  );
}

function lines(report: VerifyReport): string[] {
  const { points, problems, notes, checked, level } = report;
  const bad = points.filter(({ whole }) => !whole);
  const good = points.length - bad.length;
  const unchecked = bad.filter(one => one.unchecked).length;
  const count = `${good} of ${plural(points.length, 'recovery point')}`;
  return [
    ...bad.map(
      ({ id, vm, time, unchecked }) =>
        `${unchecked ? 'NOT CHECKED' : 'BROKEN'}  ${id}  ${vm.name}  ${time === undefined ? 'its time is not known' : new Date(time).toISOString()}`,
    ),
    ...notes.map(note => `note: ${note}`),
    `${count} ${level === 'full' ? 'whole' : 'without a finding'}${unchecked > 0 ? `, ${unchecked} not checked` : ''}; ` +
      `${plural(checked.objects, 'object')}, ${bytes(checked.bytes)} read, ${plural(problems.length, 'problem')}`,
    ...looked(report),
  ];
}

/** What was looked at of the packs, which hold the content of the disks. */
function looked({ level, packs }: VerifyReport): string[] {
  const { there, bytes: all, read, bytes_read, bytes_needed, bytes_read_in_30_days } = packs;
  if (there === 0 && bytes_needed === 0) return [];
  const of = `${plural(there, 'pack')}, ${bytes(all)}`;
  const share = Math.floor((100 * bytes_read_in_30_days) / bytes_needed);
  const lately =
    bytes_needed === 0 ? 'no point needs any' : `of what points need, read within 30 days: ${share} %`;
  const what = {
    chain: `level chain: none of ${of}, was looked at`,
    presence: `level presence: ${of}, were looked for, and none was read`,
    sample: `level sample: ${read} of ${of}, ${read === 1 ? 'was' : 'were'} read, ${bytes(bytes_read)}`,
    full: `level full: ${read} of ${of}, ${read === 1 ? 'was' : 'were'} read`,
  };
  return [`${what[level]}; ${lately}`];
}

function json({ points, unnoted: _, ...report }: VerifyReport): string {
  const dated = points.map(({ time, ...point }) => ({
    ...point,
    ...(time !== undefined && { time: new Date(time).toISOString() }),
  }));
  return `${JSON.stringify({ version: 1, points: dated, ...report }, null, 2)}\n`;
}
