import { expect, test } from 'vitest';
import { Concerns } from '../../src/app/operation/agent/concerns.ts';
import { pastCycle } from '../../src/app/operation/agent/past-cycle.ts';
import type { VmDuty } from '../../src/app/operation/site/duties.ts';
import { chapters } from '../../src/diagnostics/codes.ts';
import { evidenceOf } from '../../src/operation/evidence.ts';
import { summed } from '../../src/operation/history.ts';
import { metricsOf } from '../../src/operation/metrics/metrics.ts';
import { REASONS } from '../../src/replication/cycle/decide-mode.ts';
import { ENDINGS } from '../../src/replication/cycle/failures.ts';
import type { CycleResult } from '../../src/replication/cycle/options.ts';
import { decodeRoot, encodeRoot } from '../../src/replication/format/root.ts';
import { leadingMode } from '../../src/replication/model/point.ts';
import { describeCycle } from '../../src/resources/vsphere/describe-cycle.ts';
import { aStatus, aVm, now, url } from '../operation/a-status.ts';
import { world } from '../support/made-up.ts';
import { aDisk, pointContent } from '../support/repository.ts';

const duty = {
  declared: { title: 'dc02', timetable: { schedule: { every: 60_000 }, windows: [] } },
} as unknown as VmDuty;
const times = { id: 'c-1', began: now - 60_000, ended: now };

/** A point whose disk was read for this reason, written down and read again. */
function pointMade(reason: (typeof REASONS)[number]) {
  const mode = reason === 'changed-areas' ? 'incremental' : 'rescan';
  const disk = { ...aDisk(1), mode, reason } as const;
  const point = { id: 'a'.repeat(32), generation: 1, disks: [disk], ...pointContent({ time: now - 90_000 }) };
  const root = {
    ...{ point, previous: undefined, nextNumber: 1, pagesObjects: new Map(), segments: [] },
    disks: [{ disk, number: 0, pages: [{ base: undefined, deltas: [] }] }],
  };
  return decodeRoot('points/a', encodeRoot(root)).point;
}

test.for(REASONS)('%s is one word in output, history, report, point and metrics', reason => {
  const point = pointMade(reason);
  const { mode } = leadingMode(point);
  expect(leadingMode(point).reason).toBe(reason);

  const numbers = { bytes_read: 0, bytes_uploaded: 0, bytes_reused: 0 };
  const cycle = { point, disks: point.disks, numbers, warnings: [] } as unknown as CycleResult;
  const past = pastCycle(duty, { vm: 'dc02', address: 'protected_vm:dc02', cycle }, times)!;
  expect(past.made).toMatchObject({ mode, reason });

  const newest = { ...{ id: point.id, generation: 1, time: point.time }, ...leadingMode(point) };
  const status = aStatus([aVm({ newest: { ...newest, consistency: 'crash' } })]);
  expect(metricsOf(status, { version: '1' })).toMatch(
    new RegExp(`^converge_vm_last_cycle_info\\{.*mode="${mode}",reason="${reason}"`, 'm'),
  );

  // What is usual needs no word: what was read by its changes is shown as that, a first copy as no resync.
  if (reason === 'changed-areas') return;
  expect(describeCycle(cycle)).toContain(`disk 0 ${mode} (${reason})`);
  if (reason === 'first-cycle') return;
  expect(summed([past], { points: new Map(), deadlines: new Map() }, now - 100_000, now)[0]!.resyncs).toEqual(
    { [reason]: 1 },
  );
  const made = { ...newest, complete: point.time, consistency: 'crash' } as const;
  const track = { uuid: 'u-1', repository: url, from: 0, to: now, points: [made], stretches: [], ages: [] };
  const span = { month: '2026-11', from: now - 100_000, to: now };
  const evidence = evidenceOf(status, status.vms, [track], span);
  expect(evidence.vms[0]!.resyncs).toEqual([{ time: point.time, mode, reason }]);
});

test.for(ENDINGS)('a cycle that ends with %s says so in output, history and metrics', code => {
  const known = chapters.flatMap(({ codes }) => Object.keys(codes));
  expect(known).toContain(code);
  const said = world(code, 'it ended');
  const moved = { vm: 'dc02', address: 'protected_vm:dc02', diagnostics: [said] };
  expect(pastCycle(duty, moved, times)!.failed).toEqual({ code, message: 'it ended' });
  const concerns = new Concerns(() => now);
  concerns.note(moved);
  concerns.note(moved);
  const metrics = metricsOf(aStatus([aVm()]), { version: '1', failing: concerns.failing });
  expect(metrics).toMatch(new RegExp(`^converge_vm_failed_cycles\\{vm="dc02".*code="${code}"\\} 2$`, 'm'));
  concerns.made('dc02');
  expect(metricsOf(aStatus([aVm()]), { version: '1', failing: concerns.failing })).not.toMatch(
    /^converge_vm_failed_cycles\{/m,
  );
});
