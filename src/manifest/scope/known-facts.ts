import { type Diagnostic, Failure } from '../../diagnostics/diagnostic.ts';
import type { Json } from '../../engine/model/catalog.ts';
import { type Fact, type Facts, isGroup } from './facts.ts';

/** The facts that were asked for so far. */
export interface KnownFacts {
  facts: Facts;
  /** What expressions see as `facts`: a new object whenever more is known. */
  values(): { [name: string]: Json };
  /** Reads what these names need: one fact, one of a group, or all of them. Never rejects with a Failure. */
  ask(names: readonly string[]): Promise<void>;
  /** Why what these names need could not be read. */
  trouble(names: readonly string[]): Diagnostic | undefined;
  /** Who said it. */
  from(names: readonly string[]): string;
}

export function knownFacts(facts: Facts): KnownFacts {
  let values: { [name: string]: Json } = {};
  const asked = new Map<Fact, Diagnostic | undefined>();

  /** Each fact that the names need, with the path it is at. */
  const meant = ([name, inner]: readonly string[]): [string[], Fact][] => {
    if (name === undefined) return [...facts.keys()].flatMap(each => meant([each]));
    const fact = facts.get(name);
    if (!fact) return [];
    if (!isGroup(fact)) return [[[name], fact]];
    return [...fact.facts].flatMap(([key, one]) =>
      inner === undefined || inner === key ? [[[name, key], one] as [string[], Fact]] : [],
    );
  };
  return {
    facts,
    values: () => values,
    async ask(names) {
      for (const [[name = '', inner], fact] of meant(names)) {
        if (asked.has(fact)) continue;
        asked.set(fact, undefined);
        try {
          const value = await fact.read();
          const group = values[name] as { [key: string]: Json } | undefined;
          values = { ...values, [name]: inner === undefined ? value : { ...group, [inner]: value } };
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          asked.set(fact, error.diagnostics[0]);
        }
      }
    },
    trouble: names =>
      names.length === 0
        ? undefined
        : meant(names)
            .map(([, fact]) => asked.get(fact))
            .find(Boolean),
    from: names => (names.length === 0 ? undefined : meant(names)[0]?.[1].from) ?? 'this host',
  };
}
