import { type Diagnostic, world } from '../../diagnostics/diagnostic.ts';
import type { Node } from '../graph/walk.ts';
import { without } from '../guard/apart.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Run } from '../model/run.ts';
import type { Subject } from '../model/subject.ts';
import { observe } from '../observe/observe.ts';
import type { Decision } from '../plan/decide.ts';
import { fingerprint } from '../plan/planner.ts';
import type { Applying, Change } from './applying.ts';
import { decideNode } from './decide-node.ts';

/**
 * Looks at an object that lives elsewhere once more right before it is changed, for nothing keeps other
 * machines from changing it. The change is in the answer when it is still the one that was shown; a delete
 * only when all that was seen of the object is still so. Otherwise the node is finished: as unchanged when
 * nothing is left to do, else as failed.
 */
export async function stillAsShown(applying: Applying, change: Change): Promise<Change | undefined> {
  const { run, dirty, finish } = applying;
  const { node } = change;
  const { subject } = node;
  const shown = shownOf(run, change);
  dirty.seeing([subject]);
  await observe(run, [subject]);
  const now = run.observed.get(subject.address)!;
  if (now.state === 'failed') {
    finish(node, 'failed', { diagnostic: now.diagnostic });
    return undefined;
  }
  const isSame = fingerprint(now) === shown.fingerprint;
  const decision = isSame && !isPlanned(node) ? change.decision : await decideNode(run, node);
  if (decision.action === 'none') {
    finish(node, 'unchanged', { note: 'somebody else has done it since it was planned' });
    return undefined;
  }
  if (decision.diagnostic) {
    finish(node, 'failed', { diagnostic: decision.diagnostic });
    return undefined;
  }
  const isOther = now.object !== shown.object;
  if (!isOther && (isSame || decision.action !== 'delete') && wordOf(run, decision) === shown.word)
    return { node, decision };
  finish(node, 'failed', { diagnostic: changedMeanwhile(subject, { isOther }) });
  return undefined;
}

/**
 * Whether what is to be done after a try that failed is what is left of it. What else somebody made necessary
 * meanwhile was never shown: then the node is finished as failed.
 */
export function isRestOf(
  { run, finish }: Applying,
  { node, decision }: Change,
  tried: Decision,
  started: number,
): boolean {
  const shown = new Set(tried.fields.map(field => wordOf(run, { ...tried, fields: [field] })));
  const isRest =
    node.subject.type.leased ||
    // What a creation has made so far needs the rest of it.
    (tried.action === 'create' && decision.action !== 'delete') ||
    (decision.action === tried.action &&
      decision.fields.every(field => shown.has(wordOf(run, { ...tried, fields: [field] }))));
  if (!isRest)
    finish(node, 'failed', { diagnostic: changedMeanwhile(node.subject, { isOther: false }), started });
  return isRest;
}

interface Shown {
  word: string;
  fingerprint: string;
  object: string | undefined;
}

/**
 * What the user saw; where it follows from what this very run has changed, what was seen and decided after
 * that.
 */
function shownOf(run: Run, { node, decision }: Change): Shown {
  const { planned, subject } = node;
  if (isPlanned(node))
    return { word: wordOf(run, shownLeft(node)), fingerprint: planned.fingerprint, object: planned.object };
  const seen = run.observed.get(subject.address)!;
  return { word: wordOf(run, decision), fingerprint: fingerprint(seen), object: seen.object };
}

/** The plan's change without what a guard leaves as it is. */
const shownLeft = ({ planned: { action, fields }, heldBack = new Set() }: Node) => ({
  action,
  fields: without(heldBack, fields),
});

/**
 * The plan says the whole difference, and nothing that the resource depends on has changed since in this run.
 */
const isPlanned = ({ planned: { action, fields }, after = [] }: Node): boolean =>
  after.length === 0 &&
  (action === 'create' || action === 'update' || action === 'delete') &&
  fields.every(({ reason }) => reason === undefined);

/** A difference in one spelling, secrets left out as a plan leaves them out. */
const wordOf = (
  run: Run,
  { action, fields }: Pick<Change['decision'], 'fields'> & { action: string },
): string =>
  canonicalJson(
    run.redactor.value({
      action,
      fields: fields.map(({ path, before, after }) => ({ path, before, after })),
    }),
  );

function changedMeanwhile({ address, declared }: Subject, { isOther }: { isOther: boolean }): Diagnostic {
  const what = isOther
    ? 'is another object than when it was planned: somebody else has replaced it'
    : 'was changed by somebody else since it was planned';
  return world('changed-meanwhile', `\`${address}\` ${what}; it is left as it is`, {
    address,
    at: declared.at,
    hint: 'run again: the new plan shows what differs now',
  });
}
