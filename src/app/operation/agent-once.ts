import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { Agenda } from '../../operation/agenda.ts';
import { runAgent } from '../../operation/agent.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { dutiesOf, type VmDuty } from './duties.ts';
import { locate } from './locate.ts';
import { type Moved, moveDuty } from './move-duty.ts';
import { look, openSite, seenOf } from './site.ts';

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
 * @param told gets what came of each VM as soon as it did
 */
export async function agentOnce(
  context: Context,
  paths: string[],
  { slots, ...options }: AgentOnceOptions,
  told: (moved: Moved) => void,
): Promise<Turn | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const site = await openSite(context, catalog, options);
  try {
    const { interrupt } = context.io;
    const diagnostics = await look(site);
    const duties = new Map<string, VmDuty>(
      dutiesOf(site, slots, await locate(context, site, diagnostics)).map(duty => [duty.id, duty]),
    );
    const moved: Moved[] = [];
    const agenda = new Agenda(slots);
    const ports = {
      clock: site.session.world.host.clock,
      duties: async () => ({ duties: [...duties.values()], newest: newestOf(duties.values()) }),
      draining: async () => false,
      async move(id: string, mayBeLong: () => boolean) {
        const done = await moveDuty(context, site, duties.get(id)!, mayBeLong);
        moved.push(done.moved);
        told(done.moved);
        return done.outcome;
      },
    };
    await runAgent(agenda, ports, { signal: interrupt, once: true });
    interrupt.throwIfAborted();
    return { moved, diagnostics };
  } finally {
    await site.close();
  }
}

/** The times of the newest points that were seen, by duty; undefined where none was. */
export const newestOf = (duties: Iterable<VmDuty>): Map<string, number | undefined> =>
  new Map(
    [...duties].map(({ id, view, declared }) => [id, seenOf(view, declared.title)?.newest?.time] as const),
  );
