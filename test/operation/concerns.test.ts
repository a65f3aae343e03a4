import { expect, test } from 'vitest';
import { Concerns } from '../../src/app/operation/agent/concerns.ts';
import type { Moved } from '../../src/app/operation/agent/move-duty.ts';
import { countSelected } from '../../src/app/operation/declared/selections.ts';
import type { HeldBack } from '../../src/app/operation/declared/take-up.ts';
import { moversIn, noteMover } from '../../src/app/operation/movers.ts';
import { type Diagnostic, world } from '../../src/diagnostics/diagnostic.ts';
import { selectedKey } from '../../src/engine/guard/agent-key.ts';

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
  concerns.silent(movers, 'me', own, true);
  expect(concerns.all().map(({ subject }) => subject)).toEqual(['ahead']);
  // One that nobody has written of for a week is gone from the list, and nobody's concern any more.
  concerns.silent([], 'me', own, false);
  expect(concerns.all()).toHaveLength(1);
  concerns.silent([], 'me', own, true);
  expect(concerns.all()).toEqual([]);
});

test('a selection that means fewer VMs than it ever did, or none, is said until it is meant', async () => {
  const memory = new Map<string, unknown>();
  const kept = {
    get: (key: string) => memory.get(key),
    set: async (key: string, value: unknown) => void memory.set(key, value),
  };
  const select = { name: 'x' };
  const selection = (address: string) => ({ type: 'protected_vm', address, select });
  /** What a new agent says that finds the selections to mean so many; undefined: nobody can list it. */
  const said = async (means: Record<string, number | undefined>) => {
    const resources = Object.entries(means).flatMap<object>(([address, count]) =>
      count === undefined
        ? [selection(address)]
        : Array.from({ length: count }, (_, n) => ({ address: `${address}-${n}`, selectedBy: address })),
    );
    const site = { catalog: { resources: Object.keys(means).map(selection) }, resources };
    const concerns = new Concerns(() => 0);
    concerns.selected(await countSelected(site as unknown as Parameters<typeof countSelected>[0], kept));
    return concerns.all().map(({ rule, text }) => `${rule} ${text.replace(/;.*/, '')}`);
  };
  expect(await said({ web: 2, none: undefined })).toEqual([]);
  const fewer = 'fewer-selected web means 1 VM, and meant 2';
  expect(await said({ web: 1, none: 0 })).toEqual([fewer, 'fewer-selected none means no VM']);
  expect(await said({ web: undefined })).toEqual([]);
  expect(await said({ web: 1 })).toEqual([fewer]);
  memory.delete(selectedKey('web'));
  expect(await said({ web: 1 })).toEqual([]);
  const concerns = new Concerns(() => 0);
  concerns.selected(new Map([['web', { now: 1, most: 2 }]]));
  concerns.selected(new Map());
  expect(concerns.all()).toEqual([]);
});

test('whoever starts the agent anew is not told that all is over; of what is no longer declared nothing is wrong', async () => {
  const entries = new Map<string, unknown>();
  const memory = {
    get: (key: string) => structuredClone(entries.get(key)),
    set: async (key: string, value: unknown) => void entries.set(key, structuredClone(value)),
  };
  const begun = () => {
    const concerns = new Concerns(() => 7);
    concerns.restore(memory);
    return concerns;
  };
  const views = new Map([['file:///dr', { repository: {} }]]);
  const first = begun();
  first.declared(['a', 'b'], views);
  first.note(failed('a', [world('vsphere-unreachable', 'it does not answer')]));
  first.noteJob({ job: 'drift', at: 7, found: 2, diagnostics: [] });
  first.noteJob({ job: 'verify', subject: 'file:///dr', at: 7, found: 1, diagnostics: [] });
  first.say('mover-gone', 'm', 'it is gone');
  await first.keep(memory);

  const second = begun();
  const rules = () => second.all().map(({ rule }) => rule);
  expect(rules()).toEqual(['drift', 'damaged']);
  expect([second.failing.get('a')?.times, second.declaredSince.get('b'), [...second.seen]]).toEqual([
    ...[1, 7],
    ['file:///dr'],
  ]);
  second.declared(['b'], new Map());
  expect(rules()).toEqual(['drift']);
  expect([second.failing.size, second.declaredSince.size, second.seen.size]).toEqual([0, 1, 0]);
});

const minute = 60_000;

test('each VM that is held back is named, and what one failed at has passed when a newer point is seen', () => {
  let clock = 0;
  const concerns = new Concerns(() => clock);
  const held = (...names: string[]) =>
    concerns.held(names.map(address => ({ address, why: ['it is not declared any more'] }) as HeldBack));
  held('protected_vm:a', 'protected_vm:b');
  expect(new Set(concerns.all().map(({ cause }) => cause)).size).toBe(1);
  expect(concerns.all().map(({ subject }) => subject)).toEqual(['protected_vm:a', 'protected_vm:b']);
  held('protected_vm:b');
  expect(concerns.all().map(({ text }) => text)).toEqual([
    'protected_vm:b protects less: it is not declared any more',
  ]);

  clock = 10 * minute;
  concerns.failed('a', { code: 'x', message: 'it failed' });
  concerns.seenPoint('a', 9 * minute);
  expect(concerns.failing.get('a')?.times).toBe(1);
  // A standby makes none itself: another mover did.
  concerns.seenPoint('a', 11 * minute);
  expect(concerns.failing.size).toBe(0);
});
