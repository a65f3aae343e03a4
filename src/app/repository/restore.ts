import { resolve } from 'node:path';
import type { Point } from '../../replication/model/repository.ts';
import type { RestoredDisk } from '../../replication/restore/restore.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { withVms } from './with-repository.ts';

export interface RestoreOptions extends RepositoryOptions, CommonOptions {
  /** `latest`, an id, or a time: the newest point at or before it. */
  point: string;
  /** Folder for `disk-N.raw`. */
  to: string;
  /** Replace images that exist. */
  force?: boolean;
}

export interface Restored {
  point: Point;
  disks: RestoredDisk[];
  /** Milliseconds. */
  took: number;
}

/** Writes the disks of a recovery point as raw images, every block checked. */
export async function restore(context: Context, vm: string, options: RestoreOptions): Promise<Restored> {
  const [{ restore: write }, { selectPoint }] = await Promise.all([
    import('../../replication/restore/restore.ts'),
    import('../../replication/model/select-point.ts'),
  ]);
  const { clock, files, random, cwd } = context.io.host;
  const started = clock.now();
  return withVms(context, options, vm, async (repository, [one], onDamage) => {
    const point = selectPoint(await one!.points(onDamage), options.point, vm);
    const disks = await write(repository, point, {
      directory: resolve(cwd, options.to),
      force: options.force ?? false,
      files,
      random,
      signal: context.io.interrupt,
    });
    return { point, disks, took: clock.now() - started };
  });
}
