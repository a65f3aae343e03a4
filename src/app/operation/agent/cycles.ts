import { onceEach } from '../../../diagnostics/diagnostic.ts';
import type { Progress } from '../../../engine/model/io.ts';
import type { Outcome } from '../../../operation/agenda.ts';
import type { Mover, Moving } from '../../../operation/model.ts';
import { allMovers } from '../movers.ts';
import type { Followed, Follower } from './followed.ts';
import { LogBook } from './log-book.ts';
import { moveDuty } from './move-duty.ts';
import { pastCycle } from './past-cycle.ts';

/** What came of a cycle. */
export type Done = Awaited<ReturnType<typeof moveDuty>>;

/** The cycles that one process runs, and what it writes about them. */
export class Cycles {
  readonly #by: Follower;
  readonly #followed: Followed;
  /** Those that run, by duty. */
  readonly #running = new Map<string, Moving>();
  /** Of the mover that this is. */
  readonly id: string;
  readonly #book: LogBook;

  constructor(by: Follower, followed: Followed, kind: NonNullable<Mover['kind']> = 'agent') {
    const { clock, random } = by.base.world.host;
    this.#by = by;
    this.#followed = followed;
    this.id = random.uuid();
    this.#book = new LogBook({ id: this.id, kind, slots: by.options.slots, since: clock.now() });
  }

  /** Says so of the mover before it that a hard kill may have ended. */
  follows(before: string | undefined): void {
    this.#book.follows(before);
  }

  /** Runs the cycle of a duty if it is still due, and tells what came of it. Doesn't reject. */
  async move(id: string, mayBeLong: () => boolean): Promise<Outcome> {
    const done = await this.run(id, mayBeLong);
    // What another one has isn't in a bad way.
    if (done && done.outcome.result !== 'busy') this.#by.concerns.note(done.moved);
    return done?.outcome ?? { result: 'busy' };
  }

  /** The same for whoever notes it itself; undefined: it was let go of between two looks. */
  async run(id: string, mayBeLong: () => boolean): Promise<Done | undefined> {
    const { context, base, telling } = this.#by;
    const { open } = this.#followed;
    const duty = open.duties.get(id);
    if (!duty) return undefined;
    const { clock, random } = base.world.host;
    const cycle = random.uuid().slice(0, 8);
    const began = clock.now();
    const moving: Moving = { vm: duty.declared.title, since: began };
    return this.#followed.during(open, async () => {
      this.#running.set(id, moving);
      const { title: vm, address } = duty.declared;
      telling.say({ type: 'moves', cycle, vm, address });
      const onProgress = ({ done, total }: Progress) => Object.assign(moving, { done, total });
      const { outcome, moved } = await moveDuty(context, open.site, duty, mayBeLong, onProgress);
      this.#running.delete(id);
      const past = pastCycle(duty, moved, { id: cycle, began, ended: clock.now() });
      if (past) this.#book.add(duty.declared.repository, past);
      telling.moved(id, cycle, moved);
      return { outcome, moved };
    });
  }

  /** What this mover says about itself. */
  mover(): Promise<Mover> {
    return this.#book.mover([...this.#running.values()], this.#by.base.world.host.clock.now());
  }

  /** What it did, and what it does, into the repositories; others that have fallen silent are told of. */
  async write(isEnd: boolean): Promise<void> {
    const { base, telling, concerns } = this.#by;
    const { site } = this.#followed.open;
    const now = base.world.host.clock.now();
    const failures = await this.#book.write(site, [...this.#running.values()], now, isEnd);
    if (!isEnd) {
      const seen = await allMovers(
        [...site.views.values()].map(({ repository }) => repository),
        now,
      );
      concerns.silent(seen.movers, this.id, now, seen.isAll);
      failures.push(...seen.failures);
    }
    const diagnostics = onceEach(failures.flatMap(failure => failure.diagnostics));
    telling.once('log-book', diagnostics, { type: 'unseen', diagnostics });
  }
}
