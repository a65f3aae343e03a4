import pLimit from 'p-limit';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { agesOf, type Deadline, stretchesOf, type Track } from '../../operation/attainment.ts';
import type { DeclaredVm, VmStatus } from '../../operation/model.ts';
import type { MadePoint } from '../../replication/model/point.ts';
import type { OpenRepository } from '../../replication/repository/open-repository.ts';
import { breachedAfter } from '../../schedule/due.ts';

/** Of which VMs somebody wants to know how they did, and over which time. */
export interface TrackWish {
  /** ms since the epoch, `now` being that of the repository's store. */
  time(now: number): { from: number; to: number };
  of(vms: readonly VmStatus[]): readonly VmStatus[];
  /** Points by id, which never change: what was read once isn't read again. */
  known: Map<string, MadePoint>;
}

/** An open repository, and its clock. */
export interface Opened {
  repository: OpenRepository;
  now: number;
  /** Its objects are as old as they say: a lab's clock runs ahead of the files that it writes. */
  isDated: boolean;
}

/** VMs that are asked about side by side. */
const inFlight = 16;

/** How VMs did, by the points that their repositories hold. */
export async function tracksOf(
  vms: readonly VmStatus[],
  declared: readonly DeclaredVm[],
  opened: ReadonlyMap<string, Opened>,
  { time, of, known }: TrackWish,
  told: (all: readonly Diagnostic[]) => void,
): Promise<Track[]> {
  const limit = pLimit(inFlight);
  const keyOf = (address: string | undefined, url: string) => `${url} ${address}`;
  const byKey = new Map(declared.map(vm => [keyOf(vm.address, vm.repository), vm]));
  const one = async ({ uuid, address, repository: url }: VmStatus): Promise<Track | undefined> => {
    const found = opened.get(url);
    if (!found || uuid === undefined) return undefined;
    const { repository, now, isDated } = found;
    const { from, to } = time(now);
    const onDamage = ({ diagnostics }: { diagnostics: Diagnostic[] }) => told(diagnostics);
    const points = await repository.vm(uuid).made(isDated ? from : 0, onDamage, known);
    const deadline = deadlineOf(byKey.get(keyOf(address, url)));
    return {
      uuid,
      repository: url,
      from,
      to,
      points,
      stretches: deadline ? stretchesOf(points, deadline, from, to) : [],
      ages: deadline ? agesOf(points, deadline, from, to) : [],
    };
  };
  return (await Promise.all(of(vms).map(vm => limit(() => one(vm))))).flatMap(track => track ?? []);
}

const deadlineOf = (declared: DeclaredVm | undefined): Deadline | undefined =>
  declared && (time => breachedAfter(declared.timetable, declared.rpo, time));
