import type { WriteTotals } from '../../model/point-writer.ts';
import type { VmContext } from '../read/repository-context.ts';
import { putOnce } from './put-once.ts';

export type Step = (name: string) => Promise<void>;

/** One commit in the making: what its parts share. */
export interface Session {
  readonly context: VmContext;
  readonly generation: number;
  readonly totals: WriteTotals;
  /** Awaited, with the name of the step, before each write. */
  step: Step;
  /** Writes an object whose name is used once. */
  put(name: string, key: string, bytes: Buffer): Promise<void>;
}

export function session(context: VmContext, generation: number, step: Step): Session {
  const self: Session = {
    context,
    generation,
    totals: {
      blocks_stored: 0,
      bytes_stored: 0,
      bytes_packed: 0,
      blocks_healed: 0,
      blocks_reused: 0,
      bytes_reused: 0,
      bytes_uploaded: 0,
    },
    step,
    async put(name, key, bytes) {
      await self.step(name);
      await putOnce(context.store, key, bytes, { lock: context.lock?.() });
      self.totals.bytes_uploaded += bytes.length;
    },
  };
  return self;
}

export interface Uploads {
  /** Begins an upload. What it throws is thrown by the next `room` or `end`. */
  start(upload: () => Promise<void>): void;
  /** Whether another upload may begin, and none has failed. */
  hasRoom(): boolean;
  /** Waits until another upload may begin. */
  room(): Promise<void>;
  /** Waits until all are done. */
  end(): Promise<void>;
}

/** Up to `width` uploads run behind the writer's back, so that reading goes on meanwhile. */
export function uploads(width: number): Uploads {
  const running = new Set<Promise<void>>();
  let failed: { error: unknown } | undefined;
  const end = async () => {
    await Promise.all(running);
    if (failed) throw failed.error;
  };
  return {
    start(upload) {
      const job: Promise<void> = upload()
        .catch(error => {
          failed ??= { error };
        })
        .finally(() => running.delete(job));
      running.add(job);
    },
    hasRoom: () => running.size < width && failed === undefined,
    async room() {
      while (running.size >= width) await Promise.race(running);
      if (failed) await end();
    },
    end,
  };
}
