/** Bytes per second at the least, of whoever is well. */
const slowest = 1024;

/**
 * Ends with `ETIMEDOUT` what has gone on for `ms`, and for a second more for each KiB that has moved: whoever
 * sends a byte now and then is never silent, and would hold a call for as long as he likes.
 *
 * @param moved bytes, of all that has come or gone of it so far
 * @returns takes that back
 */
export function endSlow(end: (error: Error) => void, ms: number, moved: () => number): () => void {
  let granted = ms;
  const look = () => {
    const due = ms + (moved() / slowest) * 1000;
    if (due <= granted)
      return end(Object.assign(new Error('what came was too little'), { code: 'ETIMEDOUT' }));
    timer = setTimeout(look, due - granted);
    granted = due;
  };
  let timer = setTimeout(look, ms);
  return () => clearTimeout(timer);
}

interface Counted {
  bytesRead: number;
  bytesWritten: number;
}

/** What moves on a connection from now on, which may have served others before. */
export function movedOn(socket: Counted): () => number {
  const sum = () => socket.bytesRead + socket.bytesWritten;
  const before = sum();
  return () => sum() - before;
}
