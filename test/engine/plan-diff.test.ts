import { expect, test } from 'vitest';
import { textOf } from '../../src/diagnostics/lines.ts';
import { comparePlans, isSame } from '../../src/engine/plan/plan-diff.ts';
import { renderPlanDiff } from '../../src/engine/render/plan-diff.ts';
import { registry } from '../../src/resources/registry.ts';
import { refs } from '../support/engine-world.ts';
import { planned, planOf } from '../support/plans.ts';

const before = planOf(
  planned('file:/gone', 1, { action: 'create', properties: {} }),
  planned('bucket:a', 2, {
    action: 'update',
    properties: { versioning: true, lifecycle: { days: 7 } },
    fields: [{ path: '/versioning', before: false, after: true }],
  }),
  planned('file:/same', 3, { properties: { mode: '0644' } }),
  planned('file:/meta', 4, { properties: {} }),
);
const meta = before.resources[3]!.meta;
const after = {
  ...planOf(
    planned('bucket:a', 20, {
      action: 'none',
      properties: { versioning: true, lifecycle: { days: 3 }, key: { $secret: 'env:KEY' } },
    }),
    planned('file:/same', 30, { properties: { mode: '0644' }, reason: 'said otherwise' }),
    planned('file:/meta', 4, { properties: {}, meta: { ...meta, require: refs('file:/same') } }),
    planned('file:/new', 5, { action: 'delete', properties: {} }),
  ),
  digest: 'ffffffffff',
  targets: [{ name: 'dr', type: 'aws', properties: {}, identity: 'lab', at: before.resources[0]!.at }],
};

test('added, removed, and each value that differs', () => {
  expect(textOf(renderPlanDiff(comparePlans(before, after, registry)))).toBe(
    `  ~ target dr  (none) -> lab
  + file:/new  delete
  - file:/gone  create
  ~ bucket:a  update -> none
      declared  key  (none) -> (secret env:KEY)
      declared  lifecycle.days  7 -> 3
      change    versioning  false -> true => as it is
  ~ file:/meta
      declared  require  (none) -> ["file:/same"]
1 added, 1 removed, 2 changed.   digest 7f3a9c21 -> ffffffff
`,
  );
});

test('the other way round, what was added is removed', () => {
  const [there, back] = [comparePlans(before, after, registry), comparePlans(after, before, registry)];
  expect(back.added).toEqual(there.removed);
  expect(back.removed).toEqual(there.added);
  expect(back.changed.map(({ address }) => address)).toEqual(there.changed.map(({ address }) => address));
});

test('places, texts and fingerprints are no difference', () => {
  const moved = structuredClone(before);
  for (const resource of moved.resources) {
    resource.at = { file: '/elsewhere.yaml', line: 99, column: 1 };
    resource.fingerprint = 'other';
  }
  expect(isSame(comparePlans(before, moved, registry))).toBe(true);
  expect(textOf(renderPlanDiff(comparePlans(before, moved, registry)))).toMatch(/^The plans do the same/);
});
