import { type Moref, readMoref } from './moref.ts';
import type { Session } from './soap-session.ts';

/** A property collector that one wait at a time may use: a second one would end the first. */
export interface Collector {
  readonly self: Moref;
  /** Of its newest answer; '' before the first. */
  version: string;
}

export interface Collectors {
  /** One that nobody waits on. */
  take(signal?: AbortSignal): Promise<Collector>;
  /** For others: whoever had it has all of its answers. It goes on watching what it was told to watch. */
  give(collector: Collector): Promise<void>;
  /** Something went wrong with it, so that nobody knows what it answers next. */
  discard(collector: Collector): Promise<void>;
}

interface Kept extends Collector {
  generation: number;
  /** What it was used for so far: each use leaves a filter behind, which ends with it or with the session. */
  uses: number;
}

/** A task that has ended changes no more; so many of them cost its server next to nothing. */
const mostUses = 16;

const known = new WeakMap<Session, Collectors>();

/**
 * Those of a session. The one that every session has comes first: to make one, and to end it, is a round trip
 * each, as is to take a filter off one.
 */
export function collectorsOf(session: Session): Collectors {
  const collectors = known.get(session) ?? create(session);
  known.set(session, collectors);
  return collectors;
}

function create(session: Session): Collectors {
  const kept = new Map<Moref, Kept>();
  let free: Kept[] = [];
  /** Login for which the session's own one was handed out. */
  let usual = 0;
  return {
    async take(signal) {
      const { generation } = session;
      free = free.filter(one => one.generation === generation);
      const ready = free.pop();
      if (ready) return ready;
      if (usual !== generation) {
        usual = generation;
        return keep(session.content.propertyCollector, generation);
      }
      const [made] = await session.invoke({
        method: 'CreatePropertyCollector',
        self: session.content.propertyCollector,
        signal,
      });
      return keep(readMoref(made, 'CreatePropertyCollector'), generation);
    },
    async give(collector) {
      const one = kept.get(collector.self);
      if (one && ++one.uses < mostUses) free.push(one);
      else await discard(collector);
    },
    discard,
  };

  async function discard({ self }: Collector): Promise<void> {
    kept.delete(self);
    if (self === session.content.propertyCollector) return;
    // Takes its filters along. It also ends with the session; what was waited for matters more.
    await session.invoke({ method: 'DestroyPropertyCollector', self }).catch(() => {});
  }

  function keep(self: Moref, generation: number): Kept {
    const one = { self, generation, version: '', uses: 0 };
    kept.set(self, one);
    return one;
  }
}
