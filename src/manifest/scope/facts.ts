import type { Json } from '../../engine/model/catalog.ts';

/** One read-only value about where the run happens. */
export interface Fact {
  /** One line for people. */
  doc: string;
  /** Who says it, for `explain`; `this host` when left out. */
  from?: string;
  /**
   * Asked at most once, and only when an expression or `converge facts` uses it. A Failure is told where
   * it is used.
   */
  read(): Json | Promise<Json>;
}

/** Several facts under one name, `facts.NAME.FACT`; each is asked by itself. */
export interface FactGroup {
  doc: string;
  facts: ReadonlyMap<string, Fact>;
}

/**
 * The facts of a host by name. The compiler doesn't look at the host itself: with the lab these are the
 * lab's.
 */
export type Facts = ReadonlyMap<string, Fact | FactGroup>;

export const isGroup = (fact: Fact | FactGroup): fact is FactGroup => 'facts' in fact;

/** A mistake in the names that follow `facts`: which of them, and what there is. */
export function unknownFact(
  facts: Facts,
  [name, inner]: readonly string[],
): { index: number; names: string[] } | undefined {
  if (name === undefined) return undefined;
  const fact = facts.get(name);
  if (!fact) return { index: 0, names: [...facts.keys()] };
  if (!isGroup(fact) || inner === undefined || fact.facts.has(inner)) return undefined;
  return { index: 1, names: [...fact.facts.keys()] };
}
