import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import { nearest } from '../../diagnostics/nearest.ts';
import type { Capability } from '../model/resource-type.ts';
import type { Run } from '../model/run.ts';
import { type Subject, type Surroundings, subjectOf } from '../model/subject.ts';
import { type NamedObject, onlyLookedUp } from '../model/targets.ts';

/** Objects that are named by others and are none of a run's resources: subjects to observe, by capability. */
export type Lookups = ReadonlyMap<Capability, Subject>;

/**
 * What resources name and none of `among` provides is there already, or is a mistake: it is looked up. Throws
 * a Failure (given) for names that the type of what is named doesn't take, each at its place.
 */
export function lookupsOf(
  subjects: readonly Subject[],
  among: Iterable<Subject>,
  surroundings: Surroundings,
): Lookups {
  const lookups = new Map<Capability, Subject>();
  const naming = subjects.filter(({ names, absent }) => names.length > 0 && !absent);
  if (naming.length === 0) return lookups;
  const provided = new Set<Capability>();
  for (const { provides } of among) for (const capability of provides) provided.add(capability);
  const wrong: Diagnostic[] = [];
  for (const { names, address } of naming) {
    for (const named of names) {
      const { capability, type, title, at, target } = named;
      if (provided.has(capability) || lookups.has(capability)) continue;
      const meta = onlyLookedUp(target);
      try {
        const declared = { address: `${type}:${title}`, type, title, properties: {}, meta, at };
        lookups.set(capability, subjectOf(declared, surroundings));
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        wrong.push(...error.diagnostics.map(diagnostic => ({ ...diagnostic, address })));
      }
    }
  }
  if (wrong.length > 0) throw new Failure(wrong);
  return lookups;
}

/** What a resource names and isn't seen to be there. */
export interface Missing {
  named: NamedObject;
  lookup: Subject;
}

/** The first of the objects that a resource names which was looked up and not found. */
export function missingFor(run: Run, { names }: Subject, lookups: Lookups): Missing | undefined {
  for (const named of names) {
    const lookup = lookups.get(named.capability);
    if (lookup && run.observed.get(lookup.address)?.state !== 'present') return { named, lookup };
  }
  return undefined;
}

/** The way out for a name that nothing has. */
export function hintFor({ type, title }: NamedObject, declared: readonly Subject[]): string {
  const near = nearest(title, titlesOf(type, declared));
  return near === undefined ? `declare the \`${type}\`, or correct its name` : `did you mean \`${near}\`?`;
}

/** All that is declared, and who brings what. */
interface Declared {
  subjects: readonly Subject[];
  providers: ReadonlyMap<Capability, unknown>;
}

/** Objects that are there, with a name that is nearly that of a declared one: perhaps the other was meant. */
export function nearlyDeclared(
  run: Run,
  subjects: readonly Subject[],
  lookups: Lookups,
  declared: Declared,
): Diagnostic[] {
  if (lookups.size === 0) return [];
  return subjects.flatMap(({ address, names }) =>
    names.flatMap(({ type, title, capability, at }): Diagnostic[] => {
      const lookup = lookups.get(capability);
      if (
        !lookup ||
        declared.providers.has(capability) ||
        run.observed.get(lookup.address)?.state !== 'present'
      )
        return [];
      const near = nearest(title, titlesOf(type, declared.subjects));
      if (near === undefined) return [];
      const message = `\`${address}\` names the \`${type}\` \`${title}\`, which is there and isn't declared`;
      const warning = given('nearly-declared', message, { address, at, hint: `did you mean \`${near}\`?` });
      return [{ ...warning, severity: 'warning' }];
    }),
  );
}

const titlesOf = (type: string, subjects: readonly Subject[]): string[] =>
  subjects.flatMap(subject => (subject.type.name === type ? [subject.asked.title] : []));
