import pLimit from 'p-limit';
import { type Diagnostic, Failure, failedWith, given } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import type { Deadline } from '../../operation/attainment.ts';
import { type Besides, byVm, knownUntil, type PastAlert, type PastCycle } from '../../operation/history.ts';
import { isUnreadable } from '../../replication/model/damage.ts';
import { type FindVm, vmFinder } from '../../replication/model/find-vm.ts';
import type { MadePoint } from '../../replication/model/point.ts';
import type { BoardStore, OnDamage } from '../../replication/model/repository.ts';
import { dayFolder, notesFrom } from '../../replication/repository/day-notes.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { breachedAfter } from '../../schedule/due.ts';
import { alertsSince } from '../alerts/noted-alerts.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions, RepositoryOptions } from '../options.ts';
import { pastMomentOf } from '../repository/moments.ts';
import { vmNamed, withRepositoryOpen } from '../repository/with-repository.ts';
import { declaredVms } from './site/declared-vms.ts';

const day = 86_400_000;

/** VMs that are asked about side by side. */
const inFlight = 16;

/** Where agents write down what they did. */
const HISTORY = 'history/';

/**
 * Writes what came about into the repository, one note for all of it.
 *
 * @param by whose it is; no two notes of one writer are of the same moment
 */
export async function keepHistory(
  board: BoardStore,
  cycles: readonly PastCycle[],
  by: string,
  now: number,
): Promise<void> {
  if (cycles.length > 0)
    await board.write(`${dayFolder(HISTORY, now)}${by}-${now}`, { version: 1, cycles }, undefined);
}

export interface HistoryOptions extends RepositoryOptions, CommonOptions {
  /** A duration before now, or a time; seven days when left out. */
  since?: string;
  /** The same, for its end; now when left out. */
  until?: string;
}

export interface History {
  from: number;
  /** Until when it is known: agents write it down some minutes later. */
  to: number;
  /** Those that ended in the span, and the last ones before it, which tell how the span began; ascending. */
  cycles: PastCycle[];
  /** That were open at some moment of it, the oldest first. */
  alerts: PastAlert[];
  besides: Besides;
  diagnostics: Diagnostic[];
}

/**
 * What agents did and told in a span, as the repository keeps it. Undefined when the manifests have mistakes,
 * which were told.
 *
 * @param vm name or UUID; left out: all
 * @throws Failure `bad-time`; `vm-not-in-repository` where no cycle, alert or point tells of the VM
 */
export function history(
  context: Context,
  vm: string | undefined,
  options: HistoryOptions,
): Promise<History | undefined> {
  return withRepositoryOpen(context, options, vm, async ({ repository, clock, lab, vms }) => {
    const now = clock.now();
    const from = pastMomentOf(options.since ?? '7d', now);
    const diagnostics: Diagnostic[] = [];
    const onDamage = (failure: Failure) => void diagnostics.push(...failure.diagnostics);
    // What is written at midnight is of the day before.
    const notes = await notesFrom(repository.board, HISTORY, from - day, onDamage);
    const written = notes.map(({ name }) => Number(/-(\d+)$/.exec(name)?.[1] ?? 0));
    const cycles = notes.flatMap(({ value }) => (value as { cycles: PastCycle[] } | undefined)?.cycles ?? []);
    const there = await listed(repository, vm, onDamage);
    const names = vm === undefined ? undefined : namesOf(vm, there);
    const isWanted = (called: readonly string[]): boolean =>
      !names || called.some(name => names.has(name.toLowerCase()));
    const uuids = new Set(there.map(({ uuid }) => uuid.toLowerCase()));
    // A VM that was made anew has the name of the one before.
    const isUuid = vm !== undefined && uuids.has(vm.toLowerCase());
    const found = cycles
      .filter(({ vm: declared, made }) =>
        isUuid && made
          ? uuids.has(made.uuid.toLowerCase())
          : isWanted([declared, ...(made ? [made.name, made.uuid] : [])]),
      )
      .sort((a, b) => a.ended - b.ended);
    const until = options.until === undefined ? now : pastMomentOf(options.until, now, '--until');
    if (until <= from)
      throw new Failure(
        given('bad-time', `--until ${options.until}: expected a time after that of --since`, {
          hint: 'write a duration before now, or a time: --since 30d --until 7d',
        }),
      );
    const to = Math.min(until, knownUntil(written, from, now));
    const alerts = (await alertsSince(repository.board, from, onDamage)).filter(
      ({ subjects, since }) => since <= until && isWanted(subjects),
    );
    if (vm !== undefined && found.length + alerts.length + there.length === 0)
      await vmNamed(repository, vm, () => {});
    // A lab's clock runs ahead of the files that it writes.
    const points = await pointsBesides(repository, found, there, lab ? 0 : from, onDamage);
    return { from, to, cycles: found, alerts, besides: { points, deadlines: deadlinesOf(vms) }, diagnostics };
  });
}

/** A VM of the repository, by the name in its newest point. */
interface Listed {
  uuid: string;
  name: string;
}

/** All VMs that have points, or those that somebody means by a name or UUID. */
async function listed(
  repository: OpenRepository,
  vm: string | undefined,
  onDamage: OnDamage,
): Promise<Listed[]> {
  if (vm === undefined) return repository.vms(onDamage);
  const wanted = vm.toLowerCase();
  const byUuid = await repository.vm(wanted).newest(onDamage);
  if (byUuid) return [byUuid.vm];
  return (await repository.vms(() => {})).filter(({ name }) => name.toLowerCase() === wanted);
}

/** All that a VM is called where it is told about: alerts about its manifest name the resource. */
const namesOf = (vm: string, there: readonly Listed[]): Set<string> =>
  new Set(
    [vm, ...there.flatMap(({ uuid, name }) => [uuid, name])]
      .map(name => name.toLowerCase())
      .flatMap(name => [name, `protected_vm:${name}`]),
  );

const deadlinesOf = (vms: readonly CatalogResource[]): ReadonlyMap<string, Deadline> =>
  new Map(
    declaredVms(vms).declared.map(({ title, timetable, rpo }) => [
      title.toLowerCase(),
      time => breachedAfter(timetable, rpo, time),
    ]),
  );

/** Whoever runs `apply` or `replicate` writes no cycles down, but makes points. */
async function pointsBesides(
  repository: OpenRepository,
  cycles: readonly PastCycle[],
  there: readonly Listed[],
  from: number,
  onDamage: OnDamage,
): Promise<ReadonlyMap<string, readonly MadePoint[]>> {
  const limit = pLimit(inFlight);
  const find = vmFinder();
  const known = new Set(
    cycles.flatMap(({ vm, made }) => [vm, made?.name ?? vm, made?.uuid ?? vm].map(one => one.toLowerCase())),
  );
  const unmoved = there.filter(({ uuid, name }) => ![uuid, name].some(one => known.has(one.toLowerCase())));
  const besides = unmoved.map(({ uuid, name }) =>
    limit(async () => [name, await repository.vm(uuid).made(from, onDamage, new Map(), new Set())] as const),
  );
  const each = [...byVm(cycles)].map(([name, own]) =>
    limit(async () => {
      const noted = Map.groupBy(
        own.flatMap(({ made }) => made ?? []),
        ({ uuid }) => uuid,
      );
      // No cycle of an agent has made one: there may be points all the same.
      const uuids = noted.size > 0 ? [...noted.keys()] : await uuidsOf(repository, name, find);
      const points: MadePoint[] = [];
      for (const uuid of uuids) {
        const generations = new Set(noted.get(uuid)?.map(({ generation }) => generation));
        points.push(...(await repository.vm(uuid).made(from, onDamage, new Map(), generations)));
      }
      return [name, points] as const;
    }),
  );
  return new Map(await Promise.all([...each, ...besides]));
}

/** Of one that can't be told from others, or that can't be read, nothing is known. */
async function uuidsOf(repository: OpenRepository, name: string, find: FindVm): Promise<string[]> {
  try {
    const found = await find(repository, name);
    return found ? [found.uuid] : [];
  } catch (error) {
    if (!isUnreadable(error) && !failedWith(error, 'vm-ambiguous')) throw error;
    return [];
  }
}
