import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, firstSlots, nextOf, runAll } from '../../src/operation/turn.ts';

const candidates = fc.array(
  fc.record({
    lane: fc.constantFrom('first' as const, 'usual' as const),
    deadline: fc.integer({ min: 0, max: 20 }),
    places: fc
      .constantFrom(['vc-a'], ['vc-b'], ['vc-a', 'nas'], [])
      .map(names => names.map(name => ({ name, most: name === 'nas' ? 1 : 2 }))),
    takes: fc.integer({ min: 1, max: 9 }),
  }),
  { maxLength: 30 },
);

/** Runs all in steps of a clock that nobody waits for, and sees who runs side by side. */
async function played<T extends Candidate & { takes: number }>(all: readonly T[], slots: number) {
  const running = new Map<T, () => void>();
  const begun: T[] = [];
  const seen: T[][] = [];
  let left = all.length;
  const done = runAll(all, slots, new AbortController().signal, candidate => {
    begun.push(candidate);
    return new Promise(resolve => {
      running.set(candidate, resolve);
      seen.push([...running.keys()]);
    });
  });
  while (left > 0) {
    const [shortest] = [...running.keys()].sort((a, b) => a.takes - b.takes);
    running.get(shortest!)!();
    running.delete(shortest!);
    left--;
    for (let n = 0; n < 5; n++) await Promise.resolve();
  }
  await done;
  return { begun, seen };
}

describe('a turn', () => {
  test('runs everything once, within slots, lanes and places', async () => {
    await fc.assert(
      fc.asyncProperty(candidates, fc.integer({ min: 1, max: 9 }), async (all, slots) => {
        const { begun, seen } = await played(all, slots);
        expect(new Set(begun)).toEqual(new Set(all));
        expect(begun).toHaveLength(all.length);
        for (const together of seen) {
          expect(together.length).toBeLessThanOrEqual(slots);
          expect(together.filter(({ lane }) => lane === 'first').length).toBeLessThanOrEqual(
            firstSlots(slots),
          );
          for (const [name, most] of [
            ['vc-a', 2],
            ['vc-b', 2],
            ['nas', 1],
          ] as const)
            expect(
              together.filter(({ places }) => places.some(place => place.name === name)).length,
            ).toBeLessThanOrEqual(most);
        }
      }),
    );
  });

  test('takes the earliest deadline of those that may begin, and leaves no slot free that somebody could use', () => {
    fc.assert(
      fc.property(candidates, candidates, fc.integer({ min: 1, max: 9 }), (waiting, running, slots) => {
        const next = nextOf(waiting, running, slots);
        const alone = (one: (typeof waiting)[number]) => nextOf([one], running, slots) === one;
        const able = waiting
          .filter(alone)
          .filter(({ lane }) => slots > 1 || lane === 'usual' || waiting.every(one => one.lane === 'first'));
        expect(next?.deadline).toBe(
          able.length === 0 ? undefined : Math.min(...able.map(({ deadline }) => deadline)),
        );
      }),
    );
  });

  test('a first copy takes no more than its quarter, however urgent', () => {
    const first = (deadline: number) => ({ lane: 'first' as const, deadline, places: [] });
    const usual = { lane: 'usual' as const, deadline: 9, places: [] };
    expect(nextOf([first(1), usual], [first(0)], 4)).toBe(usual);
    expect(nextOf([first(1), usual], [first(0)], 8)?.deadline).toBe(1);
    expect(nextOf([first(1), usual], [], 1)).toBe(usual);
    expect(nextOf([first(1)], [], 1)?.deadline).toBe(1);
  });

  test('once it is told to end nothing more begins', async () => {
    const ending = new AbortController();
    const begun: number[] = [];
    const all = [1, 2, 3].map(deadline => ({ lane: 'usual' as const, deadline, places: [] }));
    await runAll(all, 1, ending.signal, async ({ deadline }) => {
      begun.push(deadline);
      ending.abort();
    });
    expect(begun).toEqual([1]);
  });
});
