import { describe, expect, test } from 'vitest';
import { gradeField } from '../../src/engine/guard/grade-field.ts';
import type { Json } from '../../src/engine/model/catalog.ts';
import { registry } from '../../src/resources/registry.ts';

const grade = (type: string, path: string, before?: Json, after?: Json) =>
  gradeField(registry.types.get(type)!, {
    path,
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  });

describe('what a change does to protection', () => {
  test.each<[string, string, Json | undefined, Json | undefined, string]>([
    ['bucket', '/versioning', true, false, 'weakens'],
    ['bucket', '/versioning', false, true, 'strengthens'],
    ['bucket', '/versioning', undefined, false, 'neutral'],
    ['bucket', '/public_access', 'not blocked', 'blocked', 'strengthens'],
    ['bucket', '/public_access', 'blocked', 'unmanaged', 'weakens'],
    ['bucket', '/lifecycle/abort_incomplete_uploads', '7d', '1d', 'neutral'],
    ['protected_vm', '/rpo', '1h', '4 hours', 'weakens'],
    ['protected_vm', '/rpo', '1h', '60m', 'neutral'],
    ['protected_vm', '/schedule', 'every hour', 'every 15 minutes', 'strengthens'],
    ['protected_vm', '/quiesce', 'require', 'off', 'weakens'],
    ['protected_vm', '/quiesce', 'off', 'prefer', 'strengthens'],
    ['protected_vm', '/disks/exclude', undefined, ['1'], 'weakens'],
    ['protected_vm', '/disks/exclude', ['1', '2'], ['2'], 'strengthens'],
    ['protected_vm', '/disks/exclude', ['1'], ['2'], 'weakens'],
    ['protected_vm', '/no/such/path', 1, 2, 'neutral'],
    ['file', '/mode', '0600', '0644', 'neutral'],
  ])('%s %s: %j -> %j %s', (type, path, before, after, expected) => {
    expect(grade(type, path, before, after)).toBe(expected);
  });
});
