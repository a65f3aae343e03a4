/**
 * What is behind a stream of zlib, which Node's own synchronous functions call in this way, too. Nothing that
 * is public does at once what a context is there for already: a stream takes its way over another thread.
 */
interface Inside {
  readonly errored: Error | null;
  on(event: 'error', listener: () => void): unknown;
  destroy(): unknown;
  _handle?: {
    writeSync?(
      flush: number,
      ...whole: [from: Buffer, at: number, length: number, into: Buffer, at: number, length: number]
    ): void;
  } | null;
  /** Bytes of room and of input that are left. */
  _writeState?: Uint32Array;
}

/**
 * Makes one frame of `from`, or what is in one, in `into`. Answers with its length, which is less than
 * `into` has; undefined where that didn't go: the room is too small, the bytes aren't what they should be,
 * what is made hasn't the `length` that is expected, or this Node is another one inside.
 */
export type InContext = (from: Buffer, into: Buffer, length?: number) => number | undefined;

/**
 * A context of zstd that is used again for each frame. Making one takes a third of the time of a block, and
 * as its memory is counted as the script's, the garbage collector looks at everything every few of them.
 * `make`: a stream of zlib, which nothing else is done with; called again after an error.
 */
export function inContext(flush: number, make: () => object): InContext {
  let stream: Inside | undefined;
  return (from, into, length) => {
    if (!stream) {
      stream = make() as Inside;
      // It is looked for below.
      stream.on('error', () => {});
    }
    const { _handle: handle, _writeState: left } = stream;
    if (!handle?.writeSync || !left) return undefined;
    handle.writeSync(flush, from, 0, from.length, into, 0, into.length);
    const made = into.length - left[0]!;
    const isWhole = left[0]! > 0 && left[1] === 0 && (length === undefined || made === length);
    if (stream.errored === null && isWhole) return made;
    // What comes next must not go on with this one.
    stream.destroy();
    stream = undefined;
    return undefined;
  };
}
