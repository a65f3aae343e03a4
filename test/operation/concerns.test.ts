import { expect, test } from 'vitest';
import { Concerns } from '../../src/app/operation/agent/concerns.ts';
import type { Moved } from '../../src/app/operation/agent/move-duty.ts';
import { type Diagnostic, world } from '../../src/diagnostics/diagnostic.ts';
import { agentKey } from '../../src/engine/guard/agent-key.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import type { EngineMemory } from '../../src/engine/model/world.ts';

const made = (vm: string, warnings: Diagnostic[]): Moved =>
  ({ vm, address: `protected_vm:${vm}`, cycle: { warnings } }) as unknown as Moved;
const failed = (vm: string, diagnostics: Diagnostic[]): Moved => ({
  vm,
  address: `protected_vm:${vm}`,
  diagnostics,
});

test('what a cycle said about snapshots and datastores lasts until a whole cycle says it no more', () => {
  const concerns = new Concerns(() => 1, 'a');
  const said = () => concerns.all().map(({ rule, subject, cause }) => `${rule} ${subject} (${cause})`);
  const low = world('datastore-low', 'ds1 of it has 4 % left', { cause: 'datastore:ds1' });
  const old = world('snapshot-old', 'a has a snapshot of May.');
  concerns.note(made('a', [low, old]));
  concerns.note(made('b', [low]));
  expect(said()).toEqual([
    'snapshot-old a (a)',
    'datastore-low a (datastore:ds1)',
    'datastore-low b (datastore:ds1)',
  ]);
  expect(concerns.all()[0]!.text).toBe('a has a snapshot of May');
  // One that failed early saw nothing of that.
  concerns.note(failed('a', [world('vsphere-unreachable', 'it does not answer')]));
  expect(said()).toHaveLength(3);
  concerns.note(made('a', []));
  expect(said()).toEqual(['datastore-low b (datastore:ds1)']);
  concerns.note(failed('b', [world('datastore-full', 'ds1 is full', { cause: 'datastore:ds1' })]));
  expect(concerns.all()[0]!.text).toBe('ds1 is full');
});

/** As a state folder keeps it. */
function memory(): EngineMemory {
  const entries = new Map<string, unknown>();
  return {
    get: key => structuredClone(entries.get(key)),
    keys: () => entries.keys(),
    async set(key, value) {
      if (value === undefined) entries.delete(key);
      else entries.set(key, structuredClone(value));
    },
  };
}

const members = (count: number) =>
  Array.from({ length: count }, () => ({ selectedBy: 'protected_vm:win' }) as unknown as CatalogResource);

test('whoever starts the agent anew does not hear that all is over', async () => {
  const kept = memory();
  await kept.set(agentKey('protected_vm:win'), {});
  const start = (name: string) => {
    const concerns = new Concerns(() => 7, name);
    concerns.restore(kept);
    return concerns;
  };
  const first = start('a');
  first.declared(['a', 'b'], ['file:///dr']);
  first.selected(members(3));
  first.selected(members(1));
  first.note(failed('a', [world('vsphere-unreachable', 'it does not answer')]));
  first.noteJob({ job: 'drift', at: 7, found: 2, diagnostics: [] });
  first.noteJob({ job: 'verify', subject: 'file:///dr', at: 7, found: 1, diagnostics: [] });
  first.routes.set('ops', 'it is refused');
  await first.keep(kept);

  const second = start('b');
  expect(second.name).toBe('a');
  second.selected(members(2));
  expect(second.all().map(({ rule }) => rule)).toEqual(['fewer-selected', 'drift', 'damaged']);
  expect(second.all()[0]!.text).toBe(
    'protected_vm:win means 2 VMs, and meant 3; `apply --allow protected_vm:win` says that this is meant',
  );
  expect([second.failing.get('a')?.times, second.declaredSince.get('b')]).toEqual([1, 7]);
  expect([...second.routes.keys()]).toEqual(['ops']);

  // What is not declared any more is nobody's concern.
  second.declared(['b'], []);
  expect(second.all().map(({ rule }) => rule)).toEqual(['fewer-selected', 'drift']);
  expect([second.failing.size, second.declaredSince.size]).toEqual([0, 1]);

  // `apply --allow` removed what the agent goes by.
  second.allowed(kept);
  expect(second.all().map(({ rule }) => rule)).toContain('fewer-selected');
  await kept.set(agentKey('protected_vm:win'), undefined);
  second.allowed(kept);
  second.selected(members(2));
  expect(second.all().map(({ rule }) => rule)).toEqual(['drift']);
});

test('a mover of which no repository knows any more is not missed', () => {
  const concerns = new Concerns(() => 7, 'a');
  const mover = { id: 'm', host: 'h', since: 0, at: 0, slots: 1, running: [] };
  concerns.silent([mover], 'a', 3_600_000);
  expect(concerns.all().map(({ rule }) => rule)).toEqual(['mover-gone']);
  concerns.silent([], 'a', 3_600_000);
  expect(concerns.all()).toEqual([]);
});
