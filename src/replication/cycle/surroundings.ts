import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { underEither } from '../../io/either.ts';
import type { Clock } from '../../io/ports.ts';
import { bytes, duration } from '../../io/units.ts';
import { until } from '../../io/until.ts';
import type { SourceMachine, SourceVm, Surroundings } from '../model/source.ts';
import { warning } from './failures.ts';
import { describeSnapshot } from './in-the-way.ts';
import { isOurs } from './snapshot-name.ts';

/** Less than this free in a datastore, and no snapshot is made in it: bytes, and a share of its capacity. */
const LEAST_FREE = { bytes: 2 ** 30, share: 0.01 };
/** Less than this share is said. */
const LITTLE_FREE = 0.05;
/** Milliseconds between two looks at a datastore while a snapshot grows in it. */
const LOOK_EVERY = 60_000;
/** Milliseconds after which somebody's snapshot is called old: its delta grows with every write. */
const OLD = 72 * 3_600_000;

/**
 * Versions of ESXi, and the first build of each that isn't concerned, whose change tracking leaves changes
 * out.
 *
 * 6.0: what is written while a snapshot is consolidated is lost to change tracking. VMware KB 2136854
 * (Broadcom 317933); resolved in patch ESXi600-201511001 (KB 2137545). The article names the patch alone; its
 * build, 3247720, is from VMware's list of builds (KB 2143832).
 *
 * 4.x and 5.x: change tracking is wrong of disks that were extended past a multiple of 128 GB while it was
 * on. VMware KB 2090639 (Broadcom 310751): there is not a fix for 4.x, and "earlier versions" of 5.x have it.
 * A disk doesn't tell that it was once extended, and later builds of 5.x can't be told here from earlier
 * ones: each host of these versions counts as bad, which costs reading and never content.
 */
const KNOWN_BAD: readonly { version: RegExp; before: number; what: string }[] = [
  { version: /^6\.0\./, before: 3_247_720, what: 'VMware KB 2136854' },
  { version: /^[45]\./, before: Number.POSITIVE_INFINITY, what: 'VMware KB 2090639' },
];

/** The host's known fault, undefined where none is known of its build. */
export function knownFault({ host }: Surroundings): { what: string } | undefined {
  if (!host) return undefined;
  return KNOWN_BAD.find(({ version, before }) => version.test(host.version) && Number(host.build) < before);
}

/**
 * What is around a VM, before a snapshot of it is made. Whatever is missing is said at once.
 *
 * @throws Failure `vsphere-permission` for each privilege that is missing, `datastore-full`
 */
export async function lookAround(
  vm: SourceVm,
  machine: SourceMachine,
  warn: (diagnostic: Diagnostic) => void,
  signal?: AbortSignal,
): Promise<{ knownBad: boolean; vmfs: ReadonlySet<string> }> {
  const around = await machine.surroundings(signal);
  const { refused, warnings } = judgeAround(vm, around);
  if (refused.length > 0) throw new Failure(refused);
  for (const one of warnings) warn(one);
  const vmfs = around.datastores.filter(({ kind }) => kind === 'VMFS').map(({ name }) => name);
  return { knownBad: knownFault(around) !== undefined, vmfs: new Set(vmfs) };
}

/** What of a VM's surroundings keeps a snapshot from being made, and what is worth saying besides. */
export function judgeAround(
  vm: SourceVm,
  around: Surroundings,
): { refused: Diagnostic[]; warnings: Diagnostic[] } {
  const refused = [
    ...(vm.away === undefined ? [] : [away(vm, vm.away)]),
    ...(around.lost ?? []).map(name => away(vm, own`no host reaches the datastore ${name}`)),
    ...around.missing.filter(one => whyDispensable(vm, one) === undefined).map(one => notAllowed(vm, one)),
    ...around.datastores.filter(isFull).map(one => full(vm, one)),
  ];
  const fault = knownFault(around);
  const warnings = [
    ...around.datastores
      .filter(one => !isFull(one) && one.free < one.capacity * LITTLE_FREE)
      .map(one => low(vm, one)),
    ...vm.snapshots
      .filter(one => !isOurs(one.name) && vm.now - one.created > OLD)
      .map(one => old(describeSnapshot(vm, one), vm)),
    ...(fault ? [bad(vm, around, fault.what)] : []),
  ];
  return { refused, warnings };
}

/** Why a cycle may do without a privilege, as a clause; undefined: it may not. */
export const whyDispensable = (
  { changeTracking }: SourceVm,
  { privilege, perhaps }: Surroundings['missing'][number],
): string | undefined =>
  changeTracking && privilege.endsWith('.ChangeTracking') ? 'change tracking is on already' : perhaps;

/** Runs `use`, and ends it when a datastore of the VM fills up meanwhile. @throws Failure `datastore-full` */
export async function whileThereIsSpace<T>(
  vm: SourceVm,
  { machine, clock, signal }: { machine: SourceMachine; clock: Clock; signal?: AbortSignal | undefined },
  use: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const filled = new AbortController();
  // The first look was taken before the snapshot.
  let looked = false;
  const look = async (): Promise<true | undefined> => {
    if (!looked) {
      looked = true;
      return undefined;
    }
    // Whoever doesn't answer now may the next time; the reads of the disk show an outage.
    const around = await machine.surroundings(stop.signal).catch(() => undefined);
    const found = around?.datastores.filter(isFull) ?? [];
    if (found.length === 0) return undefined;
    filled.abort(new Failure(found.map(one => full(vm, one))));
    return true;
  };
  const watching = until(clock, look, {
    ...{ every: LOOK_EVERY, atMost: Number.POSITIVE_INFINITY, what: 'the datastore' },
    signal: stop.signal,
  }).catch(() => {});
  try {
    return await underEither([filled.signal, signal], use);
  } catch (error) {
    throw filled.signal.aborted ? filled.signal.reason : error;
  } finally {
    stop.abort();
    await watching;
  }
}

type Datastore = Surroundings['datastores'][number];

const isFull = ({ free, capacity }: Datastore): boolean =>
  free < Math.max(LEAST_FREE.bytes, capacity * LEAST_FREE.share);

const away = ({ name }: SourceVm, why: string): Diagnostic =>
  world('vm-away', own`vSphere does not reach ${name} at present: ${why}`, {
    hint: own`see to its host and its datastores in vSphere, then run again`,
  });

const full = ({ name: vm }: SourceVm, { name, free, capacity }: Datastore): Diagnostic =>
  world(
    'datastore-full',
    `the datastore ${name} of ${vm} has ${bytes(free)} of ${bytes(capacity)} left: a snapshot could fill it, and stop every machine in it`,
    { hint: 'free space in it, or move the machine to another; no snapshot is left behind' },
  );

const low = ({ name: vm }: SourceVm, { name, free, capacity }: Datastore): Diagnostic =>
  warning(
    world('datastore-low', `the datastore ${name} of ${vm} has ${bytes(free)} of ${bytes(capacity)} left`, {
      cause: `datastore:${name}`,
      hint: 'free space in it before the snapshots of cycles find none',
    }),
  );

const old = (snapshot: string, vm: SourceVm): Diagnostic =>
  warning(
    world('snapshot-old', `${vm.name} has ${snapshot}: every write makes it larger`, {
      hint: `remove it in vSphere unless somebody still needs it; it is said from ${duration(OLD)} on`,
    }),
  );

const notAllowed = ({ name }: SourceVm, { privilege, on }: Surroundings['missing'][number]): Diagnostic =>
  world('vsphere-permission', own`${name} can't be replicated: privilege ${privilege} is missing on ${on}.`, {
    hint: 'Give the user a role with that privilege there, propagating to children.',
  });

const bad = ({ name: vm }: SourceVm, { host }: Surroundings, what: string): Diagnostic =>
  warning(
    world(
      'tracking-known-bad',
      own`${vm} runs on ${host!.name}, ESXi ${host!.version} build ${host!.build}, whose change tracking leaves changes out (${what}): the VM is compared as a whole`,
      { hint: 'update the host; until then every cycle reads all of the VM' },
    ),
  );
