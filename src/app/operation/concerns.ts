import type { CatalogResource } from '../../engine/model/catalog.ts';
import type { Condition } from '../../operation/alerts/model.ts';
import type { Moved } from './move-duty.ts';

/** What an agent knows that is wrong and that no repository tells: cycles that fail, manifests, drift. */
export class Concerns {
  /** By the name of the VM: cycles that failed in a row. */
  readonly failing = new Map<string, { times: number; code: string; message: string }>();
  readonly #conditions = new Map<string, Condition>();
  /** Most VMs that each selection meant. */
  readonly #selected = new Map<string, number>();

  all(): Condition[] {
    return [...this.#conditions.values()];
  }

  /** Something is wrong; `text` undefined: it isn't any more. */
  say(
    rule: Condition['rule'],
    subject: string,
    text: string | undefined,
    severity: Condition['severity'] = 'warning',
  ): void {
    if (text === undefined) this.#conditions.delete(`${rule} ${subject}`);
    else this.#conditions.set(`${rule} ${subject}`, { rule, severity, cause: subject, subject, text });
  }

  /** What a cycle came to. */
  note(moved: Moved): void {
    if ('cycle' in moved) this.failing.delete(moved.vm);
    const [first] = 'diagnostics' in moved ? moved.diagnostics : [];
    if (!first) return;
    const times = (this.failing.get(moved.vm)?.times ?? 0) + 1;
    this.failing.set(moved.vm, { times, code: first.code, message: first.message });
  }

  /** How many VMs each selection means now. */
  selected(resources: readonly CatalogResource[]): void {
    const members = Map.groupBy(resources, ({ selectedBy }) => selectedBy);
    for (const selection of this.#selected.keys()) if (!members.has(selection)) members.set(selection, []);
    for (const [selection, now] of members) {
      if (selection === undefined) continue;
      const most = Math.max(now.length, this.#selected.get(selection) ?? 0);
      this.#selected.set(selection, most);
      const text = `${selection} means ${now.length} VMs, and meant ${most}`;
      this.say('fewer-selected', selection, now.length < most ? text : undefined);
    }
  }
}
