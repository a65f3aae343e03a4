import { resolve } from 'node:path';
import type { CommonOptions, RepositoryOptions } from '../../../app/options.ts';
import { withVms } from '../../../app/with-repository.ts';
import { bytes, duration } from '../../../io/units.ts';
import type { Define } from '../../define.ts';
import { withFormat, withLab, withRepository } from '../../options.ts';

interface RestoreOptions extends RepositoryOptions, CommonOptions {
  point: string;
  to: string;
  force?: boolean;
  format: string;
}

export const restore: Define = (program, context, exit) => {
  const command = program
    .command('restore <VM>')
    .description('write the disks of a recovery point as raw images, every block checked')
    .option('--point <WHICH>', 'latest, an id, or a time: the newest point at or before it', 'latest')
    .requiredOption('--to <DIR>', 'folder for disk-N.raw')
    .option('--force', 'replace images that exist');
  withLab(withFormat(withRepository(command)))
    .addHelpText(
      'after',
      '\nUntil all disks are whole, files are called disk-N.raw.unfinished-restore-ID. A restore that is killed\n' +
        'leaves them behind: remove them when no restore is running.\n' +
        '\nExample:\n  converge restore dc02 --repository s3://gdh-vm-replication/dr --point 2026-11-23T08:00:00Z --to /mnt/restore',
    )
    .action(async (name: string, options: RestoreOptions) => {
      const { restore: write } = await import('../../../replication/restore/restore.ts');
      const { selectPoint } = await import('../../../replication/model/select-point.ts');
      const { clock, files, random, cwd } = context.io.host;
      const started = clock.now();
      await withVms(context, options, name, async (repository, [vm], onDamage) => {
        const point = selectPoint(await vm!.points(onDamage), options.point, name);
        const directory = resolve(cwd, options.to);
        const restored = await write(repository, point, {
          directory,
          force: options.force ?? false,
          files,
          random,
          signal: context.io.interrupt,
        });
        if (options.format === 'json') {
          context.print(`${JSON.stringify({ version: 1, point: point.id, disks: restored }, null, 2)}\n`);
        } else {
          const size = point.disks.reduce((sum, disk) => sum + disk.bytes, 0);
          const disks = point.disks.map(disk => `disk-${disk.index}.raw`).join(', ');
          context.print(
            `restored ${point.vm.name} as of ${new Date(point.time).toISOString()} (point ${point.id}) to ${options.to}: ` +
              `${disks}, ${bytes(size)} in ${duration(clock.now() - started)}\n`,
          );
        }
      });
      exit(0);
    });
};
