import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Point } from '../../replication/model/point.ts';
import type { OnDamage, VmRepository } from '../../replication/model/repository.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import type { OpenedRepository } from './with-repository.ts';

/**
 * The point that was asked for. Those that are lost, as far as earlier commands from here or the repository
 * know of them, are told where one of them may be meant.
 *
 * @param wanted `which`: `latest`, an id, or a time; `name`: of the VM, as it was typed; `again`: the command
 *   that was given, with a point by its id
 * @throws Failure
 */
export async function choosePoint(
  { known, saw }: OpenedRepository,
  vm: VmRepository,
  onDamage: OnDamage,
  wanted: { which: string; name: string; again: (id: string) => string },
): Promise<Point> {
  const { selectPoint } = await import('../../replication/model/select-point.ts');
  const { points, leaving, lost } = await vm.history(onDamage);
  const newest = points.at(-1)?.generation ?? 0;
  const seen = known?.generations[vm.uuid] ?? 0;
  if (seen > newest) lost.push({ generation: seen, why: `generation ${seen} was seen from here before` });
  else if (newest > 0) await saw({ [vm.uuid]: newest });
  const all = { points: lost, leaving, again: wanted.again };
  const chosen = selectPoint(points, wanted.which, wanted.name, all);
  if (leaving.includes(chosen)) onDamage(isLeaving(wanted.name, chosen));
  return chosen;
}

const isLeaving = (vm: string, { id }: Point): Failure =>
  new Failure(
    world('point-leaving', own`the point ${id} of ${vm} is being removed, and may go while it is read`, {
      hint: own`to keep it: \`converge pin ${vm} ${id}\``,
    }),
  );

/**
 * The command that was given, with a point by its id.
 *
 * @param words the command and what it is about; `rest`: its own options, as they were typed
 * @param asWord the point follows `words`, and isn't an option
 */
export function againWith(
  words: readonly string[],
  { paths = [], repository, key, lab, ...aws }: RepositoryOptions & CommonOptions,
  rest: readonly string[],
  asWord = false,
): (id: string) => string {
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
      ...['converge', ...words.map(word), ...(asWord ? [id] : []), ...paths.map(word)],
      ...flags.flatMap(([flag, value]) => (value === undefined ? [] : [flag, word(value)])),
      ...(asWord ? [] : ['--point', id]),
      ...rest.map(word),
      ...(lab === undefined ? [] : lab === true ? ['--lab'] : ['--lab', word(lab)]),
    ].join(' ');
}
