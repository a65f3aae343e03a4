import { type FilesOptions, type Found, pointFiles } from '../../../app/repository/point-files.ts';
import { bytes } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withFormat, withLab, withRepository } from '../../context/options.ts';
import { table } from '../../text/table.ts';

export const files: Define = (program, context, exit) => {
  const command = program
    .command('files <VM[:VOLUME[/PATH]]> [PATHS...]')
    .description('list the files of a recovery point (NTFS, ext2 to ext4, FAT), and copy single ones')
    .option('--point <WHICH>', 'latest, an id, or a time: the newest point at or before it', 'latest')
    .option('--to <DIR>', 'copy the file to this folder, for you alone')
    .option('--force', 'replace a file that exists');
  withLab(withFormat(withRepository(command)))
    .addHelpText(
      'after',
      '\nA volume is DISK.PARTITION, such as 0.2; without one, the volumes are listed.\n' +
        '\nExamples:\n  converge files dc02 manifests\n  converge files dc02:0.2/Windows/NTDS manifests\n' +
        "  converge files 'dc02:0.2\\Windows\\NTDS\\ntds.dit' manifests --to /mnt/files",
    )
    .action(async (what: string, paths: string[], options: FilesOptions & { format: string }) => {
      const found = await pointFiles(context, what, { ...options, paths });
      if (!found) return exit(1);
      if (options.format === 'json') {
        const { point, ...rest } = found;
        context.printJson(`${JSON.stringify({ version: 1, point: point.id, ...rest }, null, 2)}\n`);
      } else context.print(asText(found, context.columns));
      exit(0);
    });
};

const kinds = { file: 'file', directory: 'folder', link: 'link', other: 'other' } as const;

function asText(found: Found, columns?: number): string[] {
  if ('volumes' in found)
    return table(
      ['VOLUME', 'HOLDS', 'SIZE'],
      found.volumes.map(({ name, content, bytes: size }) => [name, content, bytes(size)]),
      columns,
    );
  if ('entries' in found) {
    if (found.entries.length === 0) return ['nothing is in it'];
    return table(
      ['KIND', 'NAME'],
      found.entries.map(({ kind, name }) => [kinds[kind], name]),
      columns,
    );
  }
  const { file, bytes: size, path } = found;
  return [path === undefined ? `${file}: ${bytes(size)}` : `copied ${file}, ${bytes(size)}, to ${path}`];
}
