import { type Diagnostic, inContext, together } from '../../diagnostics/diagnostic.ts';
import { elapsed } from '../../io/until.ts';
import { Limits, totalAtOnce } from '../call/limits.ts';
import type { Node, Walk } from '../graph/walk.ts';
import { type Allowed, spareChanges } from '../guard/guards.ts';
import type { Policy } from '../model/catalog.ts';
import type { Result } from '../model/events.ts';
import type { Plan } from '../model/plan.ts';
import type { Run } from '../model/run.ts';
import type { Surroundings } from '../model/subject.ts';
import { Dirty } from '../observe/dirty.ts';
import { diagnosticsOf } from '../observe/observe.ts';
import type { Decision } from '../plan/decide.ts';
import type { HostLock } from './host-lock.ts';

/** Waits for what is remote to be seen as it was changed, in ms: 15 s in all. */
export const slowConsistency = { attempts: 5, first: 1000 };

/** What the parts of one apply share. */
export interface Applying {
  run: Run;
  walk: Walk;
  limits: Limits;
  dirty: Dirty;
  host: HostLock;
  numbers: Record<string, number>;
  allow: Allowed;
  /** Milliseconds since the epoch: when what the plan rests on was observed. */
  planned: number;
  policy: Policy;
  /** How many changes that the plan doesn't have may still be made. */
  spare: number;
  /** What names in the plan are resolved by. */
  surroundings: Surroundings;
  /** What belongs to the run beside the results. */
  diagnostics: Diagnostic[];
  /** Ends a node's part in the run and lets its dependants go on. */
  finish(node: Node, result: Result, details?: Details): void;
}

/** A node with what has to be done to it. */
export interface Change {
  node: Node;
  decision: Decision;
}

export interface Details {
  note?: string;
  diagnostic?: Diagnostic;
  numbers?: Record<string, number>;
  started?: number;
}

export function begin(
  run: Run,
  plan: Plan,
  walk: Walk,
  allow: Allowed,
  surroundings: Surroundings,
  host: HostLock,
): Applying {
  const { clock } = run.world.host;
  const numbers: Record<string, number> = {};
  return {
    run,
    walk,
    numbers,
    allow,
    planned: plan.now === undefined ? clock.now() : Date.parse(plan.now),
    policy: plan.policy ?? {},
    spare: spareChanges(plan),
    surroundings,
    diagnostics: [],
    limits: new Limits(totalAtOnce),
    dirty: new Dirty(),
    host,
    finish(node, result, { note, diagnostic, numbers: added, started } = {}) {
      const { address } = node.planned;
      const action = node.became ?? node.planned.action;
      const isLeftOut = node.heldBack && (result === 'changed' || result === 'unchanged');
      const left = isLeftOut ? `${[...node.heldBack!].join(', ')} left as it is` : '';
      const said = node.became
        ? [`in sync until ${node.after!.join(', ')} changed`, note, left]
        : [note, left];
      const words = said.filter(Boolean).join(', ');
      for (const [name, value] of Object.entries(added ?? {})) numbers[name] = (numbers[name] ?? 0) + value;
      const common = {
        address,
        result,
        ...(words !== '' && { note: words }),
        ...(node.heldBack && { heldBack: [...node.heldBack] }),
        ...(diagnostic && { diagnostic: inContext(diagnostic, { address, at: node.planned.at }) }),
      };
      walk.finish(node, { ...common, action });
      const took = started === undefined ? 0 : elapsed(clock, started);
      if (result === 'unchanged' && action === 'none') return;
      run.emit({ type: 'finished', ...common, ...(added && { numbers: added }), took });
    },
  };
}

/** Whatever goes wrong in `work` is the node's failure, not the run's. */
export async function guarded(applying: Applying, node: Node, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    applying.finish(node, 'failed', { diagnostic: together(diagnosticsOf(error, node.subject)) });
  }
}
