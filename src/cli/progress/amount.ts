import type { Progress } from '../../engine/model/io.ts';
import { bytes, duration } from '../../io/units.ts';

/** Milliseconds over which a rate is taken: long enough not to jump, short enough to follow. */
const window = 30_000;
/** A rate of the first moments says nothing yet. */
const settled = 2_000;

interface Mark {
  at: number;
  done: number;
}

/**
 * How far something is: `45 %, 1.2 GiB of 2.7 GiB, 88.0 MiB/s, 17.5 s left`, with as much of it as is known.
 * @param now the clock, ms
 */
export function amounts(now: () => number): (key: string, progress: Progress) => string {
  const marks = new Map<string, Mark[]>();
  return (key, { done, total }) => {
    if (done === undefined) return '';
    const at = now();
    const known = (marks.get(key) ?? []).filter(mark => mark.at >= at - window && mark.done <= done);
    marks.set(key, [...known, { at, done }]);
    const first = known[0];
    const rate = first && at - first.at >= settled ? (done - first.done) / (at - first.at) : 0;
    const share = total ? [`${Math.min(100, Math.floor((100 * done) / total))} %`] : [];
    const size = total ? `${bytes(done)} of ${bytes(total)}` : bytes(done);
    const speed = rate > 0 ? [`${bytes(Math.round(rate * 1000))}/s`] : [];
    const left = rate > 0 && total && total > done ? [`${duration((total - done) / rate)} left`] : [];
    return [...share, size, ...speed, ...left].join(', ');
  };
}
