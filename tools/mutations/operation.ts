import type { Mutation } from './mutation.ts';

const lease = 'test/replication/cycle/lease.test.ts';
const queue = 'test/operation/queue.test.ts';
const telling = 'test/app/telling.test.ts';

/** What keeps movers from each other's way, and what they tell from being wrong. */
export const ofOperation: readonly Mutation[] = [
  {
    guard: "leases are judged by the store's clock, whatever a mover's own says",
    file: 'src/replication/model/store.ts',
    from: 'now: () => clock.now() + (store.clockAhead?.() ?? 0),',
    to: 'now: () => clock.now(),',
    test: [
      lease,
      "the lease > of a mover whose clock is ten minutes ahead of the store's is judged by the store's clock",
    ],
  },
  {
    guard: 'a lease that another took meanwhile is held, whatever became of the own write',
    file: 'src/replication/cycle/lease.ts',
    from: 'throw elsewhere(there, now?.etag === from ? problem : undefined);',
    to: 'throw elsewhere(there, problem);',
    test: [
      lease,
      'the lease > that another took while the answer was lost is told as held, and not as an outage',
    ],
  },
  {
    guard: 'a mover that is cut off leaves the VMs to others',
    file: 'src/operation/queue/taker.ts',
    from: 'if (this.#isResting(line.domain)) return false;',
    to: '',
    test: [
      queue,
      'an agent and a mover > a mover that is cut off leaves the VMs to others, longer each time, until one succeeds',
    ],
  },
  {
    guard: 'what is garbled in the queue is not a wake-up',
    file: 'src/operation/queue/taker.ts',
    from: "      this.#ports.garbled(line.domain);\n      await this.#link.use(() => taken.answer({ result: 'declined' }));\n      return true;",
    to: '      return true;',
    test: [queue, 'an agent and a mover > what is garbled is taken out and said, and holds up nobody'],
  },
  {
    guard: 'long cycles have a quarter of the slots',
    file: 'src/operation/queue/taker.ts',
    from: 'if (!isLong && this.#long >= longSlots(this.#slots)) return false;',
    to: '',
    test: [
      queue,
      'an agent and a mover > long cycles get a quarter of the slots, also one that only turns out to be long',
    ],
  },
  {
    guard: 'each cycle whose beginning was told is told to have ended',
    file: 'src/app/operation/agent/telling.ts',
    from: 'this.#hear({ type: ',
    to: 'if (tells) this.#hear({ type: ',
    test: [telling, 'every cycle that began is told to have ended, and what was told before is marked'],
  },
];
