import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, Dispatch, longSlots } from '../../src/operation/dispatch.ts';

const most = { 'vc-a': 2, 'vc-b': 8, nas: 1 } as const;

const candidates = fc.array(
  fc.record({
    lane: fc.constantFrom('long' as const, 'usual' as const),
    ready: fc.integer({ min: 0, max: 30 }),
    deadline: fc.integer({ min: 0, max: 20 }),
    places: fc
      .constantFrom(['vc-a'] as const, ['vc-b'] as const, ['vc-a', 'nas'] as const, [] as const)
      .map(names => names.map(name => ({ name, most: most[name] }))),
    takes: fc.integer({ min: 1, max: 9 }),
  }),
  { maxLength: 30 },
);

type Timed = Candidate & { takes: number };

/** Whether it could begin beside those that run, by the rules as they are told to people. */
function couldBegin(
  one: Candidate,
  running: readonly Candidate[],
  ready: readonly Candidate[],
  slots: number,
) {
  const long = running.filter(({ lane }) => lane === 'long').length;
  const onlySlot = slots === 1 && ready.some(({ lane }) => lane === 'usual');
  return (
    running.length < slots &&
    (one.lane === 'usual' || (long < longSlots(slots) && !onlySlot)) &&
    one.places.every(({ name, most }) => {
      const isThere = ({ places }: Candidate) => places.some(place => place.name === name);
      const there = running.filter(isThere);
      const count = (other: string) =>
        running.filter(({ places }) => places.some(place => place.name === other)).length;
      const lacksThatAlone = ({ places }: Candidate) =>
        places.every(place => place.name === name || count(place.name) < place.most);
      const waits =
        most === 1 && ready.some(other => other.lane === 'usual' && isThere(other) && lacksThatAlone(other));
      const longThere = there.filter(({ lane }) => lane === 'long').length;
      return there.length < most && (one.lane === 'usual' || (longThere < longSlots(most) && !waits));
    })
  );
}

/** Plays all of them in steps of a clock, and calls back before and after each choice. */
function play(
  all: readonly Timed[],
  slots: number,
  chosen: (taken: Timed | undefined, ready: Timed[], running: Timed[]) => void,
): number[] {
  const dispatch = new Dispatch(slots);
  const ends = new Map<number, number>();
  const begun: number[] = [];
  for (const [n, one] of all.entries()) dispatch.set(String(n), one);
  for (let now = 0; begun.length < all.length || ends.size > 0; now++) {
    for (const [n, end] of ends)
      if (end <= now) {
        ends.delete(n);
        dispatch.end(String(n));
      }
    for (;;) {
      const running = [...ends.keys()].map(n => all[n]!);
      const ready = all.filter((one, n) => one.ready <= now && !begun.includes(n));
      const id = dispatch.take(now);
      chosen(id === undefined ? undefined : all[Number(id)], ready, running);
      if (id === undefined) break;
      begun.push(Number(id));
      ends.set(Number(id), now + all[Number(id)]!.takes);
    }
  }
  return begun;
}

describe('dispatch', () => {
  test('runs everything once: the earliest deadline of those that have room, and nobody waits who has', () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 1, max: 9 }), (all, slots) => {
        const begun = play(all, slots, (taken, ready, running) => {
          const able = ready.filter(one => couldBegin(one, running, ready, slots));
          expect(taken?.deadline).toBe(
            able.length === 0 ? undefined : Math.min(...able.map(({ deadline }) => deadline)),
          );
          if (taken) expect(able).toContain(taken);
        });
        expect(begun.toSorted((a, b) => a - b)).toEqual(all.map((_, n) => n));
      }),
    );
  });

  test('a cycle that turns out to be long takes a place of the long lane, or is refused', () => {
    const dispatch = new Dispatch(8);
    const usual = { lane: 'usual' as const, ready: 0, deadline: 1, places: [] };
    for (const id of ['a', 'b', 'c']) dispatch.set(id, usual);
    for (let n = 0; n < 3; n++) dispatch.take(0);
    expect(['a', 'a', 'b', 'c'].map(id => dispatch.becomeLong(id))).toEqual([true, true, true, false]);
    dispatch.set('first', { ...usual, lane: 'long' });
    expect(dispatch.take(0)).toBeUndefined();
    dispatch.end('a');
    expect(dispatch.take(0)).toBe('first');
  });

  test('nor does a cycle that turns out to be long take more than a quarter of a place', () => {
    const dispatch = new Dispatch(100);
    const one = (ready: number) => ({
      ...{ lane: 'usual' as const, ready, deadline: 1 },
      places: [{ name: 'vc', most: 4 }],
    });
    for (const id of ['a', 'b', 'c']) dispatch.set(id, one(0));
    for (let n = 0; n < 3; n++) dispatch.take(0);
    expect(['a', 'b', 'a'].map(id => dispatch.becomeLong(id))).toEqual([true, false, true]);
    dispatch.set('first', { ...one(0), lane: 'long', deadline: 0 });
    expect(dispatch.take(0)).toBeUndefined();
    dispatch.end('a');
    expect(dispatch.take(0)).toBe('first');
  });

  test('what is said again, or taken back, leaves nothing behind', () => {
    const dispatch = new Dispatch(1);
    const one = (ready: number) => ({ lane: 'usual' as const, ready, deadline: 9, places: [] });
    dispatch.set('a', one(5));
    dispatch.set('a', one(7));
    expect([dispatch.take(6), dispatch.nextReady()]).toEqual([undefined, 7]);
    dispatch.set('b', one(7));
    dispatch.remove('a');
    expect(dispatch.take(7)).toBe('b');
    dispatch.set('b', one(0));
    dispatch.end('b');
    expect([dispatch.take(9), dispatch.nextReady(), dispatch.running]).toEqual([undefined, undefined, 0]);
  });
});
