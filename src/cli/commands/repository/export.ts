import { Option } from 'commander';
import { type Exported, type ExportOptions, imageFormats } from '../../../app/repository/export-point.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { bytes } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withFormat, withLab, withRepository } from '../../context/options.ts';

export const exportPoint: Define = (program, context, exit) => {
  const command = program
    .command('export <VM> [PATHS...]')
    .description('serve the disks of a recovery point over NBD, read-only, or write them as other images')
    .option('--point <WHICH>', 'latest, an id, or a time: the newest point at or before it', 'latest')
    .addOption(
      new Option('--nbd <SOCKET>', 'serve disk-0, disk-1, ... on this local socket until Ctrl-C').conflicts([
        'to',
        'as',
        'force',
      ]),
    )
    .addOption(new Option('--once', 'with --nbd: end when whoever has read from it is gone').conflicts('to'))
    .option('--to <DIR>', 'write one image per disk to this folder')
    .addOption(
      new Option('--as <FORMAT>', 'with --to: form of the images (default raw)').choices(imageFormats),
    )
    .option('--force', 'replace images that exist');
  withLab(withFormat(withRepository(command)))
    .addHelpText(
      'after',
      '\nThe folder of the socket is made, for you alone; one that others can enter is refused. qcow2 and vmdk\n' +
        'are written by qemu-img, which has to be installed. offset-files are the extents that hold anything.\n' +
        '\nExamples:\n  converge export dc02 manifests --nbd /run/user/1000/dc02/socket\n' +
        '  nbdcopy "nbd+unix:///disk-0?socket=/run/user/1000/dc02/socket" disk.raw\n' +
        '  converge export dc02 --repository s3://gdh-vm-replication/dr --to /mnt/images --as qcow2',
    )
    .action(async (name: string, paths: string[], typed: ExportOptions & { format: string }) => {
      const options = { ...typed, paths };
      const { nbd, to, as = 'raw' } = options;
      const app = await import('../../../app/repository/export-point.ts');
      if (nbd !== undefined) {
        const whole = await app.servePoint(context, name, { ...options, nbd }, ({ point, disks }) => {
          if (options.format === 'json') return printJson({ point: point.id, disks });
          context.print([
            `serving ${point.vm.name} as of ${new Date(point.time).toISOString()} (point ${point.id}), read-only:`,
            ...disks.map(disk => `  ${disk.uri}  ${bytes(disk.bytes)}`),
            options.once ? 'It ends with the last client; Ctrl-C ends it as well.' : 'Ctrl-C ends it.',
          ]);
        });
        return exit(whole === undefined ? 1 : whole ? 0 : 4);
      }
      if (to === undefined) throw nowhere();
      const exported =
        as === 'raw'
          ? await raw(name, { ...options, to })
          : await app.exportPoint(context, name, { ...options, to, as });
      if (!exported) return exit(1);
      const { point, disks } = exported;
      if (options.format === 'json') printJson({ point: point.id, disks });
      else
        context.print([
          `exported ${point.vm.name} as of ${new Date(point.time).toISOString()} (point ${point.id}) as ${as}:`,
          ...disks.map(disk => `  ${disk.path}  ${bytes(disk.bytes)}`),
        ]);
      exit(0);
    });

  const printJson = (value: object) =>
    context.printJson(`${JSON.stringify({ version: 1, ...value }, null, 2)}\n`);

  /** Raw images are what `restore` writes. */
  async function raw(name: string, options: ExportOptions & { to: string }): Promise<Exported | undefined> {
    const { restore } = await import('../../../app/repository/restore.ts');
    return restore(context, name, options);
  }
};

const nowhere = (): Failure =>
  new Failure(
    given('missing-argument', 'neither --nbd nor --to is given', {
      hint: 'give --nbd SOCKET to serve the disks, or --to DIR to write images',
    }),
  );
