import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { byText } from '../model/canonical.ts';
import type { Address } from '../model/catalog.ts';
import { conflictsAmong } from '../model/mistakes.ts';
import type { Capability } from '../model/resource-type.ts';
import type { Subject } from '../model/subject.ts';
import { cycleDiagnostic } from './graph-cycle.ts';
import { type Edge, type Implied, impliedEdges, providersOf } from './implied-edges.ts';

export interface Graph {
  /** In dependency order, then by address. */
  subjects: Subject[];
  /** Edges by the address that waits, in the order they were found. */
  edges: ReadonlyMap<Address, Edge[]>;
  /** Who brings what. */
  providers: ReadonlyMap<Capability, Subject[]>;
}

/**
 * Joins explicit and implied edges. Throws a Failure (given) with every mistake: one object declared
 * twice, one real thing with two owners, an unknown reference, a present resource that needs an absent one, a
 * cycle. Linear in resources and edges but for sorting.
 */
export function buildGraph(subjects: readonly Subject[]): Graph {
  const wrong: Diagnostic[] = [...duplicates(subjects), ...rivals(subjects)];
  const byAddress = new Map(subjects.map(subject => [subject.address, subject]));
  const edges = new Map<Address, Edge[]>(subjects.map(subject => [subject.address, []]));
  const add = (edge: Edge) => {
    edges.get(edge.from)!.push(edge);
  };
  for (const subject of subjects) {
    for (const edge of explicitEdges(subject)) {
      const missing = [edge.from, edge.to].find(address => !byAddress.has(address));
      if (missing === undefined) add(edge);
      else wrong.push(unknownReference(subject.address, missing, edge, byAddress.keys()));
    }
  }
  const providers = providersOf(subjects);
  const implied: Implied = impliedEdges(subjects, providers);
  wrong.push(...implied.wrong);
  for (const edge of implied.edges) add(edge);
  if (wrong.length > 0) throw new Failure(wrong);

  const levels = levelsOf(subjects, edges);
  if (levels.size < subjects.length) throw new Failure(cycleDiagnostic(subjects, edges, levels));
  const order = [...subjects].sort(
    (a, b) => levels.get(a.address)! - levels.get(b.address)! || byText(a.address, b.address),
  );
  return { subjects: order, edges, providers };
}

/** Who is refreshed when the key changes; each list sorted. */
export function notifications(graph: Graph): Map<Address, Address[]> {
  const receivers = new Map<Address, Set<Address>>();
  for (const edges of graph.edges.values()) {
    for (const { kind, from, to } of edges) {
      if (kind !== 'notify' && kind !== 'subscribe') continue;
      receivers.set(to, (receivers.get(to) ?? new Set()).add(from));
    }
  }
  return new Map([...receivers].map(([address, set]) => [address, [...set].sort(byText)]));
}

function explicitEdges({ address, declared: { meta } }: Subject): Edge[] {
  return [
    ...meta.require.map(ref => ({ from: address, to: ref.address, kind: 'require' as const, at: ref.at })),
    ...meta.subscribe.map(ref => ({
      from: address,
      to: ref.address,
      kind: 'subscribe' as const,
      at: ref.at,
    })),
    ...meta.before.map(ref => ({ from: ref.address, to: address, kind: 'before' as const, at: ref.at })),
    ...meta.notify.map(ref => ({ from: ref.address, to: address, kind: 'notify' as const, at: ref.at })),
  ];
}

/** Kahn's algorithm: the length of the longest chain below each node. Nodes in cycles get none. */
function levelsOf(subjects: readonly Subject[], edges: ReadonlyMap<Address, Edge[]>): Map<Address, number> {
  const waiting = new Map<Address, number>();
  const dependants = new Map<Address, Address[]>();
  for (const [from, list] of edges) {
    waiting.set(from, list.length);
    for (const { to } of list) {
      const known = dependants.get(to);
      if (known) known.push(from);
      else dependants.set(to, [from]);
    }
  }
  const levels = new Map<Address, number>();
  let ready = subjects.filter(({ address }) => waiting.get(address) === 0).map(({ address }) => address);
  for (let level = 0; ready.length > 0; level++) {
    const next: Address[] = [];
    for (const address of ready) {
      levels.set(address, level);
      for (const dependant of dependants.get(address) ?? []) {
        const left = waiting.get(dependant)! - 1;
        waiting.set(dependant, left);
        if (left === 0) next.push(dependant);
      }
    }
    ready = next;
  }
  return levels;
}

function duplicates(subjects: readonly Subject[]): Diagnostic[] {
  const seen = new Map<string, Subject>();
  const wrong: Diagnostic[] = [];
  for (const subject of subjects) {
    const key = `${subject.batch}\n${subject.id}`;
    const first = seen.get(key);
    if (!first) seen.set(key, subject);
    else {
      wrong.push(
        given(
          'same-object',
          `\`${subject.address}\` and \`${first.address}\` are the same object, ${subject.id}`,
          {
            address: subject.address,
            at: subject.declared.at,
            hint: 'keep one of the two declarations',
            related: [{ message: 'first declared here', at: first.declared.at }],
          },
        ),
      );
    }
  }
  return wrong;
}

/** Selections are known by now, so that their members are among the owners. */
const rivals = (subjects: readonly Subject[]): Diagnostic[] =>
  conflictsAmong(subjects).map(({ diagnostic }) => diagnostic);

function unknownReference(
  address: Address,
  missing: Address,
  edge: Edge,
  known: Iterable<Address>,
): Diagnostic {
  const hint = suggest(missing, known);
  return given(
    'unknown-reference',
    `${edge.kind} of \`${address}\` names \`${missing}\`, which isn't declared`,
    {
      address,
      at: edge.at,
      ...(hint !== undefined && { hint }),
    },
  );
}
