import { expect, test } from 'vitest';
import { Concerns } from '../../src/app/operation/agent/concerns.ts';
import type { Moved } from '../../src/app/operation/agent/move-duty.ts';
import { type Diagnostic, world } from '../../src/diagnostics/diagnostic.ts';

const made = (vm: string, warnings: Diagnostic[]): Moved =>
  ({ vm, address: `protected_vm:${vm}`, cycle: { warnings } }) as unknown as Moved;
const failed = (vm: string, diagnostics: Diagnostic[]): Moved => ({
  vm,
  address: `protected_vm:${vm}`,
  diagnostics,
});

test('what a cycle said about snapshots and datastores lasts until a whole cycle says it no more', () => {
  const concerns = new Concerns(() => 1);
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
