import { Failure, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { again, until } from '../../io/until.ts';
import { malformed, safeInteger } from '../http/malformed.ts';
import { explain, faultFailure, readLocalizedFault } from '../soap/faults.ts';
import { type Moref, readMoref } from '../soap/moref.ts';
import { readObject } from '../soap/property-collector.ts';
import type { Session } from '../soap/soap-session.ts';
import { childrenNamed, textAt } from '../soap/xml.ts';
import { el } from '../soap/xml-writer.ts';

/** Where one device's content is taken. */
export interface DeviceUrl {
  /** By the names of the import specification: `/web01/ParaVirtualSCSIController0:0`. */
  importKey: string;
  url: string;
  /** SHA-1 of the certificate there; empty: that of the server itself. */
  thumbprint: string;
}

/** An HttpNfcLease that is ready: it ends, and what was made with it, unless it hears from us. */
export interface Lease {
  /** The machine. */
  readonly entity: Moref;
  /** Of disks, in the order of the server. */
  readonly disks: readonly DeviceUrl[];
  /** Fires with the reason when the server has ended it. */
  readonly gone: AbortSignal;
  /** In per cent; told with the next word to the server. */
  progress(percent: number): void;
  complete(): Promise<void>;
  /** Rejects never: one that can't be ended so ends by itself. */
  abort(): Promise<void>;
}

/** Milliseconds that a server has for making a machine without content. */
const readyWithin = 10 * 60_000;
/** Longest time between two words to the server, ms. */
const longestSilence = 60_000;

/**
 * Waits until a lease is ready, and keeps it alive from then on. One that isn't ready in time is aborted.
 *
 * @param doing completes "vSphere refused to ..."
 * @throws Failure `vsphere-fault`, `waited-too-long`
 */
export async function heldLease(
  session: Session,
  self: Moref,
  doing: string,
  signal?: AbortSignal,
): Promise<Lease> {
  const call = (method: string, args: ReturnType<typeof el>[] = []) => session.query({ method, self, args });
  const abort = async () => void (await call('HttpNfcLeaseAbort').catch(() => {}));
  const info = await until(session.clock, () => look(session, self, doing, signal), {
    every: 1_000,
    atMost: readyWithin,
    what: `vSphere to ${doing}`,
    ...(signal && { signal }),
  }).catch(async error => {
    await abort();
    throw error;
  });
  const ended = new AbortController();
  const gone = new AbortController();
  let percent = 0;
  const every = Math.min(longestSilence, Math.max(1_000, info.timeout / 4));
  const speaking = again(session.clock, every, ended.signal, async () => {
    await call('HttpNfcLeaseProgress', [el('percent', Math.floor(percent))]);
  }).catch(cause => gone.abort(lost(doing, cause)));
  const end = async () => {
    ended.abort(new Error('the lease is ended'));
    await speaking;
  };
  return {
    entity: info.entity,
    disks: info.disks,
    gone: gone.signal,
    progress: now => {
      percent = now;
    },
    complete: async () => {
      await end();
      await explain(doing, () => call('HttpNfcLeaseComplete'));
    },
    abort: async () => {
      await end();
      await abort();
    },
  };
}

interface LeaseInfo {
  entity: Moref;
  disks: DeviceUrl[];
  /** Milliseconds. */
  timeout: number;
}

/** Undefined while it isn't ready yet. */
async function look(
  session: Session,
  self: Moref,
  doing: string,
  signal?: AbortSignal,
): Promise<LeaseInfo | undefined> {
  const seen = await explain(doing, () => readObject(session, self, ['state', 'error', 'info'], signal));
  const state = seen.get('state')?.text;
  if (state === 'error') {
    const error = seen.get('error');
    throw error
      ? faultFailure(readLocalizedFault(error), doing)
      : malformed(doing, 'the lease failed without a fault');
  }
  const info = seen.get('info');
  if (state !== 'ready' || !info) return undefined;
  const seconds = safeInteger(textAt(info, 'leaseTimeout') ?? '300', 'HttpNfcLease.info', 'leaseTimeout');
  return {
    entity: readMoref(
      info.children.find(({ name }) => name === 'entity'),
      'HttpNfcLease.info',
    ),
    disks: childrenNamed(info, 'deviceUrl')
      .filter(one => textAt(one, 'disk') !== 'false')
      .map(one => ({
        importKey: textAt(one, 'importKey') ?? '',
        url: textAt(one, 'url') ?? '',
        thumbprint: textAt(one, 'sslThumbprint') ?? '',
      })),
    timeout: seconds * 1000,
  };
}

const lost = (doing: string, cause: unknown): Failure =>
  new Failure(
    world(
      'import-lost',
      own`vSphere ended the lease that it was to ${doing} with: ${cause instanceof Error ? cause.message : String(cause)}`,
      { hint: own`Run again: what was half made goes by itself, and it is made anew.` },
    ),
    { cause },
  );
