import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { listPoints } from '../../../app/repository/list-points.ts';
import { bytes } from '../../../io/units.ts';
import type { PointSummary } from '../../../replication/model/point.ts';
import type { Define } from '../../context/define.ts';
import { withFormat, withLab, withRepository } from '../../context/options.ts';
import { table } from '../../text/table.ts';

export const points: Define = (program, context, exit) => {
  const command = program
    .command('points [VM]')
    .description('list the recovery points of a repository, oldest first');
  withLab(withFormat(withRepository(command)))
    .addHelpText('after', '\nExample:\n  converge points dc02 --repository s3://gdh-vm-replication/dr')
    .action(
      async (name: string | undefined, options: RepositoryOptions & CommonOptions & { format: string }) => {
        const listed = await listPoints(context, name, options);
        if (options.format === 'json') context.printJson(`${JSON.stringify(listed, null, 2)}\n`);
        else context.print(asTable(listed, context.columns));
        exit(0);
      },
    );
};

const asTable = (listed: PointSummary[], columns?: number): string[] =>
  listed.length === 0
    ? ['no recovery points']
    : table(
        ['ID', 'VM', 'TIME', 'CONSISTENCY', 'MODE', 'DISKS'],
        listed.map(point => [
          point.id,
          point.vm.name,
          point.time,
          point.consistency,
          point.mode === 'incremental' ? 'incremental' : `${point.mode} (${point.reason})`,
          point.disks.map(disk => `${disk.index}: ${bytes(disk.bytes)}`).join(', '),
        ]),
        columns,
      );
