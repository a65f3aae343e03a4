import { expect, test } from 'vitest';
import { Concerns } from '../../src/app/operation/agent/concerns.ts';
import type { Moved } from '../../src/app/operation/agent/move-duty.ts';
import { moversIn, noteMover } from '../../src/app/operation/movers.ts';
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

test('a mover whose clock is behind is heard of, and one that is ahead and dies is missed', async () => {
  const minute = 60_000;
  const notes = new Map<string, unknown>();
  const board = {
    list: async () => [...notes.keys()].map(name => ({ name })),
    read: async (name: string) => ({ value: notes.get(name), etag: '1' }),
    write: async (name: string, value: unknown) => {
      notes.set(name, value);
      return '1';
    },
  };
  // The store's clock is right; each mover knows how far its own is from that.
  const seenFrom = (ahead: number) =>
    ({ board, store: { clockAhead: () => ahead } }) as unknown as Parameters<typeof noteMover>[0];
  const says = (id: string, store: number, off: number) => {
    const at = store + off;
    const running = [{ vm: 'a', since: at - minute }];
    return noteMover(seenFrom(-off), { id, host: id, since: at, at, slots: 1, running }, undefined);
  };
  await says('behind', 60 * minute, -10 * minute);
  await says('ahead', 50 * minute, 10 * minute);
  const concerns = new Concerns(() => 0);
  // The one that looks is behind by a minute itself.
  const own = 60 * minute - minute;
  const movers = await moversIn(seenFrom(minute), own);
  expect(movers.map(({ id, at, running }) => [id, own - at, own - running[0]!.since])).toEqual([
    ['behind', 0, minute],
    ['ahead', 10 * minute, 11 * minute],
  ]);
  concerns.silent(movers, 'me', own);
  expect(concerns.all().map(({ subject }) => subject)).toEqual(['ahead']);
});
