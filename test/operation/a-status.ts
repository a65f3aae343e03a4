import type { Status, VmStatus } from '../../src/operation/model.ts';

export const minute = 60_000;
export const hour = 60 * minute;
/** When everything in these tests is looked at. */
export const now = Date.UTC(2026, 10, 28, 12);
export const url = 's3://dr/vms';

/** A VM that stands well. */
export const aVm = (more: Partial<VmStatus> = {}): VmStatus => ({
  vm: 'dc02',
  address: 'protected_vm:dc02',
  uuid: 'u-1',
  repository: url,
  state: 'kept',
  reason: 'in-time',
  kept: true,
  age: 5 * minute,
  target: 30 * minute,
  deadline: now + 25 * minute,
  next: now + 10 * minute,
  newest: {
    id: 'p-1',
    generation: 7,
    time: now - 5 * minute,
    consistency: 'application',
    mode: 'incremental',
    reason: 'changed-areas',
    stored: 4_300_000,
  },
  ...more,
});

export const aStatus = (vms: VmStatus[], more: Partial<Status> = {}): Status => ({
  at: now,
  plans: [],
  vms,
  repositories: [...new Set(vms.map(({ repository }) => repository))].map(each => ({ url: each })),
  diagnostics: [],
  ...more,
});
