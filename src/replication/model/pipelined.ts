/**
 * Starts up to `width` of the jobs ahead of the consumer and hands their results over in order.
 * When the consumer leaves early or a job fails, what is under way is awaited first, so that nothing
 * runs on behind the caller's back.
 */
export async function* pipelined<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  job: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const running: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const started = job(item);
      started.catch(() => {}); // its turn to be awaited comes later
      running.push(started);
      if (running.length >= width) yield await running.shift()!;
    }
    while (running.length > 0) yield await running.shift()!;
  } finally {
    await Promise.allSettled(running);
  }
}

/**
 * Hands each item to `work` while the next one is made: one at a time, in their order. What an item lends has
 * to be there until the next but one is asked for. When anything fails, what is under way is awaited first.
 */
export async function oneBehind<T>(items: AsyncIterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  let running = Promise.resolve();
  try {
    for await (const item of items) {
      await running;
      running = work(item);
      running.catch(() => {}); // its turn to be awaited comes later
    }
    await running;
  } finally {
    await Promise.allSettled([running]);
  }
}
