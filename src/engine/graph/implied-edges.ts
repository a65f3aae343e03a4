import { type Diagnostic, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Address } from '../model/catalog.ts';
import type { Capability, Need } from '../model/resource-type.ts';
import type { Subject } from '../model/subject.ts';

/** `from` waits for `to`. */
export interface Edge {
  from: Address;
  to: Address;
  kind: 'require' | 'before' | 'notify' | 'subscribe' | 'implied';
  /** Where the edge is written; for an implied one, where the waiting resource stands. */
  at: SourceRange;
  /** The need behind an implied edge. */
  need?: Need;
}

export interface Implied {
  edges: Edge[];
  wrong: Diagnostic[];
}

/**
 * Edges that follow from what resources provide and need. Among absent things the order is reversed:
 * what is inside goes before what it is in. Needing only absent providers is a mistake.
 */
export function impliedEdges(
  subjects: readonly Subject[],
  providers: ReadonlyMap<Capability, Subject[]>,
): Implied {
  const edges: Edge[] = [];
  const wrong: Diagnostic[] = [];
  for (const subject of subjects) {
    for (const need of subject.needs) {
      const found = firstProvided(need, subject, providers);
      if (found.length === 0) continue;
      const edge = (from: Subject, to: Subject): Edge => ({
        from: from.address,
        to: to.address,
        kind: 'implied',
        at: from.declared.at,
        need,
      });
      if (subject.absent) {
        for (const provider of found) {
          edges.push(provider.absent ? edge(provider, subject) : edge(subject, provider));
        }
        continue;
      }
      const present = found.filter(provider => !provider.absent);
      for (const provider of present) edges.push(edge(subject, provider));
      if (present.length === 0) wrong.push(needsAbsent(subject, found[0]!));
    }
  }
  return { edges, wrong };
}

export function providersOf(subjects: readonly Subject[]): Map<Capability, Subject[]> {
  const providers = new Map<Capability, Subject[]>();
  for (const subject of subjects) {
    for (const capability of subject.provides) {
      const known = providers.get(capability);
      if (known) known.push(subject);
      else providers.set(capability, [subject]);
    }
  }
  return providers;
}

function firstProvided(
  need: Need,
  subject: Subject,
  providers: ReadonlyMap<Capability, Subject[]>,
): Subject[] {
  for (const capability of need.anyOf) {
    const found = providers.get(capability)?.filter(provider => provider !== subject);
    if (found && found.length > 0) return found;
  }
  return [];
}

function needsAbsent(subject: Subject, provider: Subject): Diagnostic {
  return given(
    'needs-absent',
    `\`${subject.address}\` needs \`${provider.address}\`, which is declared absent`,
    {
      address: subject.address,
      at: subject.declared.at,
      hint: 'declare both present, or both absent',
      related: [{ message: `\`${provider.address}\` is declared absent here`, at: provider.declared.at }],
    },
  );
}
