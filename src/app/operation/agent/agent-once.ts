import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import type { Catalog } from '../../../engine/model/catalog.ts';
import { Agenda } from '../../../operation/agenda.ts';
import { runAgent } from '../../../operation/agent.ts';
import type { Context } from '../../app-context.ts';
import type { CommonOptions } from '../../options.ts';
import { openSession, type Session } from '../../session/open-session.ts';
import { dutiesOf, type VmDuty } from '../site/duties.ts';
import { locate } from '../site/locate.ts';
import { look, openSite, seenOf } from '../site/site.ts';
import { LogBook } from './log-book.ts';
import { readManifests, remember } from './manifests.ts';
import { type Moved, moveDuty } from './move-duty.ts';
import { pastCycle } from './past-cycle.ts';
import type { Heard } from './telling.ts';

export interface AgentOnceOptions extends CommonOptions {
  /** Cycles at once. */
  slots: number;
}

export interface Turn {
  moved: Moved[];
  /** What could not be seen. */
  diagnostics: Diagnostic[];
}

/**
 * Runs the cycles that are due by now, those with the earliest deadline first, and ends. Undefined when the
 * manifests have mistakes, which were told.
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
    const within: Context = { ...context, ...(base.lab && { lab: base.lab }) };
    const catalog = await heldTo(within, base, paths, options, hear);
    return catalog && (await oneTurn(within, catalog, options, hear));
  } finally {
    await base.close();
  }
}

/**
 * What the manifests say, and what protected more before them: that goes on until somebody allows it to end.
 */
async function heldTo(
  context: Context,
  base: Session,
  paths: string[],
  options: AgentOnceOptions,
  hear: (heard: Heard) => void,
): Promise<Catalog | undefined> {
  await base.remember();
  const { engine } = base.world.memory;
  const read = await readManifests(context, paths, options, engine, []);
  if ('broken' in read) {
    context.reporter.diagnostics(read.broken);
    return undefined;
  }
  const { catalog, held } = read.taken;
  if (held.length > 0) hear({ type: 'held', held });
  await remember(engine, catalog);
  return catalog;
}

async function oneTurn(
  context: Context,
  catalog: Catalog,
  { slots, ...options }: AgentOnceOptions,
  hear: (heard: Heard) => void,
): Promise<Turn> {
  const site = await openSite(context, catalog, options);
  try {
    const { interrupt } = context.io;
    const diagnostics = await look(site);
    const duties = new Map<string, VmDuty>(
      dutiesOf(site, slots, await locate(context, site, diagnostics)).map(duty => [duty.id, duty]),
    );
    const moved: Moved[] = [];
    const agenda = new Agenda(slots);
    const { clock, random } = site.session.world.host;
    const book = new LogBook({ id: random.uuid(), slots, since: clock.now() }, false);
    const ports = {
      clock,
      duties: async () => ({ duties: [...duties.values()], newest: newestOf(duties.values()) }),
      draining: async () => false,
      async move(id: string, mayBeLong: () => boolean) {
        const duty = duties.get(id)!;
        const began = clock.now();
        const cycle = random.uuid().slice(0, 8);
        hear({ type: 'moves', cycle, vm: duty.declared.title, address: duty.declared.address });
        const done = await moveDuty(context, site, duty, mayBeLong);
        moved.push(done.moved);
        const past = pastCycle(duty, done.moved, { id: cycle, began, ended: clock.now() });
        if (past) book.add(duty.declared.repository, past);
        hear({ type: 'moved', cycle, moved: done.moved, again: false });
        return done.outcome;
      },
    };
    await runAgent(agenda, ports, { signal: interrupt, once: true });
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
