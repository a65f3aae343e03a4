import type { Readable } from 'node:stream';

/** What arrives on a connection, read piece by piece by one reader. */
export interface Incoming {
  /** The next `length` bytes. Rejects with `ConnectionEnded` when they don't come any more. */
  take(length: number): Promise<Buffer>;
  /** The next bytes, as many as `target` has, copied straight into it. */
  fill(target: Buffer): Promise<void>;
}

/** The other side closed the connection, or it broke, before all that was due had come. */
export class ConnectionEnded extends Error {}

export function incoming(stream: Readable): Incoming {
  const pieces = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  const fill = async (target: Buffer) => {
    for (let done = 0; done < target.length; ) {
      if (rest.length === 0) rest = await next();
      const copied = rest.copy(target, done);
      rest = rest.subarray(copied);
      done += copied;
    }
  };
  const next = async () => {
    const { done, value } = await pieces.next().catch(cause => {
      throw new ConnectionEnded('the connection broke', { cause });
    });
    if (done) throw new ConnectionEnded('the connection was closed');
    return value;
  };
  return {
    fill,
    take: async length => {
      const bytes = Buffer.allocUnsafe(length);
      await fill(bytes);
      return bytes;
    },
  };
}
