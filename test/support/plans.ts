import type { Plan, PlannedResource } from '../../src/engine/model/plan.ts';

const meta = {
  ensure: 'present',
  require: [],
  before: [],
  notify: [],
  subscribe: [],
  noop: false,
  labels: [],
} as const;
/** A resource of a plan as far as renderings look at it. */
export const planned = (address: string, line: number, more: Partial<PlannedResource>): PlannedResource =>
  ({
    address,
    action: 'none',
    noop: false,
    fields: [],
    dependsOn: [],
    meta,
    at: { file: 'manifests/lab/dr.yaml', line, column: 3 },
    ...more,
  }) as PlannedResource;
export const planOf = (...resources: PlannedResource[]): Plan => ({
  converge_plan: 1,
  engine: '1.0.0',
  types: {},
  targets: [],
  resources,
  sources: {},
  diagnostics: [],
  digest: '7f3a9c21deadbeef',
});

/** One of everything that a rendering has to show. */
export const everything = (): Plan =>
  planOf(
    planned('bucket:gdh-vm-replication', 12, {
      action: 'create',
      grade: 'strengthens',
      fields: [
        {
          path: '/lifecycle/0/days',
          after: 7,
          at: { file: 'manifests/lab/dr.yaml', line: 14, column: 5 },
        },
        { path: '/versioning', after: true, at: { file: 'data/common.yaml', line: 3, column: 9 } },
      ],
    }),
    planned('protected_vm:dc02', 20, {
      action: 'update',
      fields: [{ path: '/point', before: 'due', after: 'newest', reason: 'after bucket:gdh-vm-replication' }],
    }),
    planned('file:/etc/a|b`c<d>', 25, {
      action: 'update',
      reason: 'see <b>#1</b> @octocat *now*',
      fields: [
        {
          path: '/content',
          before: '```\n::error::no\n</details>',
          after: { $secret: 'env:TOKEN' },
        },
      ],
    }),
    planned('bucket:weak', 28, {
      action: 'update',
      grade: 'weakens',
      held: { until: '2026-11-28T01:00:00Z' },
      fields: [
        { path: '/versioning', before: true, after: false, grade: 'weakens' },
        { path: '/public_access', before: 'not blocked', after: 'blocked', grade: 'strengthens' },
      ],
    }),
    planned('file:/old', 30, { action: 'delete', noop: true }),
    planned('exec:restart', 31, {
      action: 'refresh',
      reason: 'after file:/old',
      held: { until: '2026-11-28T01:00:00Z', by: 'bucket:weak' },
    }),
    planned('iis_site:shop', 32, { action: 'unknown', reason: "can't be seen before windows_feature:iis" }),
    planned('bucket:other', 33, { action: 'failed', reason: 'no answer, 100% lost' }),
    planned('file:/same', 40, {}),
  );
