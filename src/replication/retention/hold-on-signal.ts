import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { bytes } from '../../io/units.ts';
import { FOREVER } from '../model/object-lock.ts';
import type { Changes, Mode, Point, Signal } from '../model/point.ts';
import type { WriteTotals } from '../model/point-writer.ts';
import type { Repository } from '../model/repository.ts';
import { changesAfter } from './change-signal.ts';
import { hold } from './holds.ts';

interface Cycle {
  vm: { name: string; uuid: string };
  previous: Point | undefined;
  /** Of the snapshot, ms since the epoch. */
  time: number;
  disks: readonly { mode: Mode; bytes: number }[];
  totals: Readonly<WriteTotals>;
  /** Goes on when the repository was away for a while. */
  run<T>(ask: () => Promise<T>): Promise<T>;
  warn(diagnostic: Diagnostic): void;
}

/**
 * What a point in the making tells about its changes. Where they jumped, nothing of the VM is removed from
 * now on until somebody ends that: it is held before the point is there, so that no kill comes between.
 * Undefined: nothing can be said, since something was read whole, or stored anew.
 */
export async function changesOf(
  repository: Repository,
  { vm, previous, time, disks, totals, run, warn }: Cycle,
): Promise<Changes | undefined> {
  const isOrdinary =
    disks.every(({ mode }) => mode === 'incremental') && totals.blocks_healed + totals.blocks_reused === 0;
  // What was known before goes on: after a resync the VM is as it was.
  if (!isOrdinary || !previous) return carried(previous?.changes);
  const changes = changesAfter(previous.changes, {
    ...{ time, before: previous.time, bytes: totals.bytes_stored, stored: totals.bytes_packed },
    disks: disks.reduce((sum, one) => sum + one.bytes, 0),
  });
  const { signal } = changes;
  if (!signal) return changes;
  await run(() => hold(repository, { vm: vm.uuid, until: FOREVER, at: time, why: signal.kind }));
  warn(jumped(vm.name, signal));
  return changes;
}

const carried = (before: Changes | undefined): Changes | undefined =>
  before && { bytes: 0, stored: 0, recent: before.recent, days: before.days };

const percent = (share: number): string => `${Math.round(100 * share)}%`;

const jumped = (name: string, { kind, rate, usual, share, usual_share }: Signal): Diagnostic => ({
  ...world(
    'changes-jumped',
    kind === 'incompressible'
      ? `${bytes(rate)} an hour were rewritten on ${name} with what can't be compressed: ${percent(share)} of it is stored, usually ${percent(usual_share)}`
      : `${bytes(rate)} an hour changed on ${name}, usually ${bytes(usual)}`,
    {
      hint: own`look whether somebody encrypts it; no point of it is removed until \`converge hold ${name} --release\``,
    },
  ),
  severity: 'warning',
});
