import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { Failure } from '../../src/diagnostics/diagnostic.ts';
import { HandOver } from '../../src/operation/queue/hand-over.ts';
import { Link } from '../../src/operation/queue/link.ts';
import { type Handled, Taker } from '../../src/operation/queue/taker.ts';
import { answerIn, type Line, priorityOf, type WakeUp, wakeUpIn } from '../../src/operation/queue/wake-up.ts';
import { MemoryQueue } from '../support/memory-queue.ts';

const wakeOf = (vm: string): WakeUp => ({
  wake: 1,
  vm,
  declared: 'a'.repeat(64),
  version: '1.0.0',
  by: 'agent-1',
});
const usual: Line = { domain: 'home', lane: 'usual' };
const long: Line = { domain: 'home', lane: 'long' };
const made: Handled = { answer: { result: 'made' } };

/** One agent and one mover at a queue, with a clock that the test sets. */
function world(slots: number) {
  const queue = new MemoryQueue();
  const told: Diagnostic[][] = [];
  const link = new Link(queue.port(), why => void told.push(why));
  const state = { now: 0 };
  const garbled: string[] = [];
  /** Those that run, and how each is ended. */
  const running = new Map<string, (handled: Handled | Error) => void>();
  const asked = new Map<string, () => boolean>();
  const taker = new Taker(link, slots, {
    now: () => state.now,
    domains: () => ['home'],
    move: ({ vm }, mayBeLong) => {
      asked.set(vm, mayBeLong);
      return new Promise((resolve, reject) => {
        running.set(vm, handled => {
          running.delete(vm);
          if (handled instanceof Error) reject(handled);
          else resolve(handled);
        });
      });
    },
    garbled: domain => void garbled.push(domain),
  });
  const handOver = new HandOver(link, () => state.now);
  const offer = (vm: string, line: Line = usual, deadline = 0) =>
    handOver.offer(line, wakeOf(vm), vm, deadline);
  /** Lets everything that was begun go as far as it can. */
  const settle = async () => {
    for (let turns = 0; turns < 5; turns++) await new Promise(resolve => setImmediate(resolve));
  };
  return { queue, link, told, state, garbled, running, asked, taker, handOver, offer, settle };
}

describe('wake-ups', () => {
  test('whatever lies in a queue is read or refused, and never believed beyond its shape', () => {
    fc.assert(
      fc.property(fc.anything(), data => {
        const wake = wakeUpIn(data);
        if (wake) expect(wakeUpIn({ ...wake, more: data })).toEqual(wake);
        expect(['made', 'seen', 'busy', 'paused', 'put-back', 'failed', 'declined']).toContain(
          answerIn(data).result,
        );
      }),
    );
    expect(wakeUpIn({ ...wakeOf('dc02'), wake: 2 })).toBeUndefined();
    expect(wakeUpIn({ ...wakeOf('dc02'), declared: '../../etc' })).toBeUndefined();
    expect(wakeUpIn({ ...wakeOf('dc02'), extra: 1 })).toEqual(wakeOf('dc02'));
    expect(answerIn({ result: 'failed', code: 'x', message: 'y'.repeat(9_999) })).toMatchObject({
      message: 'y'.repeat(500),
    });
    const cutOff = { result: 'failed', code: 'vsphere-connection-lost', message: '', elsewhere: true };
    expect(answerIn(cutOff)).toEqual(cutOff);
  });

  test('the earlier deadline has the lower number, within what an engine knows', () => {
    const some = fc.integer({ min: 0, max: Date.UTC(2060, 0, 1) });
    fc.assert(
      fc.property(some, some, (a, b) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)].map(priorityOf) as [number, number];
        expect(first).toBeLessThanOrEqual(second);
        for (const one of [first, second]) expect(one >= 1 && one <= 2 ** 21).toBe(true);
      }),
    );
    const now = Date.UTC(2030, 5, 1);
    expect(priorityOf(now)).toBeLessThan(priorityOf(now + 300_000));
  });
});

describe('an agent and a mover', () => {
  test('the same VM is offered once, the earliest deadline is taken first, and the answer comes back', async () => {
    const { queue, taker, handOver, offer, running, settle } = world(1);
    const late = offer('late', usual, Date.UTC(2027, 0, 2));
    const twice = offer('late', usual, Date.UTC(2027, 0, 2));
    const early = offer('early', usual, Date.UTC(2027, 0, 1));
    await settle();
    expect(queue.in(usual)).toHaveLength(2);
    await taker.turn();
    expect([...running.keys()]).toEqual(['early']);
    running.get('early')!(made);
    await settle();
    // The slot that got free takes the next at once.
    expect([...running.keys()]).toEqual(['late']);
    running.get('late')!({ answer: { result: 'failed', code: 'x', message: 'y' } });
    await settle();
    await handOver.turn();
    expect(await early).toEqual({ result: 'made' });
    expect(await late).toEqual({ result: 'failed', code: 'x', message: 'y' });
    expect(await twice).toEqual(await late);
    expect(handOver.size).toBe(0);
  });

  test('long cycles get a quarter of the slots, also one that only turns out to be long', async () => {
    const { taker, offer, running, asked, settle } = world(4);
    for (const vm of ['f1', 'f2']) void offer(vm, long);
    for (const vm of ['a', 'b', 'c', 'd']) void offer(vm, usual);
    await settle();
    await taker.turn();
    expect([...running.keys()]).toEqual(['a', 'b', 'c', 'd']);
    expect(asked.get('a')!()).toBe(true);
    expect(asked.get('b')!()).toBe(false);
    running.get('b')!({ answer: { result: 'put-back' } });
    running.get('c')!(made);
    await settle();
    // Two slots are free, and the long one is taken.
    expect([...running.keys()]).toEqual(['a', 'd']);
    running.get('a')!(made);
    await settle();
    expect([...running.keys()]).toEqual(['d', 'f1']);
  });

  test('what is garbled is taken out and said, and holds up nobody', async () => {
    const { queue, taker, offer, running, garbled, settle } = world(2);
    queue.in(usual).push({ id: 'x', key: 'x', priority: 1, data: { rm: '-rf' }, taken: false });
    void offer('a');
    await settle();
    await taker.turn();
    expect(garbled).toEqual(['home']);
    expect([...running.keys()]).toEqual(['a']);
    expect(queue.in(usual)).toHaveLength(1);
  });

  test('an emptied queue lets go of what was offered within half a minute, so that it is offered again', async () => {
    const { queue, state, handOver, offer, settle } = world(1);
    const offered = offer('a');
    await settle();
    queue.empty();
    state.now = 29_000;
    await handOver.turn();
    expect(handOver.size).toBe(1);
    state.now = 30_000;
    await handOver.turn();
    expect(await offered).toBeUndefined();
    void offer('a');
    await settle();
    expect(queue.in(usual)).toHaveLength(1);
  });

  test('a queue that is away is said once, lets go of everything, and is used again when it is back and fit', async () => {
    const { queue, link, told, handOver, taker, offer, running, settle } = world(1);
    const offered = offer('a');
    await settle();
    await taker.turn();
    queue.isCut = true;
    running.get('a')!(made);
    await settle();
    await handOver.turn();
    expect(await offered).toBeUndefined();
    expect(await offer('b')).toBeUndefined();
    await link.look();
    expect(link.isAway).toBe(true);
    expect(told.map(why => why.map(({ code }) => code))).toEqual([['queue-away']]);
    queue.isCut = false;
    queue.answersServer = { eviction: 'allkeys-lru', persists: true, isFull: false };
    await link.look();
    await link.look();
    expect(link.isAway).toBe(true);
    queue.answersServer = { eviction: 'noeviction', persists: undefined, isFull: false };
    await link.look();
    expect(link.isAway).toBe(false);
    // What somebody has to see to is another thing by then.
    expect(told.map(why => why.map(({ code }) => code))).toEqual([['queue-away'], ['queue-evicts'], []]);
    // Nobody answered it: it is another's as soon as nobody keeps it.
    expect(queue.in(usual).map(({ data }) => (data as WakeUp).vm)).toEqual(['a']);
  });

  test('one that is not as it has to be at the start is told and away, or refused by who can not do without', async () => {
    const { queue, link, told } = world(1);
    queue.answersServer = { eviction: 'allkeys-lru', persists: true, isFull: false };
    await expect(link.begin(() => true)).rejects.toThrow(Failure);
    expect(await link.begin(() => false)).toEqual([]);
    expect(link.isAway).toBe(true);
    expect(told.map(why => why.map(({ code }) => code))).toEqual([['queue-evicts']]);
  });

  test('a mover that is cut off leaves the VMs to others, longer each time, until one succeeds', async () => {
    const { state, taker, offer, running, settle } = world(1);
    const unable: Handled = {
      answer: { result: 'failed', code: 'vsphere-unreachable', message: '' },
      unable: true,
    };
    const takes = async (vm: string, handled: Handled) => {
      void offer(vm);
      await settle();
      await taker.turn();
      const took = running.has(vm);
      running.get(vm)?.(handled);
      await settle();
      return took;
    };
    expect(await takes('a', unable)).toBe(true);
    expect(await takes('b', made)).toBe(false);
    state.now = 10_000;
    expect(await takes('b', unable)).toBe(true);
    state.now = 29_000;
    expect(await takes('c', made)).toBe(false);
    state.now = 30_000;
    expect(await takes('c', made)).toBe(true);
    expect(await takes('d', made)).toBe(true);
  });

  test('one that ends takes nothing any more, and waits for what runs', async () => {
    const { queue, taker, offer, running, settle } = world(2);
    void offer('a');
    await settle();
    await taker.turn();
    const ended = taker.end();
    void offer('b');
    await settle();
    await taker.turn();
    expect([...running.keys()]).toEqual(['a']);
    running.get('a')!(made);
    await ended;
    expect(queue.in(usual).map(({ data, taken }) => [(data as WakeUp).vm, taken])).toEqual([['b', false]]);
  });

  test('a cycle that rejects is told at the next turn and at the end, which waits for the others', async () => {
    const { taker, offer, running, settle } = world(2);
    void offer('a');
    void offer('b');
    await settle();
    await taker.turn();
    running.get('a')!(new Error('it broke down'));
    await settle();
    await expect(taker.turn()).rejects.toThrow('it broke down');
    let isOver = false;
    const ended = taker.end().finally(() => {
      isOver = true;
    });
    ended.catch(() => {});
    await settle();
    expect(isOver).toBe(false);
    running.get('b')!(made);
    await expect(ended).rejects.toThrow('it broke down');
  });
});
