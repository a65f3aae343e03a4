import { resolve } from 'node:path';
import { elapsed } from '../../io/until.ts';
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

/**
 * Writes the disks of a recovery point as raw images, every block checked. Undefined when the manifests have
 * mistakes, which were told.
 */
export async function restore(
  context: Context,
  vm: string,
  options: RestoreOptions,
): Promise<Restored | undefined> {
  const [{ restore: write }, { selectPoint }] = await Promise.all([
    import('../../replication/restore/restore.ts'),
    import('../../replication/model/select-point.ts'),
  ]);
  const { clock, files, random, cwd } = context.io.host;
  const started = clock.now();
  return withVms(context, options, vm, async ({ repository, known, saw }, [one], onDamage) => {
    const { points, lost } = await one!.history(onDamage);
    const newest = points.at(-1)?.generation ?? 0;
    const seen = known?.generations[one!.uuid] ?? 0;
    if (seen > newest) lost.push({ generation: seen, why: `generation ${seen} was seen from here before` });
    else if (newest > 0) await saw({ [one!.uuid]: newest });
    const point = selectPoint(points, options.point, vm, { points: lost, again: again(vm, options) });
    const disks = await write(repository, point, {
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

/** The command that was given, with a point by its id. */
function again(vm: string, { paths = [], repository, key, to, lab, force, ...aws }: RestoreOptions) {
  const word = (text: string) =>
    /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  const flags: [string, string | undefined][] = [
    ['--repository', repository],
    ['--key', key],
    ['--region', aws.region],
    ['--profile', aws.profile],
    ['--endpoint', aws.endpoint],
  ];
  return (id: string): string =>
    [
      ...['converge', 'restore', word(vm), ...paths.map(word)],
      ...flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, word(value)])),
      ...['--point', id, '--to', word(to)],
      ...(force ? ['--force'] : []),
      ...(lab === undefined ? [] : lab === true ? ['--lab'] : ['--lab', word(lab)]),
    ].join(' ');
}
