import { Option } from 'commander';
import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { type RepositoryStats, repositoryStats } from '../../../app/repository/stats.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { bytes } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { vmAndPaths, withFormat, withLab, withRepository, withVm } from '../../context/options.ts';
import { monthlyCost, S3_STANDARD, usualPrice } from '../../text/monthly-cost.ts';
import { table } from '../../text/table.ts';
import { defineExtendLocks } from './extend-locks.ts';

interface StatsOptions extends RepositoryOptions, CommonOptions {
  vm?: string;
  format: string;
  price?: number;
}

export const repository: Define = (program, context, exit) => {
  const group = program
    .command('repository')
    .description('what a repository holds, and how long it stays')
    .addHelpText('after', '\nExample:\n  converge repository stats manifests');
  defineExtendLocks(group, program, context, exit);
  const command = group
    .command('stats [VM] [PATHS...]')
    .description('points, and what they need, share and no longer need of what is stored')
    .addOption(
      new Option(
        '--price <DOLLARS>',
        `what a gigabyte costs a month; ${S3_STANDARD} for S3 when left out, nothing for a folder`,
      ).argParser(price),
    );
  withLab(withFormat(withVm(withRepository(command))))
    .addHelpText(
      'after',
      '\nDEAD is what nothing needs; of it, `converge prune` frees what is in packs less than half needed by moving the rest.\nOlder versions that a bucket keeps, and requests, are not in it.\n\nExample:\n  converge repository stats manifests',
    )
    .action(async (name: string | undefined, more: string[], options: StatsOptions) => {
      const { vm, paths } = await vmAndPaths(context, [name, ...more], options.vm);
      const stats = await repositoryStats(context, vm, { ...options, paths });
      if (!stats) return exit(1);
      const perGb = options.price ?? usualPrice(stats.url);
      if (options.format === 'json') context.printJson(`${JSON.stringify(inJson(stats, perGb), null, 2)}\n`);
      else context.print(lines(stats, perGb, context.columns));
      exit(stats.untold.length > 0 ? 4 : 0);
    });
};

function price(text: string): number {
  if (/^\d{1,6}(\.\d{1,6})?$/.test(text)) return Number(text);
  throw new Failure(given('bad-price', `--price ${text}: expected dollars, as in 0.023`));
}

function inJson({ url, vms, untold, bytes: all }: RepositoryStats, perGb: number | undefined): object {
  const monthly = (size: number) => {
    const dollars = monthlyCost(size, perGb);
    return dollars === undefined ? {} : { monthly_cost_usd: dollars };
  };
  return {
    version: 1,
    url,
    bytes: all,
    ...monthly(all),
    vms: vms.map(({ name, locked, ...one }) => ({
      ...(name !== undefined && { vm: name }),
      ...one,
      ...(locked && {
        locked: { bytes: locked.bytes, until: new Date(locked.until).toISOString() },
      }),
      ...monthly(one.bytes),
    })),
    ...(untold.length > 0 && {
      untold: untold.map(({ uuid, name, why }) => ({
        ...(name !== undefined && { vm: name }),
        ...{ uuid, why: why.message },
      })),
    }),
  };
}

function lines(
  { url, vms, untold, bytes: all }: RepositoryStats,
  perGb: number | undefined,
  columns?: number,
): string[] {
  const monthly = (size: number) => {
    const dollars = monthlyCost(size, perGb);
    return dollars === undefined ? '-' : `$${dollars.toFixed(2)}`;
  };
  const rows = vms.map(({ name, uuid, points, leaving, bytes: size, live, shared, dead, compactable }) => [
    name ?? uuid,
    leaving > 0 ? `${points} + ${leaving} leaving` : String(points),
    ...[size, live, shared, dead, compactable].map(bytes),
    monthly(size),
  ]);
  return [
    ...(rows.length > 0
      ? table(
          ['VM', 'POINTS', 'STORED', 'NEEDED', 'SHARED', 'DEAD', 'IN SPARSE PACKS', 'A MONTH'],
          rows,
          columns,
        )
      : []),
    ...vms.flatMap(({ name, uuid, locked }) =>
      locked
        ? [
            `${name ?? uuid}: ${bytes(locked.bytes)} locked until ${new Date(locked.until).toISOString()} at the latest`,
          ]
        : [],
    ),
    ...untold.map(({ uuid, name }) => `${name ?? uuid}: what its points need can't be told`),
    `${url}: ${bytes(all)}${perGb === undefined ? '' : `, ${monthly(all)} a month`}`,
  ];
}
