import { blocked, type Diagnostic, Failure } from '../../../diagnostics/diagnostic.ts';
import { own } from '../../../diagnostics/own-words.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import { type Recovering, targetProperties } from '../open/with-declared.ts';

/** Whether a machine at home runs, as far as that can be known. */
export interface Source {
  vm: string;
  state: 'off' | 'running' | 'unknown';
  /** Why nobody knows. */
  why?: string;
}

/** Asks vSphere, where the manifests name a VM of it. One that can't be asked about is unknown. */
export async function sourcesOf(
  { home }: Pick<Recovering, 'home'>,
  machines: readonly { vm: string; uuid: string }[],
  signal: AbortSignal,
): Promise<Source[]> {
  return Promise.all(
    machines.map(async ({ vm, uuid }): Promise<Source> => {
      const unknown = (why: string): Source => ({ vm, state: 'unknown', why });
      try {
        const machine = await home(vm);
        if (!machine) return unknown('no manifest names the vCenter that it is of');
        if (machine.uuid !== uuid) return unknown('another VM has its name by now');
        const { poweredOn } = await machine.inspect(signal);
        return { vm, state: poweredOn ? 'running' : 'off' };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Failure)) throw error;
        return unknown(error.diagnostics[0]!.message);
      }
    }),
  );
}

/**
 * Two machines of one name and address, or two copies of one database, are a disaster of their own: what
 * isn't known to be off has to be known to somebody.
 *
 * @throws Failure `source-running`, `source-unknown`, blocked
 */
export function refuseRunning(sources: readonly Source[], at: (vm: string) => Diagnostic['at']): void {
  const wrong = sources.filter(({ state }) => state !== 'off');
  if (wrong.length === 0) return;
  throw new Failure(
    wrong.map(({ vm, state, why = '' }) => {
      const where = at(vm);
      const placed = { ...(where && { at: where }) };
      return state === 'running'
        ? blocked('source-running', `${vm} runs at home: it would be there twice`, {
            ...placed,
            hint: 'shut it down, or see to it that it reaches nobody, and say so by --source-down-confirmed',
          })
        : blocked('source-unknown', own`nobody can say whether ${vm} still runs at home: ${why}`, {
            ...placed,
            hint: own`see to it that it doesn't, and say so by --source-down-confirmed`,
          });
    }),
  );
}

/**
 * A domain controller that comes back from a copy while others of its domain live is one that they don't
 * know: it has forgotten what it told them. Nobody can tell from here which others live.
 *
 * @param allow addresses
 * @throws Failure `domain-controller`, blocked
 */
export function refuseDomainControllers(targets: readonly CatalogResource[], allow: readonly string[]): void {
  const wrong = targets.filter(
    target => targetProperties(target).role === 'domain_controller' && !allow.includes(target.address),
  );
  if (wrong.length === 0) return;
  throw new Failure(
    wrong.map(({ title, address, at }) =>
      blocked(
        'domain-controller',
        `${title} is a domain controller: its copy must not meet others of its domain`,
        {
          at,
          hint: `if none of them lives any more, or the domain can bear it, --allow ${address}`,
        },
      ),
    ),
  );
}
