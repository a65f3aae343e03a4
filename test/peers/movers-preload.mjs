/**
 * Loaded into each mover of the test: the clock that the test sets, this mover's own error of it, an address
 * that the test tells it by, and a host name of its own: whether a mover elsewhere is dead can't be told.
 * With MOVER_SLEEPS its sleeps end when that clock has passed them, though never before half a second has passed:
 * what is waited for besides takes real time. At SIGUSR2 it adds to the file MOVER_HEAP how much is in use.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import os from 'node:os';
import timers from 'node:timers/promises';

const { MOVER_CLOCK: file, MOVER_SKEW: skew = '0', MOVER_ADDRESS: address } = process.env;

os.hostname = () => `host-${address}`;
syncBuiltinESMExports();

const Real = Date;
let ahead = 0;
const look = () => {
  ahead = Number(readFileSync(file, 'utf8')) + Number(skew);
};
look();
setInterval(look, 50).unref();
globalThis.Date = class extends Real {
  constructor(...args) {
    if (args.length === 0) super(Real.now() + ahead);
    else super(...args);
  }
  static now() {
    return Real.now() + ahead;
  }
};

/** Sleeps that a jump of the clock ends. */
const sleepers = new Set();
const least = 500;
if (process.env.MOVER_SLEEPS) {
  const sleep = timers.setTimeout;
  timers.setTimeout = async (ms, value, { signal, ...options } = {}) => {
    const jumped = new AbortController();
    const sleeper = {
      until: Date.now() + ms,
      soonest: performance.now() + least,
      wake: () => jumped.abort(),
    };
    sleepers.add(sleeper);
    try {
      const either = AbortSignal.any([jumped.signal, ...(signal ? [signal] : [])]);
      return await sleep(ms, value, { ...options, signal: either });
    } catch (error) {
      if (signal?.aborted || !jumped.signal.aborted) throw error;
      return value;
    } finally {
      sleepers.delete(sleeper);
    }
  };
  syncBuiltinESMExports();
  setInterval(() => {
    for (const { until, soonest, wake } of sleepers)
      if (Date.now() >= until && performance.now() >= soonest) wake();
  }, 50).unref();
}

const { connect } = net.Socket.prototype;
// A copy: agents of HTTP keep the options, and know their sockets by them.
const here = options => (options?.host === '127.0.0.1' ? { ...options, localAddress: address } : options);
net.Socket.prototype.connect = function (first, ...rest) {
  if (Array.isArray(first)) first[0] = here(first[0]);
  return connect.call(this, Array.isArray(first) ? first : here(first), ...rest);
};
const { MOVER_HEAP: heap } = process.env;
if (heap)
  process.on('SIGUSR2', () => {
    globalThis.gc();
    appendFileSync(heap, `${process.memoryUsage().heapUsed}\n`);
  });
