import { blocked, type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { byText } from '../model/canonical.ts';
import type { Address } from '../model/catalog.ts';
import type { Subject } from '../model/subject.ts';
import { fileOf } from '../model/type-bug.ts';
import { observe } from '../observe/observe.ts';
import { decide } from '../plan/decide.ts';
import { type Applying, slowConsistency as waits } from './applying.ts';

export interface Proof {
  pending: Address[];
  diagnostics: Diagnostic[];
}

/**
 * Observes and decides again what was changed and what lies in the same realms. What is still pending
 * names a type that isn't idempotent, or two resources that fight. Undefined when nothing was changed.
 */
export async function prove(applying: Applying): Promise<Proof | undefined> {
  const { run, walk, dirty } = applying;
  const nodes = [...walk.nodes.values()];
  if (!nodes.some(({ result }) => result?.result === 'changed' || result?.result === 'refreshed'))
    return undefined;
  const settled = nodes.filter(
    ({ result, subject }) =>
      dirty.isTouched(subject) &&
      (result?.result === 'changed' || result?.result === 'refreshed' || result?.result === 'unchanged'),
  );
  let left = settled.map(({ subject }) => subject);
  let diagnostics: Diagnostic[] = [];
  const unproved = await holdHostFor(applying, left);
  if (unproved) left = left.filter(subject => !isHere(subject));
  try {
    for (let wait = 0; ; wait++) {
      diagnostics = await observe(run, left);
      left = await pendingOf(applying, left);
      const worthWaiting = left.some(({ type }) => type.runs.on === 'remote');
      if (!worthWaiting || wait === waits.length) break;
      await run.world.host.clock.sleep(waits[wait]!, run.signal);
    }
  } catch (error) {
    if (run.signal.aborted) return undefined;
    throw error;
  }
  const pending = left.map(({ address }) => address).sort(byText);
  run.emit({ type: 'proved', empty: pending.length === 0, pending });
  return {
    pending,
    diagnostics: [
      ...(unproved ?? []),
      ...diagnostics,
      ...left.filter(isSeen(applying)).map(notConvergent(applying)),
    ],
  };
}

/** Undefined when the host is this run's to look at; else what is to be said of that. */
async function holdHostFor(
  { host }: Applying,
  subjects: readonly Subject[],
): Promise<Diagnostic[] | undefined> {
  const here = subjects.filter(isHere);
  if (here.length === 0) return undefined;
  try {
    await host.hold();
    return undefined;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const what = here.map(({ address }) => address).sort(byText);
    const text = `what was changed on this host was not looked at again, since another run has it by now: ${what.join(', ')}`;
    return [blocked('not-proved', text, { hint: 'plan again when that run is over' })];
  }
}

const isHere = ({ type }: Subject): boolean => type.runs.on === 'host';

async function pendingOf({ run }: Applying, subjects: readonly Subject[]): Promise<Subject[]> {
  const pending: Subject[] = [];
  for (const subject of subjects) {
    const decision = await decide(run, subject, run.observed.get(subject.address)!);
    if (decision.action !== 'none') pending.push(subject);
  }
  return pending;
}

const isSeen =
  ({ run }: Applying) =>
  (subject: Subject) =>
    run.observed.get(subject.address)?.state !== 'failed';

const notConvergent =
  ({ walk }: Applying) =>
  ({ address, type, declared }: Subject): Diagnostic => {
    const wasChanged = walk.nodes.get(address)?.result?.result !== 'unchanged';
    const message = wasChanged
      ? `\`${address}\` still differs after it was applied: the type \`${type.name}\`${fileOf(type)} didn't converge`
      : `\`${address}\` of the type \`${type.name}\` was in sync and differs now: something in this run changed it`;
    return world('not-convergent', message, {
      address,
      at: declared.at,
      hint: wasChanged
        ? 'something else changes it, or what was declared can never be reached; `converge plan` shows what differs'
        : 'two resources may manage one thing; `converge plan` shows what differs',
    });
  };
