import { type Diagnostic, Failure } from '../diagnostics/diagnostic.ts';
import { plural } from '../io/units.ts';
import { describeSnapshot, inTheWay } from '../replication/cycle/in-the-way.ts';
import { lastingObstacle } from '../replication/cycle/prepare.ts';
import { isExcluded, selectDisks } from '../replication/cycle/select-disks.ts';
import { isOurs } from '../replication/cycle/snapshot-name.ts';
import { judgeAround, whyDispensable } from '../replication/cycle/surroundings.ts';
import type { SourceDisk, SourceVm, Surroundings } from '../replication/model/source.ts';
import { type Finding, findingsOf, leftOut, ok, problem, type Subject, warn } from './finding.ts';

/** What was read of one protected VM. */
export interface VmFacts {
  vm: SourceVm;
  around: Surroundings;
  /** As its `disks.exclude`. */
  exclude: readonly (string | number)[];
  reading: Reading;
}

/** How its target says that disks are read. */
export interface Reading {
  wanted: 'auto' | 'datastore' | 'nbd';
  /** The target declares an nbdkit. */
  declared: boolean;
  /** What was found of that works, as far as a look can tell. */
  works: boolean;
}

/** Everything that a cycle of this VM would meet. Pure. @param address of the resource */
export function judgeVm(address: string, facts: VmFacts): Finding[] {
  const { vm, around } = facts;
  const about = (what: string, looked: string): Subject => ({ of: address, what, looked });
  const { refused, warnings } = judgeAround(vm, around);
  const said = (...codes: string[]) => [...refused, ...warnings].filter(({ code }) => codes.includes(code));
  const full = said('datastore-full', 'datastore-low');
  return [
    ...stateOf(about('VM', 'config.template, runtime.connectionState'), vm),
    ...privilegesOf(
      about('privileges', ['HasPrivilegeOnEntities', ...around.asked].join(' ')),
      facts,
      said('vsphere-permission'),
    ),
    ...findingsOf(
      about('reach', 'runtime.connectionState, summary of each datastore'),
      said('vm-away'),
      undefined,
    ),
    ...disksOf(about('disks', 'config.hardware.device'), facts),
    ...trackingOf(
      about('change tracking', 'config.changeTrackingEnabled, changeId and ctkEnabled of each disk'),
      facts,
    ),
    ...snapshotsOf(about('snapshots', 'snapshot.rootSnapshotList'), facts, said('snapshot-old')),
    consolidationOf(about('consolidation', 'runtime.consolidationNeeded'), vm),
    ...(around.datastores.length === 0
      ? [
          leftOut(
            about('datastores', 'summary of each'),
            `${vm.name} has none whose room can be told`,
            'give the user the role Read-only on its datastores, or see in vSphere that they are reached',
          ),
        ]
      : findingsOf(about('datastores', 'summary of each'), full, spaceOf(around))),
    ...(around.host === undefined
      ? [
          leftOut(
            about('host', 'config.product'),
            'the user may not see the host that it runs on',
            'give the user the role Read-only on that host',
          ),
        ]
      : findingsOf(
          about('host', 'config.product'),
          said('tracking-known-bad'),
          `${around.host.name}, ESXi ${around.host.version} build ${around.host.build}: no known fault`,
        )),
    transportOf(about('transport', 'the target, and the disks'), facts),
  ];
}

/** @param refused those without which no cycle begins */
function privilegesOf(
  about: Subject,
  { vm, around, reading }: VmFacts,
  refused: readonly Diagnostic[],
): Finding[] {
  const { asked, missing, untold = [] } = around;
  if (asked.length === 0)
    return [
      leftOut(
        about,
        'the server can not be asked which privileges the user has',
        'hold its role in vSphere against what `converge doctor --privileges` prints',
      ),
    ];
  // What `auto` falls back to is what reads where nbdkit doesn't work.
  const fallsBack = reading.wanted === 'auto' && !reading.works;
  const found = [
    ...findingsOf(about, refused, undefined),
    ...missing.flatMap(one => {
      const why = whyDispensable(vm, one);
      const wayOut = 'give the user a role with that privilege there, propagating to children';
      const judge = one.perhaps !== undefined && fallsBack ? problem : warn;
      return why === undefined
        ? []
        : [judge(about, `privilege ${one.privilege} is missing on ${one.on}; ${why}`, wayOut)];
    }),
    ...(untold.length === 0
      ? []
      : [
          leftOut(
            about,
            `the server does not say whether the user has ${untold.join(', ')}`,
            'look whether the user may see these objects, and what its role has there',
          ),
        ]),
  ];
  return found.length > 0 ? found : [ok(about, `all ${asked.length} are granted`)];
}

const stateOf = (about: Subject, { name, template }: SourceVm): Finding[] =>
  template
    ? [
        problem(
          about,
          `${name} is a template: no snapshot is made of one`,
          'convert it to a virtual machine, or remove its `protected_vm`: a template does not change',
        ),
      ]
    : [];

const taken = ({ vm, exclude }: VmFacts): SourceDisk[] =>
  vm.disks.filter(disk => !isExcluded(disk, [...exclude]));

function disksOf(about: Subject, { vm, exclude }: VmFacts): Finding[] {
  try {
    const { disks, left_out, warnings } = selectDisks(vm, { exclude: [...exclude] });
    const besides = left_out.map(({ label, why }) => `; ${label}: ${why}`).join('');
    return findingsOf(about, warnings, `${plural(disks.length, 'disk')} in each point${besides}`);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return findingsOf(about, error.diagnostics, undefined);
  }
}

function trackingOf(about: Subject, facts: VmFacts): Finding[] {
  const { vm } = facts;
  const obstacle = lastingObstacle(vm);
  if (obstacle !== undefined)
    return [
      warn(
        about,
        `it is off, and can't be switched on: ${obstacle}; every cycle reads all of the VM`,
        vm.changeTrackingSupported
          ? 'remove these snapshots; the next cycle then switches it on'
          : 'upgrade the virtual hardware to version 7 or newer',
      ),
    ];
  if (!vm.changeTracking)
    return [ok(about, 'off; the next cycle switches it on, and reads all of the VM once')];
  const disks = taken(facts).filter(({ unprotectable }) => unprotectable === undefined);
  const off = disks.filter(({ untracked }) => untracked !== undefined);
  if (off.length > 0)
    return off.map(({ label, untracked }) =>
      warn(
        about,
        `it is off for ${label} (${untracked} is FALSE): every cycle reads all of that disk`,
        `set ${untracked} to TRUE in the configuration parameters of the VM, while it is off and has no snapshots`,
      ),
    );
  const without = disks.filter(({ changeId }) => changeId === undefined);
  const labels = without.map(({ label }) => label).join(', ');
  const yet = `${without.length === 1 ? 'has' : 'have'} no change id yet, which the next snapshot gives`;
  return [ok(about, without.length === 0 ? 'on, for each disk' : `on; ${labels} ${yet}`)];
}

function snapshotsOf(about: Subject, facts: VmFacts, old: readonly Diagnostic[]): Finding[] {
  const { vm, reading } = facts;
  const others = vm.snapshots.filter(({ name }) => !isOurs(name));
  const ours = vm.snapshots.filter(({ name }) => isOurs(name));
  const way = inTheWay(vm, taken(facts), ours);
  const named = others.map(one => describeSnapshot(vm, one)).join(', ');
  if (way) return findingsOf(about, [way], undefined);
  // With nbdkit declared no disk counts as unreadable below a snapshot; only here is it known not to work.
  if (others.length > 0 && reading.declared && !reading.works)
    return [
      problem(
        about,
        `${vm.name} has ${named}, and nbdkit, which would read below it, doesn't work`,
        'mend what is said about nbdkit, or remove the snapshot in vSphere',
      ),
    ];
  if (old.length > 0) return findingsOf(about, old, undefined);
  const left = ours.length > 0 ? `; ${ours.length} of ours, of a cycle that runs or died` : '';
  return [ok(about, `${others.length === 0 ? 'no others made any' : named}${left}`)];
}

const consolidationOf = (about: Subject, { name, consolidationNeeded }: SourceVm): Finding =>
  consolidationNeeded
    ? warn(
        about,
        `the disks of ${name} need to be consolidated`,
        'the next cycle does it; in vSphere: Snapshots, Consolidate',
      )
    : ok(about, 'not needed');

const spaceOf = ({ datastores }: Surroundings): string =>
  datastores
    .map(({ name, free, capacity }) => `${name}: ${Math.floor((free / capacity) * 100)} % free`)
    .join(', ');

/** By which way its disks will be read. `auto` falls back where nbdkit doesn't start. */
function transportOf(about: Subject, facts: VmFacts): Finding {
  const { wanted, declared, works } = facts.reading;
  const flat = 'datastore: HTTPS reads of its flat files';
  const mend = 'mend what is said about nbdkit';
  if (wanted !== 'datastore' && works && (declared || wanted === 'nbd'))
    return ok(about, `nbd: nbdkit, since the target ${wanted === 'nbd' ? 'says so' : 'declares it'}`);
  if (wanted === 'nbd') return problem(about, "nbd: the target says so, and nbdkit doesn't work", mend);
  const why =
    wanted === 'datastore'
      ? 'as the target says'
      : `since ${declared ? "nbdkit, which the target declares, doesn't work" : 'the target declares no nbdkit'}`;
  const unread = taken(facts).flatMap(disk => whyUnread(disk, facts) ?? []);
  if (unread.length > 0)
    return problem(
      about,
      `${flat}, ${why}, which can't read ${unread.join('; ')}`,
      wanted === 'datastore'
        ? 'leave out `transport: datastore`, and declare `nbdkit`, which reads every kind of disk'
        : declared
          ? mend
          : 'declare `nbdkit` on the vsphere target, which reads every kind of disk',
    );
  return declared && wanted === 'auto' ? warn(about, `${flat}, ${why}`, mend) : ok(about, `${flat}, ${why}`);
}

/** What the file service has no flat file of, by the kind of its datastore (DatastoreSummary.type). */
const withoutFiles: Readonly<Record<string, string>> = { vsan: 'a vSAN', vsand: 'a vSAN', vvol: 'a vVol' };

/** A disk that the file service can't read, and why; undefined where nothing is known against it. */
function whyUnread(
  { label, unprotectable, notFlat, datastore }: SourceDisk,
  { around }: VmFacts,
): string | undefined {
  if (unprotectable !== undefined) return undefined;
  if (notFlat !== undefined) return `${label}: ${notFlat}`;
  const kind = around.datastores.find(({ name }) => name === datastore)?.kind?.toLowerCase() ?? '';
  const what = withoutFiles[kind];
  return what && `${label}: the datastore ${datastore} is ${what}, which has no flat files`;
}
