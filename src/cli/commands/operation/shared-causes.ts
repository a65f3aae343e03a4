import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import { causeIn } from '../../../operation/words.ts';

/**
 * Why cycles fail, so that what many VMs fail of is told once: hundreds are when the vCenter is away. A cause
 * is over once all VMs that failed of it have a point again; should it come back, it is told anew.
 */
export class SharedCauses {
  readonly #causes = new Map<string, { first: string; vms: Set<string> }>();

  /** Another VM that the same was told of; undefined: it is to be told. */
  firstOf(vm: string, diagnostics: readonly Diagnostic[]): string | undefined {
    this.over(vm);
    const alike = (text = ''): string => causeIn(text, { vm });
    const cause = JSON.stringify(
      diagnostics.map(({ code, message, hint }) => [code, alike(message), alike(hint)]),
    );
    const known = this.#causes.get(cause);
    if (!known) this.#causes.set(cause, { first: vm, vms: new Set([vm]) });
    else known.vms.add(vm);
    return known?.first === vm ? undefined : known?.first;
  }

  /** The VM has failed of nothing any more. */
  over(vm: string): void {
    for (const [cause, { vms }] of this.#causes)
      if (vms.delete(vm) && vms.size === 0) this.#causes.delete(cause);
  }
}
