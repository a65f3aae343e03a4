import { join } from 'node:path';
import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import {
  isRunning,
  ownId,
  type ProcessId,
  type ProcessTable,
  processTable,
} from '../handles/process-table.ts';
import type { Host } from '../ports.ts';
import { refuseForeign } from '../refuse-foreign.ts';

export interface Lock {
  /** Somebody else had it first. */
  waited: boolean;
  release(): Promise<void>;
}

export interface LockOptions {
  host: Pick<Host, 'clock' | 'files' | 'random'>;
  /** Milliseconds to wait for a holder; 0 gives up at once. */
  timeout: number;
  signal?: AbortSignal;
  /** What to say when the holder (in words) keeps it: a blocked diagnostic. */
  refused: (holder: string) => Diagnostic;
  /** Default: this machine's. */
  table?: ProcessTable;
  /** Others may keep claims there as well, as in a store that several users write to. */
  shared?: true;
}

interface Claim extends ProcessId {
  since: string;
}

interface Held {
  claim: Claim;
  /** Path of the claim. */
  file: string;
  /** False: it is beyond what can be seen from here. */
  certain: boolean;
}

/**
 * Claims that this process holds: one of its own that isn't here was given up, though its file is there
 * still.
 */
const held = new Set<string>();

/** Between looks, ms; a collision of two newcomers is told apart by chance. */
const pause = 200;
const tries = 5;

/**
 * Takes the lock whose claims are in the folder `path`. Each process writes a claim of its own name and
 * then looks for others: two at once both see each other and back off, so never do both hold it. Names
 * are used once, hence a dead process's claim can be removed by anybody at any time. No manual step is
 * needed after a crash, unless the process belonged to another machine or container, which nobody can see
 * from here: the refusal then names its claim. Throws a Failure of `refused` after the timeout, and one
 * (given) for a folder that others can change; rejects with the signal's reason when aborted.
 */
export async function takeLock(path: string, options: LockOptions): Promise<Lock> {
  const { host, timeout, signal, refused, table = processTable, shared } = options;
  const deadline = host.clock.now() + timeout;
  await host.files.mkdir(path, { recursive: true, mode: 0o700 });
  if (!shared) await refuseForeign(host.files, [path]);
  let waited = false;
  // Neither `retry` nor `until`: one wait has a holder and ends by the clock, the other is chance between
  // newcomers.
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    let holder = await liveClaim(path, options, undefined);
    if (!holder) {
      const name = `${host.random.uuid()}.json`;
      const claim: Claim = {
        ...(await ownId(table)),
        since: new Date(host.clock.now()).toISOString(),
      };
      const file = join(path, name);
      const giveUp = () => {
        held.delete(file);
        return host.files.remove(file);
      };
      held.add(file);
      await host.files.writeAtomic(file, Buffer.from(JSON.stringify(claim)), { private: true });
      holder = await liveClaim(path, options, name);
      if (!holder) return { waited, release: giveUp };
      await giveUp();
      // Two newcomers met: chance decides who looks again first, also when there is no time to wait.
      if (attempt < tries) {
        await host.clock.sleep(host.random.bytes(1)[0]!, signal);
        continue;
      }
    }
    waited = true;
    if (host.clock.now() >= deadline) throw new Failure(refusal(holder, refused));
    await host.clock.sleep(Math.min(pause, deadline - host.clock.now()), signal);
  }
}

function refusal({ claim, file, certain }: Held, refused: LockOptions['refused']): Diagnostic {
  const { pid, host, since } = claim;
  const diagnostic = refused(`process ${pid} on ${host} since ${since}`);
  if (certain) return diagnostic;
  const way = `it can't be seen from here whether that process still runs: if it does not, remove ${file}`;
  return { ...diagnostic, hint: diagnostic.hint === undefined ? way : `${diagnostic.hint}; ${way}` };
}

/** Another live process's claim; those of dead ones are cleared away. */
async function liveClaim(
  path: string,
  { host, table = processTable }: LockOptions,
  own: string | undefined,
): Promise<Held | undefined> {
  for (const name of (await host.files.list(path)) ?? []) {
    if (name === own || !name.endsWith('.json')) continue;
    const file = join(path, name);
    const claim = parse(await host.files.read(file));
    if (claim === 'gone') continue;
    const alive = claim && (await isRunning(claim, table));
    const running = alive && claim.pid === table.pid ? held.has(file) : alive;
    if (claim && running !== false) return { claim, file, certain: running === true };
    await host.files.remove(file);
  }
  return undefined;
}

/** Undefined for a claim that can't be one: written whole or not at all, it was damaged later. */
function parse(bytes: Buffer | undefined): Claim | 'gone' | undefined {
  if (!bytes) return 'gone';
  try {
    const claim = JSON.parse(bytes.toString()) as Claim;
    return typeof claim.pid === 'number' && typeof claim.start === 'string' ? claim : undefined;
  } catch {
    return undefined;
  }
}
