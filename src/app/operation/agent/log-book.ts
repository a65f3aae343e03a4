import { Failure } from '../../../diagnostics/diagnostic.ts';
import { ownId, processTable } from '../../../io/handles/process-table.ts';
import { hasPassed } from '../../../io/until.ts';
import { HISTORY_EVERY, type PastCycle } from '../../../operation/history.ts';
import type { Mover, Moving } from '../../../operation/model.ts';
import { forgetNotes } from '../../../replication/repository/forget-notes.ts';
import { keepHistory } from '../history.ts';
import { endMover, noteMover } from '../movers.ts';
import type { Site, View } from '../site/site.ts';

const day = 86_400_000;

type Writing = [site: Site, running: readonly Moving[], now: number, isEnd?: boolean];

/** What an agent writes into the repositories about itself and what it did. What can't be written waits. */
export class LogBook {
  readonly #of: Pick<Mover, 'id' | 'kind' | 'slots' | 'since'>;
  /** By URL of the repository. */
  readonly #cycles = new Map<string, PastCycle[]>();
  readonly #etags = new Map<string, string>();
  /** A run that only looks once has nothing to say about itself. */
  readonly #introduces: boolean;
  /** The mover that it follows, which a hard kill may have ended. */
  #before: string | undefined;
  #kept: number;
  #last: Promise<Failure[]> = Promise.resolve([]);
  #forgot = Number.NEGATIVE_INFINITY;

  constructor(of: Pick<Mover, 'id' | 'kind' | 'slots' | 'since'>, introduces = true) {
    this.#of = of;
    this.#introduces = introduces;
    this.#kept = of.since;
  }

  /** From its first word on: the mover with that id is gone. */
  follows(before: string | undefined): void {
    this.#before = before;
  }

  add(url: string, cycle: PastCycle): void {
    this.#cycles.set(url, [...(this.#cycles.get(url) ?? []), cycle]);
  }

  /** Writes what is due, one after the other; all of it at the end. Gives back what kept it from that. */
  write(...what: Writing): Promise<Failure[]> {
    const next = this.#last.then(() => this.#write(...what));
    this.#last = next.catch(() => []);
    return next;
  }

  /** What it says about itself. */
  async mover(running: readonly Moving[], now: number): Promise<Mover> {
    const { host } = await ownId(processTable);
    return { ...this.#of, host, at: now, running: [...running] };
  }

  async #write(...[{ views, repositories }, running, now, isEnd = false]: Writing): Promise<Failure[]> {
    const failures: Failure[] = [];
    const isDue = isEnd || hasPassed(HISTORY_EVERY, this.#kept, now);
    const forgets = hasPassed(day, this.#forgot, now);
    if (isDue) this.#kept = now;
    if (forgets) this.#forgot = now;
    for (const [url, view] of views)
      try {
        if (this.#introduces) await this.#introduce(url, view, running, now, isEnd);
        const cycles = this.#cycles.get(url) ?? [];
        const isOwed = isDue && cycles.length > 0;
        // One that a cycle has just made nobody has looked at yet.
        const isNew = isOwed && view.problem === 'no-repository';
        const into = isNew ? await repositories.open(view.ref, 'read') : isOwed && view.repository;
        if (into) {
          await keepHistory(into.board, cycles, this.#of.id, now);
          this.#cycles.set(url, (this.#cycles.get(url) ?? []).slice(cycles.length));
        }
        if (forgets && view.repository) await forgetNotes(view.repository.board, view.now());
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        failures.push(error);
      }
    return failures;
  }

  async #introduce(
    url: string,
    { repository }: View,
    running: readonly Moving[],
    now: number,
    isEnd: boolean,
  ): Promise<void> {
    if (!repository) return;
    if (this.#before !== undefined && !this.#etags.has(url)) await endMover(repository, this.#before);
    const mover = { ...(await this.mover(running, now)), ...(isEnd && { ended: true as const }) };
    const etag = await noteMover(repository, mover, this.#etags.get(url));
    if (etag !== undefined) this.#etags.set(url, etag);
  }
}
