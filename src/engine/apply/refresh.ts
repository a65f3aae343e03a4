import { retry } from '../../io/retry.ts';
import { callFor, within } from '../call/call-in-time.ts';
import { type Handed, leakOf } from '../call/leaks.ts';
import { writeIo } from '../call/make-io.ts';
import type { Node } from '../graph/walk.ts';
import { owe, owedTo, settle } from '../memory/owed-refreshes.ts';
import type { Outcome } from '../model/resource-type.ts';
import type { Decision } from '../plan/decide.ts';
import { type Applying, guarded } from './applying.ts';
import { failedCall, soundOutcome } from './outcome.ts';
import { mayPass, policyOf } from './resource-retry.ts';

/**
 * The last part of a node: refreshes it once when something that notifies it has changed, in this run
 * or in one that didn't get that far, and finishes it. What was created just now is fresh.
 */
export function refreshIfNotified(applying: Applying, node: Node, decision?: Decision): Promise<void> {
  return guarded(applying, node, () => refreshNode(applying, node, decision));
}

async function refreshNode(applying: Applying, node: Node, decision: Decision | undefined): Promise<void> {
  const { run, walk, finish } = applying;
  const { subject, planned, done } = node;
  const owed = walk.notifiersOf(node).length > 0 || owedTo(run, subject).length > 0;
  const wanted = owed && subject.type.refresh && !subject.absent && !planned.noop;
  if (!wanted || isFreshAlready(node, decision)) {
    if (wanted) await settle(run, planned.address);
    return finish(node, done ? 'changed' : 'unchanged', done);
  }
  if (run.signal.aborted)
    return finish(node, done ? 'changed' : 'skipped', { ...done, note: 'interrupted, its refresh is owed' });
  const started = done?.started ?? run.world.host.clock.now();
  if (!done) run.emit({ type: 'started', address: planned.address, action: 'refresh' });
  const { realm, type } = subject;
  const refreshOnce = () =>
    applying.limits.run(realm, Math.max(1, type.realm.concurrency), () => callRefresh(applying, node));
  const { clock } = run.world.host;
  const isNotYet = (outcome: Outcome) => mayPass(subject, outcome);
  // Interrupted while it waits: it failed, and its refresh stays owed.
  const outcome = await retry(policyOf(subject), { clock, closed: run.signal, isNotYet }, refreshOnce);
  if (!outcome.ok) return finish(node, 'failed', { diagnostic: outcome.diagnostic, started });
  await settle(run, planned.address);
  const note = [done?.note, outcome.note].filter(Boolean).join(', ');
  finish(node, done ? 'changed' : 'refreshed', {
    started,
    ...(note !== '' && { note }),
    numbers: { ...done?.numbers, ...outcome.numbers },
  });
}

const isFreshAlready = ({ subject, done }: Node, decision: Decision | undefined): boolean =>
  done !== undefined && (decision?.action === 'create' || subject.type.applyRefreshes === true);

async function callRefresh({ run, dirty, walk, diagnostics }: Applying, node: Node): Promise<Outcome> {
  const { subject, planned } = node;
  const { address } = planned;
  const handed: Handed = new Map();
  try {
    await owe(run, address, walk.receiversOf(node));
    const { value, late } = await within(run, callFor('refresh', [subject]), signal =>
      subject.type.refresh!(
        subject.asked,
        writeIo(run, subject, signal, progress => run.emit({ type: 'progress', address, progress }), handed),
      ),
    );
    const outcome = soundOutcome(value, subject, late);
    const leak = leakOf(outcome, handed, subject.type, subject.id);
    if (leak) diagnostics.push({ ...leak, address, at: subject.declared.at });
    return outcome;
  } catch (error) {
    return failedCall(error, subject);
  } finally {
    dirty.wrote(subject);
  }
}
