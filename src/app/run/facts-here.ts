import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Json } from '../../engine/model/catalog.ts';
import { isGroup } from '../../manifest/scope/facts.ts';
import { knownFacts } from '../../manifest/scope/known-facts.ts';
import type { Context } from '../app-context.ts';
import { hostFacts } from '../aws/host-facts.ts';
import { instanceHere } from '../aws/instance.ts';

export interface FactsHere {
  /** By name; null for what this machine has not. */
  facts: Record<string, Json>;
  /** Why some of them can't be known. */
  warnings: Diagnostic[];
}

/** The facts that expressions see as `facts`, of this machine or of the lab's host. */
export async function factsHere(context: Context, lab: string | true | undefined): Promise<FactsHere> {
  const instance = instanceHere(context, lab);
  try {
    const all = hostFacts(context.io.host, lab !== undefined, instance);
    const known = knownFacts(all);
    await known.ask([]);
    const facts: Record<string, Json> = {};
    const troubles = new Map<string, Diagnostic>();
    for (const [name, fact] of all) {
      const value = known.values()[name];
      if (!isGroup(fact)) facts[name] = value ?? null;
      else if (value === undefined) facts[name] = null;
      else {
        const inner = Object.keys(Object.fromEntries(fact.facts));
        const read = value as { [key: string]: Json };
        facts[name] = Object.fromEntries(inner.map(key => [key, read[key] ?? null]));
      }
      const trouble = known.trouble([name]);
      if (trouble) troubles.set(trouble.message, { ...trouble, severity: 'warning' });
    }
    return { facts, warnings: [...troubles.values()] };
  } finally {
    await instance.close();
  }
}
