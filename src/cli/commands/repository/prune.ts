import { Option } from 'commander';
import { type PruneCommandOptions, type Pruned, prune as run } from '../../../app/repository/prune.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { parseDuration } from '../../../io/duration.ts';
import { bytes, plural } from '../../../io/units.ts';
import { FOREVER, untilWords } from '../../../replication/model/object-lock.ts';
import type { Compacted, NotCompacted } from '../../../replication/prune/compact.ts';
import type { PrunedVm } from '../../../replication/prune/prune-repository.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLab, withRepository, withState } from '../../context/options.ts';

/** Shorter than this, a restore that has just begun could lose what it reads. */
const SHORTEST = 3_600_000;

export const prune: Define = (program, context, exit) => {
  const command = program
    .command('prune [PATHS...]')
    .description('remove the recovery points that no retention keeps, and what they alone needed')
    .option('--vm <VM>', 'only this one, by name or UUID')
    .option('--noop', 'say what would be marked and removed, and why each point stays or goes')
    .option('--retention <RULES>', 'in the place of what manifests say: all=24h,hourly=3d,daily=30d')
    .addOption(
      new Option(
        '--grace <DURATION>',
        'how long a mark has to be there before anything is removed (default 8 days, which outlasts any restore)',
      ).argParser(grace),
    )
    .addOption(
      new Option(
        '--compact <SIZE>',
        'what is moved at most out of packs that are less than half needed, as in 500MiB (default 4GiB); 0: nothing',
      ).argParser(compact),
    );
  withData(withLab(withState(withFormat(withRepository(command)))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge prune manifests --noop\n  converge prune --repository s3://gdh-vm-replication/dr --profile pruner --retention all=24h,daily=30d',
    )
    .action(async (paths: string[], options: PruneCommandOptions & { format: string }) => {
      const isJson = options.format === 'json';
      const said = (pruned: readonly Pruned[]): void =>
        isJson
          ? context.printJson(`${JSON.stringify(inJson(pruned), null, 2)}\n`)
          : context.print(pruned.flatMap(one => lines(one, options.noop ?? false)));
      const done: Pruned[] = [];
      const onPruned = (one: Pruned): void => void done.push(one);
      const pruned = await run(context, { ...options, paths, onPruned }).catch(error => {
        if (done.length > 0) said(done);
        throw error;
      });
      if (!pruned) return exit(1);
      said(pruned);
      exit(pruned.every(isDone) ? 0 : 4);
    });
};

/** Whether nothing was left for want of rights, or because something is damaged. */
const isDone = ({ vms, untouched }: Pruned): boolean =>
  untouched.length === 0 &&
  vms.every(({ doubt, warnings }) => !doubt && !warnings.some(({ code }) => code === 'prune-locked'));

function grace(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= SHORTEST) return ms;
  throw new Failure(
    given('bad-duration', `--grace ${text}: expected a duration of an hour at least`, {
      hint: 'what restores read must be there until they end: leave it out unless you know of each of them',
    }),
  );
}

const units: Record<string, number> = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

function compact(text: string): number {
  const [, count, unit] = /^(\d{1,6})(MiB|GiB|TiB)$/.exec(text) ?? [];
  if (text === '0') return 0;
  if (count !== undefined && unit !== undefined) return Number(count) * units[unit]!;
  throw new Failure(
    given('bad-size', `--compact ${text}: expected a size`, {
      hint: 'write it like 500MiB or 4GiB; 0 for none',
    }),
  );
}

const time = (ms: number): string => new Date(ms).toISOString();

const inJson = (pruned: readonly Pruned[]): object => ({
  version: 1,
  repositories: pruned.map(({ url, at, vms, untouched }) => ({
    url,
    at: time(at),
    vms: [
      ...vms.map(vmInJson),
      ...untouched.map(({ uuid, name, why }) => ({
        ...(name !== undefined && { vm: name }),
        ...{ uuid, untouched: why.message },
      })),
    ],
  })),
});

const vmInJson = (one: PrunedVm): object => ({
  ...(one.name !== undefined && { vm: one.name }),
  uuid: one.uuid,
  ...(one.policy && {
    retention_seconds: Object.fromEntries(Object.entries(one.policy).map(([rule, ms]) => [rule, ms / 1000])),
  }),
  ...(one.held !== undefined && { held: true, ...(one.held < FOREVER && { held_until: time(one.held) }) }),
  points: one.decisions.map(({ point, keep, why }) => ({
    ...{ id: point.id, generation: point.generation, time: time(point.time), keep, why },
    ...(point.pinned!.length > 0 && { pinned: point.pinned }),
  })),
  marked: one.marked.map(({ id }) => id),
  unmarked: one.unmarked.map(({ id }) => id),
  removed: one.removed.map(({ id }) => id),
  ...(one.next !== undefined && { next: time(one.next) }),
  ...(one.objects && { objects: one.objects }),
  ...(one.locked && { locked: { objects: one.locked.objects, until: time(one.locked.until) } }),
  ...(one.compacted && { compacted: compactedInJson(one.compacted) }),
  ...(one.doubt && { objects_untouched: one.doubt.message }),
});

const compactedInJson = ({ packs, moved, freed, left, not }: Compacted): object => ({
  ...{ packs, moved, freed, left },
  ...(not && { not: notCompacted[not] }),
});

const notCompacted: Record<NotCompacted, string> = {
  cycle: 'a cycle is at work, or has left something to be gone on from: the next run does it',
  damage: 'the next cycle heals what is damaged first',
  'no-head': 'its head is missing or older than its newest point',
};

function compaction({ packs, moved, freed, left, not }: Compacted, isNoop: boolean): string[] {
  const would = isNoop ? 'would be ' : '';
  const rest = `${plural(left.packs, 'pack')} less than half needed ${left.packs === 1 ? 'is' : 'are'} left, ${bytes(left.bytes)} to be freed`;
  return [
    ...(packs > 0
      ? [
          `  ${plural(packs, 'pack')} less than half needed ${would}written anew: ${bytes(moved)} moved, ${bytes(freed)} freed once the next point leads away from ${packs === 1 ? 'it' : 'them'}; as long as the VM gets none ${packs === 1 ? 'it stays' : 'they stay'}`,
        ]
      : []),
    ...(left.packs > 0 ? [`  ${rest}${not ? `: ${notCompacted[not]}` : ' for the next run'}`] : []),
  ];
}

const reasons: Record<string, string> = {
  all: 'younger than `all`',
  hourly: 'newest of its hour',
  daily: 'newest of its day',
  weekly: 'newest of its week',
  monthly: 'newest of its month',
  yearly: 'newest of its year',
  newest: 'one of the newest',
  head: 'the newest',
  future: 'dated in the future',
  pinned: 'pinned',
  held: 'the VM is held',
  'no-policy': 'no retention is declared',
  'in-force':
    'kept by the retention that was applied last: `converge apply` puts what is declared in its place',
  'too-old': 'older than every rule',
  'another-stands': 'a newer one stands for its time',
};

function lines({ url, vms, untouched }: Pruned, isNoop: boolean): string[] {
  if (vms.length + untouched.length === 0) return [`${url}: no VM`];
  const left = untouched.map(({ uuid, name }) => `${name ?? uuid}: left as it is`);
  return [...vms.flatMap(one => linesOf(one, isNoop)), ...left];
}

function linesOf(one: PrunedVm, isNoop: boolean): string[] {
  const { decisions, marked, unmarked, removed, next, objects, held, policy, ruled } = one;
  const name = one.name ?? one.uuid;
  const stay = decisions.filter(({ keep }) => keep).length;
  const would = isNoop ? 'would be ' : '';
  const what = [
    `${plural(stay, 'point')} ${stay === 1 ? 'stays' : 'stay'}`,
    ...(marked.length > 0 ? [`${marked.length} ${would}marked`] : []),
    ...(unmarked.length > 0 ? [`${unmarked.length} ${would}taken back`] : []),
    ...(removed.length > 0 ? [`${removed.length} ${would}removed`] : []),
    ...(next === undefined ? [] : [`the next ${isNoop ? 'would go' : 'goes'} after ${time(next)}`]),
    ...(held === undefined ? [] : [`held ${untilWords(held)}`]),
    ...(policy || held !== undefined
      ? []
      : [ruled ? 'no retention is declared' : 'no retention is said here, so marks stay as they are']),
  ];
  const unapplied = decisions.filter(({ why }) => (why as string[]).includes('in-force')).length;
  return [
    `${name}: ${what.join(', ')}`,
    ...(unapplied > 0
      ? [`  ${plural(unapplied, 'point')} of these ${unapplied === 1 ? 'is' : 'are'} ${reasons['in-force']}`]
      : []),
    ...(objects
      ? [
          `  ${plural(objects.removed.objects, 'object')} ${would}removed, ${bytes(objects.removed.bytes)}; ${objects.waiting.objects} that nothing needs ${objects.waiting.objects === 1 ? 'waits' : 'wait'}, ${bytes(objects.waiting.bytes)}`,
        ]
      : []),
    ...(one.locked
      ? [`  ${plural(one.locked.objects, 'object')} locked until ${time(one.locked.until)} at the latest`]
      : []),
    ...(one.compacted ? compaction(one.compacted, isNoop) : []),
    ...(isNoop
      ? decisions.map(
          ({ point, keep, why }) =>
            `  ${keep ? 'keep  ' : 'remove'}  ${point.id}  ${time(point.time)}  ${why.map(word => reasons[word]).join(', ')}`,
        )
      : []),
  ];
}
