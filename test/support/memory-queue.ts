import { Failure, world } from '../../src/diagnostics/diagnostic.ts';
import type { Answered, QueueServer, WakeQueue } from '../../src/operation/queue/wake-queue.ts';
import type { Line } from '../../src/operation/queue/wake-up.ts';

interface Job {
  id: string;
  key: string;
  priority: number;
  data: unknown;
  taken: boolean;
}

/** A queue in memory, that a test may empty, cut off and look into. */
export class MemoryQueue {
  readonly jobs = new Map<string, Job[]>();
  readonly ended = new Map<string, Answered[]>();
  readonly limits = new Map<string, number>();
  isCut = false;
  answersServer: QueueServer = { eviction: 'noeviction', persists: true, isFull: false };
  #ids = 0;

  /** Everything that it ever held is gone. */
  empty(): void {
    for (const all of [this.jobs, this.ended, this.limits]) all.clear();
  }

  in(line: Line): Job[] {
    return listed(this.jobs, line);
  }

  port(): WakeQueue {
    const asking = async <T>(answer: () => T): Promise<T> => {
      if (this.isCut) throw new Failure(world('queue-away', 'the queue is away'));
      return answer();
    };
    return {
      server: () => asking(() => this.answersServer),
      add: (line, data, key, priority) =>
        asking(() => {
          const there = this.in(line).find(job => job.key === key);
          if (there) return there.id;
          const id = String(++this.#ids);
          this.in(line).push({ id, key, priority, data, taken: false });
          return id;
        }),
      answered: line => asking(() => [...listed(this.ended, line)]),
      has: (line, id) =>
        asking(() => [...this.in(line), ...listed(this.ended, line)].some(job => job.id === id)),
      limit: line => asking(() => this.limits.get(nameOf(line))),
      setLimit: (line, most) =>
        asking(() => {
          if (most === undefined) this.limits.delete(nameOf(line));
          else this.limits.set(nameOf(line), most);
        }),
      take: line =>
        asking(() => {
          const all = this.in(line);
          const most = this.limits.get(nameOf(line)) ?? Number.POSITIVE_INFINITY;
          if (all.filter(({ taken }) => taken).length >= most) return undefined;
          const [first] = all.filter(({ taken }) => !taken).sort((a, b) => a.priority - b.priority);
          if (!first) return undefined;
          first.taken = true;
          return {
            data: first.data,
            keep: () => asking(() => {}),
            answer: data =>
              asking(() => {
                this.jobs.set(
                  nameOf(line),
                  this.in(line).filter(job => job !== first),
                );
                listed(this.ended, line).unshift({ id: first.id, data });
              }),
          };
        }),
      close: async () => {},
    };
  }
}

const nameOf = ({ domain, lane }: Line): string => `${domain} ${lane}`;

function listed<T>(lists: Map<string, T[]>, line: Line): T[] {
  const name = nameOf(line);
  if (!lists.has(name)) lists.set(name, []);
  return lists.get(name)!;
}
