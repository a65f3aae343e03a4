import { expect, test } from 'vitest';
import type { AnyResourceType } from '../../src/engine/model/resource-type.ts';
import type { Subject } from '../../src/engine/model/subject.ts';
import { Dirty } from '../../src/engine/observe/dirty.ts';
import { registry } from '../../src/resources/registry.ts';

type Kind =
  | 'anything'
  | 'buckets'
  | 'certificates'
  | 'features'
  | 'files'
  | 'firewall'
  | 'iis'
  | 'packages'
  | 'points'
  | 'registry'
  | 'services'
  | 'tasks'
  | 'timezone'
  | 'variables';

/** What each type changes, and what its observation rests on. A new type needs a row. */
const table: Record<string, { writes: Kind[]; reads: Kind[] }> = {
  acl: { writes: ['files'], reads: ['files'] },
  alert_route: { writes: [], reads: ['buckets'] },
  archive: { writes: ['files'], reads: ['files', 'buckets'] },
  bucket: { writes: ['buckets'], reads: ['buckets'] },
  certificate: { writes: ['certificates', 'registry'], reads: ['certificates', 'registry'] },
  certificate_binding: {
    writes: ['certificates', 'registry', 'iis'],
    reads: ['certificates', 'registry', 'iis'],
  },
  download: { writes: ['files'], reads: ['files', 'buckets'] },
  env_path: { writes: ['variables', 'files', 'registry'], reads: ['variables', 'files', 'registry'] },
  environment_variable: {
    writes: ['variables', 'files', 'registry'],
    reads: ['variables', 'files', 'registry'],
  },
  exec: { writes: ['anything'], reads: ['anything'] },
  file: { writes: ['files'], reads: ['files'] },
  firewall_rule: { writes: ['firewall', 'registry'], reads: ['firewall', 'registry'] },
  git_checkout: { writes: ['files'], reads: ['files'] },
  hosts_entry: { writes: ['files'], reads: ['files'] },
  iam_role: { writes: [], reads: [] },
  iis_app: { writes: ['iis', 'files'], reads: ['iis', 'files'] },
  iis_app_pool: { writes: ['iis', 'files'], reads: ['iis', 'files'] },
  iis_config: { writes: ['iis', 'files'], reads: ['iis', 'files'] },
  iis_site: { writes: ['iis', 'files', 'certificates'], reads: ['iis', 'files'] },
  iis_vdir: { writes: ['iis', 'files'], reads: ['iis', 'files'] },
  package: { writes: ['anything'], reads: ['packages', 'registry'] },
  isolated_network: { writes: [], reads: [] },
  left_snapshots: { writes: [], reads: ['points', 'buckets'] },
  protected_vm: { writes: ['points'], reads: ['points', 'buckets'] },
  raw_image: { writes: ['files'], reads: ['files', 'points', 'buckets'] },
  recovery_plan: { writes: [], reads: ['buckets'] },
  recovery_target: { writes: [], reads: [] },
  registry_value: { writes: ['registry'], reads: ['registry'] },
  s3_sync: { writes: ['files'], reads: ['files', 'buckets'] },
  scheduled_task: {
    writes: ['tasks', 'registry', 'files'],
    reads: ['tasks', 'registry', 'files', 'timezone'],
  },
  security_group: { writes: [], reads: [] },
  service: { writes: ['services', 'registry', 'files'], reads: ['services', 'registry', 'files'] },
  timezone: { writes: ['timezone', 'registry', 'files'], reads: ['timezone', 'registry', 'files'] },
  windows_feature: { writes: ['anything'], reads: ['features'] },
};

const subjectOf = (type: AnyResourceType, target: string): Subject =>
  ({ type, address: type.name, realm: `${type.realm.name}\n${target}` }) as Subject;

test('every type is in the table', () => {
  expect([...registry.types.keys()].sort()).toEqual(Object.keys(table).sort());
});

test('whatever a type writes makes stale all that rests on it', () => {
  const missed: string[] = [];
  for (const writer of registry.types.values()) {
    const dirty = new Dirty();
    dirty.wrote(subjectOf(writer, ''));
    const { writes } = table[writer.name]!;
    for (const reader of registry.types.values()) {
      const { reads } = table[reader.name]!;
      const rests =
        writes.includes('anything') ||
        reads.includes('anything') ||
        reads.some(kind => writes.includes(kind));
      if (rests && !dirty.isStale(subjectOf(reader, ''))) missed.push(`${writer.name} -> ${reader.name}`);
    }
  }
  expect(missed).toEqual([]);
});
