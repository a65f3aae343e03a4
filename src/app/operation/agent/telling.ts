import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import type { Context } from '../../app-context.ts';
import type { Session } from '../../session/open-session.ts';
import type { HeldBack } from '../declared/take-up.ts';
import type { Moved } from './move-duty.ts';
import type { JobDone } from './slow-jobs.ts';

/** What an agent tells as it goes on; each thing once while it lasts. */
export type Heard =
  /** It begins: how many VMs it looks after, and when the first is due. */
  | { type: 'begins'; vms: number; slots: number; now: number; next: number | undefined }
  /** A cycle begins; `cycle` is its id, here and in the history. */
  | { type: 'moves'; cycle: string; vm: string; address: string }
  /** What came of it. `again`: the cycle before it ended with the very same problem. */
  | { type: 'moved'; cycle: string; moved: Moved; again: boolean }
  /** What could not be seen. */
  | { type: 'unseen'; diagnostics: Diagnostic[] }
  /** Manifests can't be used: the agent goes by the last that could. `isEnd`: it knows of none. */
  | { type: 'broken'; diagnostics: Diagnostic[]; isEnd: boolean }
  | { type: 'taken-up'; vms: number }
  | { type: 'held'; held: HeldBack[] }
  | { type: 'job'; done: JobDone }
  | { type: 'job-failed'; job: string; diagnostics: Diagnostic[] }
  /** A worker begins: of how many VMs it knows. */
  | { type: 'works'; vms: number; slots: number }
  /** What cycles read and write at a target waits for it, and why; without that: it goes on. */
  | { type: 'waits'; target: string; why?: string }
  /** Why the queue is away; empty: it is back. `alone`: whoever tells this moves by itself meanwhile. */
  | { type: 'queue'; why: Diagnostic[]; alone: boolean }
  | { type: 'ended'; how: 'stopped' | 'drained' };

/** The context of an agent: what it hears of targets that are waited for is told as the agent tells. */
export function agentContext(context: Context, { lab }: Session, hear: (heard: Heard) => void): Context {
  const reporter: Context['reporter'] = {
    ...context.reporter,
    notice: notice => (notice.type === 'waits' ? hear(notice) : context.reporter.notice(notice)),
  };
  return { ...context, reporter, ...(lab && { lab }) };
}

/** Passes on what is told, and what lasts only once. */
export class Telling {
  readonly #hear: (heard: Heard) => void;
  /** What was told and still lasts, as text. */
  readonly #told = new Map<string, string>();

  constructor(hear: (heard: Heard) => void) {
    this.#hear = hear;
  }

  say(heard: Heard): void {
    this.#hear(heard);
  }

  /** Tells something when it isn't what was told before; with nothing in it, it has passed. */
  once(about: string, what: readonly unknown[], heard: Heard): void {
    const isNew = !this.#told.has(about);
    if (!this.#isKnown(about, what) && (what.length > 0 || !isNew)) this.#hear(heard);
  }

  /** Tells what came of a cycle, and whether that is what came of the one before. */
  moved(id: string, cycle: string, moved: Moved): void {
    // Somebody else had the VM, which says nothing about the VM itself.
    const tells = !('busy' in moved) && !('waits' in moved);
    const wrong = 'diagnostics' in moved ? moved.diagnostics : 'paused' in moved ? ['paused'] : [];
    const again = tells && this.#isKnown(`moved ${id}`, wrong) && wrong.length > 0;
    this.#hear({ type: 'moved', cycle, moved, again });
  }

  #isKnown(about: string, what: readonly unknown[]): boolean {
    const text = JSON.stringify(what, (key, value) => (key === 'cause' ? undefined : value));
    const before = this.#told.get(about);
    this.#told.set(about, text);
    return before === text;
  }

  /** It has passed, and is told anew when it comes again. */
  passed(about: string): void {
    this.#told.delete(about);
  }
}
