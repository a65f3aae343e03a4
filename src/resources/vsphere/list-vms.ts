import pLimit from 'p-limit';
import { Failure } from '../../diagnostics/diagnostic.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import type { Adoptable, Listed, ListQuery } from '../../engine/model/resource-type.ts';
import type { Point } from '../../replication/model/point.ts';
import type { ListedVm } from '../../vsphere/client/connect.ts';
import { oneDiagnostic } from '../shared/one-diagnostic.ts';
import { repositoryRef } from '../shared/repository-property.ts';
import type { ProtectedVmProperties } from './protection.ts';
import { titlesOf } from './vm-titles.ts';

/** A VM with its points in the repository that was asked about, oldest first. */
export interface ListedProtection {
  title: string;
  path: string;
  points: Pick<Point, 'time' | 'left_out'>[];
  common: Partial<ProtectedVmProperties>;
}

const inFlight = 8;
const second = 1000;
const minute = 60 * second;

/** Schedules that people write, shortest first, in ms. */
const usual: [ms: number, schedule: string][] = [
  [5 * minute, 'every 5 minutes'],
  [15 * minute, 'every 15 minutes'],
  [30 * minute, 'every 30 minutes'],
  [60 * minute, 'every hour'],
  [240 * minute, 'every 4 hours'],
  [720 * minute, 'every 12 hours'],
  [1440 * minute, 'every day'],
];

/** All VMs but templates, with their points in `common.repository`; none are protected without that. */
export async function* listProtections(
  { titles, common }: ListQuery<ProtectedVmProperties>,
  io: ReadIo,
): AsyncIterable<Listed<ListedProtection>> {
  const vsphere = await io.client('vsphere');
  const all = (await vsphere.vms()).filter(({ template }) => !template);
  const titleOf = titlesOf(all);
  const wanted = titles && new Set(titles.map(title => title.toLowerCase()));
  const chosen = all.filter(
    vm => !wanted || [titleOf(vm), vm.name, vm.uuid].some(word => wanted.has(word.toLowerCase())),
  );
  const repository =
    common.repository === undefined
      ? undefined
      : await (await io.client('repositories')).open(repositoryRef(common.repository), 'read');
  const limit = pLimit(inFlight);
  const look = async (vm: ListedVm): Promise<Listed<ListedProtection>> => {
    try {
      const points = repository ? await repository.vm(vm.uuid).points() : [];
      return { state: 'present', value: { title: titleOf(vm), path: vm.path, points, common } };
    } catch (error) {
      io.signal.throwIfAborted();
      if (!(error instanceof Failure)) throw error;
      return { state: 'failed', diagnostic: oneDiagnostic(error) };
    }
  };
  yield* await Promise.all(chosen.map(vm => limit(() => look(vm))));
  const missing = (titles ?? []).filter(
    title => !chosen.some(vm => [titleOf(vm), vm.name, vm.uuid].some(word => same(word, title))),
  );
  for (const title of missing) {
    // Says as well what is called nearly so.
    const failed = await vsphere.machine(title).then(() => undefined, oneDiagnostic);
    if (failed) yield { state: 'failed', diagnostic: failed };
  }
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/**
 * What points tell of how they were made: the disks that the newest leaves out by choice, and a schedule that
 * is not shorter than the usual distance between them.
 */
export function protectionToManifest({ title, path, points, common }: ListedProtection): Adoptable {
  const exclude = (points.at(-1)?.left_out ?? [])
    .filter(({ why }) => why.startsWith('excluded'))
    .map(({ label }) => label);
  const properties: ProtectedVmProperties = {
    repository: common.repository ?? 's3://BUCKET/PREFIX',
    schedule: common.schedule ?? scheduleOf(points.map(({ time }) => time)),
    ...(exclude.length > 0 && { disks: { exclude } }),
  };
  const count = points.length === 1 ? '1 recovery point' : `${points.length} recovery points`;
  const note = points.length > 0 ? `${path}, ${count}` : `${path}, no recovery point`;
  return { title, properties, exists: points.length > 0, note };
}

/** By the middle distance of the last points; the longest usual one when there is none to go by. */
export function scheduleOf(times: readonly number[]): string {
  const recent = times.slice(-11);
  const gaps = recent.slice(1).map((time, i) => time - recent[i]!);
  const middle = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
  // A cycle begins some seconds after its time.
  const fitting = usual.find(([ms]) => middle !== undefined && middle <= ms + ms / 10);
  return (fitting ?? usual.at(-1)!)[1];
}
