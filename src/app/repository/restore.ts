import { resolve } from 'node:path';
import { elapsed } from '../../io/until.ts';
import type { Point } from '../../replication/model/point.ts';
import type { RestoredDisk } from '../../replication/restore/restore.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { againWith, choosePoint } from './choose-point.ts';
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

/**
 * Writes the disks of a recovery point as raw images, every block checked. Undefined when the manifests have
 * mistakes, which were told.
 */
export async function restore(
  context: Context,
  vm: string,
  options: RestoreOptions,
): Promise<Restored | undefined> {
  const { restore: write } = await import('../../replication/restore/restore.ts');
  const { clock, files, random, cwd } = context.io.host;
  const started = clock.now();
  return withVms(context, options, vm, async (opened, [one], onDamage) => {
    const again = againWith(['restore', vm], options, [
      '--to',
      options.to,
      ...(options.force ? ['--force'] : []),
    ]);
    const point = await choosePoint(opened, one!, onDamage, { which: options.point, name: vm, again });
    const disks = await write(opened.repository, point, {
      directory: resolve(cwd, options.to),
      force: options.force ?? false,
      files,
      random,
      clock,
      signal: context.io.interrupt,
    });
    return { point, disks, took: elapsed(clock, started) };
  });
}
