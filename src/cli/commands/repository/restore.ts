import { type RestoreOptions, restore as restoreDisks } from '../../../app/repository/restore.ts';
import { bytes, duration } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withFormat, withLab, withRepository } from '../../context/options.ts';

export const restore: Define = (program, context, exit) => {
  const command = program
    .command('restore <VM> [PATHS...]')
    .description('write the disks of a recovery point as raw images, every block checked')
    .option('--point <WHICH>', 'latest, an id, or a time: the newest point at or before it', 'latest')
    .requiredOption('--to <DIR>', 'folder for disk-N.raw')
    .option('--force', 'replace images that exist');
  withLab(withFormat(withRepository(command)))
    .addHelpText(
      'after',
      '\nUntil all disks are whole, files are called disk-N.raw.unfinished-restore-POINT. A restore that fails\n' +
        'or is stopped leaves them: run again, it goes on with what in them is proven right.\n' +
        '\nExamples:\n  converge restore dc02 manifests --to /mnt/restore\n  converge restore dc02 --repository s3://gdh-vm-replication/dr --point 2026-11-23T08:00:00Z --to /mnt/restore',
    )
    .action(async (name: string, paths: string[], options: RestoreOptions & { format: string }) => {
      const restored = await restoreDisks(context, name, { ...options, paths });
      if (!restored) return exit(1);
      const { point, disks, took } = restored;
      if (options.format === 'json') {
        context.printJson(`${JSON.stringify({ version: 1, point: point.id, disks }, null, 2)}\n`);
      } else {
        const size = point.disks.reduce((sum, disk) => sum + disk.bytes, 0);
        const images = point.disks.map(disk => `disk-${disk.index}.raw`).join(', ');
        context.print([
          `restored ${point.vm.name} as of ${new Date(point.time).toISOString()} (point ${point.id}) to ${options.to}: ` +
            `${images}, ${bytes(size)} in ${duration(took)}`,
        ]);
      }
      exit(0);
    });
};
