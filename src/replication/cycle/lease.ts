import { blocked, Failure } from '../../diagnostics/diagnostic.ts';
import type { Clock } from '../../io/ports.ts';
import type { VmRepository } from '../repository.ts';
import type { Holder, Movers } from './movers.ts';

/** Milliseconds that a lease holds without a renewal. */
export const leaseTtl = 5 * 60_000;

/** The lease object of a VM. It stays after a release, so that epochs only ever grow. */
interface LeaseValue {
  lease: 1;
  epoch: number;
  holder: Holder;
  /** The intent: whose snapshot may be found at the source. */
  cycle: string;
  snapshot: string;
  /** Milliseconds since the epoch by the holder's clock; 0 once released. */
  expires: number;
}

export interface Lease {
  readonly epoch: number;
  readonly snapshotName: string;
  /** Aborts, with the Failure as reason, when the lease was lost. */
  readonly signal: AbortSignal;
  /** Proves that the lease is still held. @throws Failure `lease-lost` */
  renew(): Promise<void>;
  /** Ends the heartbeat, then, after `before`, gives the lease up; one that was lost is left alone. */
  release(before: () => Promise<void>): Promise<void>;
}

/**
 * Takes the lease of a VM by compare-and-swap, with the intent in it, and keeps it by a heartbeat on
 * the clock. `floor`: the highest epoch known from elsewhere (the head), for when the lease object is
 * gone. A wrong take-over because of clocks that disagree costs work, never content: the head only
 * moves from the ETag that was read under the lease.
 *
 * @throws Failure `lease-held` (blocked) naming holder and end.
 */
export async function takeLease(
  vm: VmRepository,
  options: { clock: Clock; holder: Holder; movers: Movers },
  floor: number,
  intent: (epoch: number) => { cycle: string; snapshot: string },
): Promise<Lease> {
  const { clock, holder, movers } = options;
  const found = await vm.lease.read();
  const before = found?.value as LeaseValue | undefined;
  if (before && before.expires > clock.now() && (await movers.isAlive(before.holder)) !== false)
    throw held(before);

  const epoch = Math.max(before?.epoch ?? 0, floor) + 1;
  let value: LeaseValue = { lease: 1, epoch, holder, ...intent(epoch), expires: clock.now() + leaseTtl };
  let etag = await write(vm, value, found?.etag);

  const lost = new AbortController();
  const stop = new AbortController();
  // One write at a time: the heartbeat and `renew` would else race against each other's ETag.
  let turn: Promise<void> = Promise.resolve();
  const renew = (expires: number): Promise<void> => {
    turn = turn
      .catch(() => {})
      .then(async () => {
        lost.signal.throwIfAborted();
        value = { ...value, expires };
        etag = await write(vm, value, etag);
      });
    return turn;
  };
  const beat = async (): Promise<void> => {
    while (!stop.signal.aborted && !lost.signal.aborted) {
      await clock.sleep(leaseTtl / 3, stop.signal);
      const good = value.expires;
      await renew(clock.now() + leaseTtl).catch(error => {
        // A store that fails for a moment is no loss yet; somebody else's lease is.
        if (isLost(error) || clock.now() >= good) lost.abort(error);
      });
    }
  };
  const beating = beat().catch(() => {});

  return {
    epoch,
    snapshotName: value.snapshot,
    signal: lost.signal,
    renew: () => renew(clock.now() + leaseTtl),
    async release(before) {
      stop.abort();
      await beating;
      await before();
      if (!lost.signal.aborted) await renew(0);
    },
  };
}

/**
 * Writes and, when the answer is a refusal or none, reads back: our own value there means that it was
 * our own write that went through.
 */
async function write(vm: VmRepository, value: LeaseValue, etag: string | undefined): Promise<string> {
  let problem: unknown;
  try {
    const result = await vm.lease.write(value, etag);
    if (result !== 'lost-race') return result.etag;
  } catch (error) {
    problem = error;
  }
  const now = await vm.lease.read();
  const there = now?.value as LeaseValue | undefined;
  if (
    now &&
    there?.holder.id === value.holder.id &&
    there.cycle === value.cycle &&
    there.expires === value.expires
  )
    return now.etag;
  throw problem ?? (there === undefined ? vanished(value) : held(there));
}

const isLost = (error: unknown): boolean =>
  error instanceof Failure && error.diagnostics.some(d => d.code === 'lease-held' || d.code === 'lease-lost');

const held = ({ holder, expires, snapshot }: LeaseValue): Failure =>
  new Failure(
    blocked(
      'lease-held',
      expires === 0
        ? `another cycle of this VM just ended (snapshot ${snapshot})`
        : `process ${holder.pid} on ${holder.host} is replicating this VM (snapshot ${snapshot}); its lease runs until ${new Date(expires).toISOString()} and is renewed while it works`,
      { hint: 'wait for it to end; a lease that is no longer renewed is taken over when its time is up' },
    ),
  );

const vanished = ({ snapshot }: LeaseValue): Failure =>
  new Failure(
    blocked(
      'lease-lost',
      `the lease of the cycle with snapshot ${snapshot} was removed from the repository`,
      {
        hint: 'run again; nothing that was written is visible',
      },
    ),
  );
