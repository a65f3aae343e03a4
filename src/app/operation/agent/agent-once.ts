import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import { Agenda } from '../../../operation/agenda.ts';
import { runAgent } from '../../../operation/agent.ts';
import type { Context } from '../../app-context.ts';
import type { CommonOptions } from '../../options.ts';
import { noneDeclared } from '../../repository/which-repository.ts';
import { openSession, type Session } from '../../session/open-session.ts';
import { LastGood } from '../declared/last-good.ts';
import { type Read, readManifests, recall, remember, type TakenUp } from '../declared/manifests.ts';
import { countSelected, heldSelections } from '../declared/selections.ts';
import { dutiesOf, type VmDuty } from '../site/duties.ts';
import { locate } from '../site/locate.ts';
import { look, openSite, type Site, seenOf } from '../site/site.ts';
import { Concerns } from './concerns.ts';
import { mayBeAgentOf } from './drain.ts';
import { LogBook } from './log-book.ts';
import { type Moved, moveDuty } from './move-duty.ts';
import { pastCycle } from './past-cycle.ts';
import { agentContext, type Heard } from './telling.ts';
import { TellingOnce } from './telling-once.ts';

export interface AgentOnceOptions extends CommonOptions {
  /** Cycles at once. */
  slots: number;
}

export interface Turn {
  moved: Moved[];
  /** What could not be seen, or told. */
  diagnostics: Diagnostic[];
  /** The manifests have mistakes, which were told: it went by the last that had none. */
  isBroken: boolean;
}

/**
 * Runs the cycles that are due by now, those with the earliest deadline first, tells alerts, and ends.
 * Undefined when the manifests have mistakes, which were told, and there are none from before that.
 *
 * @param hear gets what came of each VM as soon as it did
 */
export async function agentOnce(
  context: Context,
  paths: string[],
  options: AgentOnceOptions,
  hear: (heard: Heard) => void,
): Promise<Turn | undefined> {
  const base = await openSession(context, options);
  try {
    const within = agentContext(context, base, hear);
    // Where an agent goes by this state folder, or a run before this one still does, that one tells.
    const lock = await mayBeAgentOf(context.io.host, base.stateDir, context.io.interrupt);
    try {
      const { clock } = base.world.host;
      const concerns = new Concerns(() => clock.now());
      const lastGood = new LastGood(context.io.host, base.stateDir, paths, options);
      const once: Once = { paths, base, concerns, lastGood, tells: !!lock, hear };
      const { taken, broken } = await heldTo(within, options, once);
      if (!taken) return undefined;
      return { ...(await oneTurn(within, taken, options, once)), isBroken: broken !== undefined };
    } finally {
      await lock?.release();
    }
  } finally {
    await base.close();
  }
}

/**
 * What the manifests say, and what protected more before them: that goes on until somebody allows it to end.
 */
async function heldTo(context: Context, options: AgentOnceOptions, once: Once): Promise<Read> {
  const { paths, base, concerns, lastGood, hear } = once;
  await base.remember();
  const { engine } = base.world.memory;
  concerns.restore(engine);
  await recall(engine, lastGood);
  const before = (await lastGood.read())?.catalog;
  const diagnostics = lastGood.wrong();
  if (diagnostics.length > 0) hear({ type: 'unseen', diagnostics });
  const read = await readManifests(context, paths, options, engine, before);
  const { taken, broken } = read;
  concerns.broken(broken);
  if (broken) hear({ type: 'broken', diagnostics: broken, isEnd: !taken });
  if (!taken) return read;
  await remember(engine, taken.catalog);
  return read;
}

interface Once {
  paths: string[];
  base: Session;
  concerns: Concerns;
  lastGood: LastGood;
  /** Nobody else tells alerts for this state folder. */
  tells: boolean;
  hear(heard: Heard): void;
}

async function oneTurn(
  context: Context,
  { catalog, digest, held: heldBack }: TakenUp,
  { slots, ...options }: AgentOnceOptions,
  once: Once,
): Promise<Omit<Turn, 'isBroken'>> {
  const site = await openSite(context, catalog, options);
  try {
    const { interrupt } = context.io;
    const { clock, random } = site.session.world.host;
    const { engine } = once.base.world.memory;
    const diagnostics = (await look(site, engine, true)).map(graver);
    const held = [...heldBack, ...heldSelections(site, engine)];
    once.concerns.held(held);
    if (held.length > 0) once.hear({ type: 'held', held });
    // A timer over the wrong folder would say that all is well for ever.
    if (site.declared.length === 0) throw noneDeclared(once.paths);
    once.concerns.selected(await countSelected(site, engine));
    await once.lastGood.keep(catalog, digest, engine);
    const duties = dutiesOf(site, slots, await locate(context, site, diagnostics));
    const id = random.uuid();
    const book = new LogBook({ id, slots, since: clock.now() }, false);
    const moved: Moved[] = [];
    const cycles = () => runCycles(context, site, { duties, slots, book, moved, once });
    if (once.tells) {
      const telling = await TellingOnce.begin(context, site, once.concerns, engine, id);
      diagnostics.push(...(await telling.during(cycles)));
    } else await cycles();
    interrupt.throwIfAborted();
    if (moved.length > 0) {
      const failures = await book.write(site, [], clock.now(), true);
      diagnostics.push(...failures.flatMap(failure => failure.diagnostics));
    }
    return { moved, diagnostics };
  } finally {
    await site.close();
  }
}

/** Nobody is looked after by it, and whoever has a timer only hears of what fails. */
const graver = (one: Diagnostic): Diagnostic =>
  one.code === 'selects-nothing' ? { ...one, severity: 'error' } : one;

interface Cycling {
  duties: readonly VmDuty[];
  slots: number;
  book: LogBook;
  /** Gets what came of each VM. */
  moved: Moved[];
  once: Once;
}

/** Until nothing is due any more, or somebody stops it. */
async function runCycles(context: Context, site: Site, given: Cycling): Promise<void> {
  const { duties, slots, book, moved, once } = given;
  const { clock, random } = site.session.world.host;
  const byId = new Map(duties.map(duty => [duty.id, duty]));
  const ports = {
    clock,
    duties: async () => ({ duties: [...duties], newest: newestOf(duties) }),
    draining: async () => false,
    async move(id: string, mayBeLong: () => boolean) {
      const duty = byId.get(id)!;
      const began = clock.now();
      const cycle = random.uuid().slice(0, 8);
      once.hear({ type: 'moves', cycle, vm: duty.declared.title, address: duty.declared.address });
      const done = await moveDuty(context, site, duty, mayBeLong);
      moved.push(done.moved);
      // What another one has isn't in a bad way.
      if (done.outcome.result !== 'busy') once.concerns.note(done.moved);
      if (done.outcome.result === 'busy') once.concerns.elsewhere.add(done.moved.vm);
      else once.concerns.elsewhere.delete(done.moved.vm);
      const past = pastCycle(duty, done.moved, { id: cycle, began, ended: clock.now() });
      if (past) book.add(duty.declared.repository, past);
      once.hear({ type: 'moved', cycle, moved: done.moved, again: false });
      return done.outcome;
    },
  };
  await runAgent(new Agenda(slots), ports, { signal: context.io.interrupt, once: true });
}

/**
 * The times of the newest points that were seen, by duty; undefined where none was, or where something about
 * it is damaged: a cycle mends that, due or not.
 */
export const newestOf = (duties: Iterable<VmDuty>): Map<string, number | undefined> =>
  new Map(
    [...duties].map(({ id, view, declared }) => {
      const seen = seenOf(view, declared.title);
      return [id, seen?.damaged ? undefined : seen?.newest?.time] as const;
    }),
  );
