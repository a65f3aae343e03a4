import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import { callFor, callKey, within } from '../call/call-in-time.ts';
import { type Handed, leakOf } from '../call/leaks.ts';
import { writeIo } from '../call/make-io.ts';
import { rememberSecrets } from '../call/secrets.ts';
import type { Node } from '../graph/walk.ts';
import { owe, settle } from '../memory/owed-refreshes.ts';
import type { Progress } from '../model/io.ts';
import type { TakenLock } from '../model/locks.ts';
import type { Outcome, Step } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import { identityOf } from '../model/targets.ts';
import { observe } from '../observe/observe.ts';
import { type Applying, type Change, guarded } from './applying.ts';
import { decideNode } from './decide-node.ts';
import { permitted } from './hold-back.ts';
import { isRestOf, stillAsShown } from './meanwhile.ts';
import { failedCall, interrupted, soundOutcome } from './outcome.ts';
import { refreshIfNotified } from './refresh.ts';
import { triesLeft, waitBefore } from './resource-retry.ts';

/** Of a step whose type doesn't say more. */
const cutShort = 'cut short; the next run looks at what is there and goes on from that';

/**
 * Changes of a realm of this host that takes one writer go to the type in one call (one DISM call, one appcmd
 * session); others in a call each, as many at once as the realm allows. An object that lives elsewhere is
 * changed under its own lock.
 */
export async function changeAll(applying: Applying, changes: readonly Change[]): Promise<void> {
  const calls = Object.values(
    Object.groupBy(changes, ({ node: { subject } }) =>
      subject.type.realm.concurrency === 1 && subject.type.runs.on === 'host'
        ? callKey(subject)
        : `${subject.batch}\n${subject.address}`,
    ),
  ) as Change[][];
  await Promise.all(
    calls.map(async call => {
      const { realm, type } = call[0]!.node.subject;
      await applying.limits.run(realm, Math.max(1, type.realm.concurrency), () =>
        locked(applying, call, changes => changeCall(applying, changes)),
      );
      const changed = call.filter(({ node }) => node.done && !node.result);
      await Promise.all(changed.map(({ node, decision }) => refreshIfNotified(applying, node, decision)));
    }),
  );
}

/**
 * With the lock of the object, for what lives elsewhere; what others did to it meanwhile is looked at first.
 */
async function locked(
  applying: Applying,
  call: readonly Change[],
  work: (changes: readonly Change[]) => Promise<void>,
): Promise<void> {
  const { run, finish } = applying;
  const { node } = call[0]!;
  const { subject } = node;
  if (subject.type.runs.on === 'host') return work(call);
  let taken: TakenLock | undefined;
  try {
    const target = subject.target ? await identityOf(run, subject.target) : subject.type.runs.target;
    taken = await run.world.locks?.take({ target, type: subject.type.name, id: subject.id }, run.signal);
  } catch (error) {
    // Interrupted: it never began.
    if (run.signal.aborted) return;
    if (!(error instanceof Failure)) throw error;
    return finish(node, 'blocked', { diagnostic: error.diagnostics[0]! });
  }
  try {
    const wanted = await wantedStill(applying, call[0]!, taken?.waited ?? false);
    if (wanted) await work([wanted]);
  } catch (error) {
    // Looked at again, and interrupted: it never began.
    if (!run.signal.aborted) throw error;
  } finally {
    await taken?.release();
  }
}

/**
 * What is to be done now that the object's lock is held. Undefined when nothing is, and then it's finished.
 */
async function wantedStill(applying: Applying, change: Change, waited: boolean): Promise<Change | undefined> {
  const { run, dirty, finish } = applying;
  const { subject } = change.node;
  if (!subject.type.leased) return stillAsShown(applying, change);
  // The lease keeps other machines out, and what is done goes by what is seen under it.
  if (!waited) return change;
  dirty.seeing([subject]);
  await observe(run, [subject]);
  // What the other run has done by now is its own change.
  const [left] = await stillToDo(applying, [change], node => finish(node, 'unchanged'));
  return left && permitted(applying, left);
}

async function changeCall(applying: Applying, changes: readonly Change[]): Promise<void> {
  const { run } = applying;
  // Waiting for a place in the realm may have taken hours.
  if (run.signal.aborted) return;
  const started = run.world.host.clock.now();
  for (const { node, decision } of changes) {
    run.emit({ type: 'started', address: node.planned.address, action: decision.action });
  }
  let todo = [...changes];
  for (let attempt = 1; todo.length > 0; attempt++) {
    const outcomes = await callApply(applying, todo);
    const again: Change[] = [];
    for (const change of todo) {
      const outcome = outcomes.get(change.node.subject.address)!;
      if (triesLeft(change.node.subject, outcome, attempt) && !run.signal.aborted) again.push(change);
      else await guarded(applying, change.node, () => conclude(applying, change, outcome, started));
    }
    todo = again.length > 0 ? await lookAgain(applying, again, attempt, started) : [];
  }
}

async function callApply(applying: Applying, changes: readonly Change[]): Promise<Map<string, Outcome>> {
  const { run, dirty, walk } = applying;
  const { subject } = changes[0]!.node;
  const addresses = changes.map(({ node }) => node.planned.address);
  const onProgress = (progress: Progress) => {
    for (const address of addresses) run.emit({ type: 'progress', address, progress });
  };
  const handed: Handed = new Map();
  let outcomes: Map<string, Outcome>;
  let late: Diagnostic | undefined;
  try {
    for (const { node } of changes) await owe(run, node.planned.address, walk.receiversOf(node));
    const subjects = changes.map(({ node }) => node.subject);
    const answer = await within(run, callFor('apply', subjects), signal =>
      subject.type.apply(
        changes.map(change => stepOf(run, change, signal)),
        writeIo(run, subject, signal, onProgress, handed),
      ),
    );
    outcomes = answer.value;
    late = answer.late;
    if (!(outcomes instanceof Map)) throw new TypeError('apply must answer with a Map');
  } catch (error) {
    const outcome = run.signal.aborted
      ? ({ ok: false, diagnostic: interrupted(cutShort), retry: 'never', undone: false } as const)
      : failedCall(error, subject);
    outcomes = new Map(changes.map(({ node }) => [node.subject.id, outcome]));
  }
  for (const { node } of changes) dirty.wrote(node.subject);
  return new Map(
    changes.map(({ node: { subject: one } }) => {
      const outcome = soundOutcome(outcomes.get(one.id), one, late);
      const leak = leakOf(outcome, handed, one.type, one.id);
      if (leak) applying.diagnostics.push({ ...leak, address: one.address, at: one.declared.at });
      return [one.address, outcome];
    }),
  );
}

function stepOf(
  { observed }: Run,
  { node: { subject }, decision }: Change,
  signal: AbortSignal,
): Step<unknown, object> {
  const seen = observed.get(subject.address);
  const revision = seen?.state === 'present' || seen?.state === 'absent' ? seen.revision : undefined;
  const common = {
    id: subject.id,
    asked: subject.asked,
    signal,
    ...(revision !== undefined && { revision }),
  };
  const { is, should, fields } = decision;
  if (decision.action === 'delete') return { ...common, kind: 'delete', is: is! };
  if (decision.action === 'update') return { ...common, kind: 'update', is: is!, should, fields };
  return { ...common, kind: 'create', should };
}

async function conclude(
  applying: Applying,
  { node, decision }: Change,
  outcome: Outcome,
  started: number,
): Promise<void> {
  const { run, walk, finish } = applying;
  if (!outcome.ok) {
    if (outcome.undone) {
      for (const receiver of walk.receiversOf(node)) await settle(run, receiver, node.planned.address);
    }
    const { diagnostic } = outcome;
    if (run.signal.aborted && diagnostic.code === 'interrupted')
      finish(node, 'interrupted', { note: diagnostic.message, started });
    else finish(node, 'failed', { diagnostic, started });
    return;
  }
  if (decision.action !== 'delete') await rememberSecrets(run, node.subject, decision.should);
  const note =
    outcome.reboot === 'pending'
      ? [outcome.note, 'a reboot is pending'].filter(Boolean).join(', ')
      : outcome.note;
  if (decision.action === 'create') node.created = true;
  node.done = {
    ...(note !== undefined && { note }),
    ...(outcome.numbers && { numbers: outcome.numbers }),
    started,
  };
}

/** Waits, observes again, and keeps what is still to do. What came right by itself counts as changed. */
async function lookAgain(
  applying: Applying,
  changes: Change[],
  attempt: number,
  started: number,
): Promise<Change[]> {
  const { run, dirty, finish } = applying;
  const subjects = changes.map(({ node }) => node.subject);
  try {
    await run.world.host.clock.sleep(Math.max(...subjects.map(waitBefore(attempt))), run.signal);
    dirty.seeing(subjects);
    await observe(run, subjects);
  } catch {
    const note = 'it had failed, and waited to be tried again';
    for (const { node } of changes) finish(node, 'interrupted', { note, started });
    return [];
  }
  const left = await stillToDo(applying, changes, node => {
    node.done = { started };
  });
  return left.filter(({ node, decision }) => {
    const tried = changes.find(change => change.node === node)!.decision;
    return node.subject.type.runs.on === 'host' || isRestOf(applying, { node, decision }, tried, started);
  });
}

/**
 * What has just been observed is decided anew; what is finished by that, in whatever way, is not in the
 * answer.
 */
async function stillToDo(
  { run, finish }: Applying,
  changes: readonly Change[],
  settled: (node: Node) => void,
): Promise<Change[]> {
  const started = run.world.host.clock.now();
  const left: Change[] = [];
  for (const { node } of changes) {
    const observation = run.observed.get(node.subject.address)!;
    const decision = await decideNode(run, node);
    if (observation.state === 'failed')
      finish(node, 'failed', { diagnostic: observation.diagnostic, started });
    else if (decision.action === 'failed')
      finish(node, 'failed', { diagnostic: decision.diagnostic!, started });
    else if (decision.action === 'none') settled(node);
    else left.push({ node, decision });
  }
  return left;
}
