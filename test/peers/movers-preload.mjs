/**
 * Loaded into each mover of the test: the clock that the test sets, this mover's own error of it, an address
 * that the test tells it by, and a host name of its own: whether a mover elsewhere is dead can't be told.
 */
import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import os from 'node:os';

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

const { connect } = net.Socket.prototype;
// A copy: agents of HTTP keep the options, and know their sockets by them.
const here = options => (options?.host === '127.0.0.1' ? { ...options, localAddress: address } : options);
net.Socket.prototype.connect = function (first, ...rest) {
  if (Array.isArray(first)) first[0] = here(first[0]);
  return connect.call(this, Array.isArray(first) ? first : here(first), ...rest);
};
