import { type Alias, isAlias, type Node } from 'yaml';
import type { Code } from '../../diagnostics/codes.ts';
import { type Diagnostic, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import { segments } from '../../engine/model/pointer.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { placeOf, type SourceFile } from '../syntax/source-file.ts';
import type { Scope, Trace } from './scope.ts';

/** A value that was read: where it stands, and the schema that it was read by. */
export interface Visit {
  at: SourceRange;
  /** Where its name stands, for a property of a map. */
  key?: SourceRange;
  schema: JsonSchema;
  /** As it was written, for a plain scalar whose value has another usual text: `1.10`, `True`. */
  text?: string;
  /** Which branch of a union was taken. */
  branch?: number;
  /** For a value that an expression gave: where it was written, and how it came about. */
  origin?: SourceRange | undefined;
  trace?: Trace | undefined;
}

/** What is gathered while the properties of one thing are read. Keys are JSON pointers. */
export interface Reading {
  file: SourceFile;
  /** The thing, for messages: "`bucket`". */
  subject: string;
  /** Where a mistake about the thing as a whole is shown: its title. */
  at: SourceRange;
  visits: Map<string, Visit>;
  /** Pointers that have a mistake already. */
  faults: Set<string>;
  /** What expressions see; without it none may be here. */
  scope?: Scope | undefined;
  /** Of a resource that `when` leaves out: what can't be computed is not a mistake. */
  lenient?: boolean | undefined;
  /** Of the nodes that expressions gave. */
  origins: Map<Node, SourceRange>;
  traces: Map<Node, Trace>;
  report(diagnostic: Diagnostic): void;
}

export const newReading = (
  file: SourceFile,
  subject: string,
  at: SourceRange,
  report: (d: Diagnostic) => void,
  { scope, lenient }: { scope?: Scope | undefined; lenient?: boolean } = {},
): Reading => ({
  file,
  subject,
  at,
  visits: new Map(),
  faults: new Set(),
  scope,
  lenient,
  origins: new Map(),
  traces: new Map(),
  report,
});

/** Reports one mistake about the value at `pointer`. */
export function fault(
  reading: Reading,
  pointer: string,
  code: Code,
  message: string,
  at: SourceRange,
  hint?: string,
): undefined {
  reading.faults.add(pointer);
  reading.report(given(code, message, { at, ...(hint === undefined ? {} : { hint }) }));
}

/** Texts of scalars by pointer, see `Visit.text`. */
export const textsOf = ({ visits }: Pick<Reading, 'visits'>): Map<string, string> =>
  new Map(
    [...visits].flatMap(([pointer, { text }]) => (text === undefined ? [] : [[pointer, text] as const])),
  );

export const resolved = (reading: Pick<Reading, 'file'>, node: Node): Node =>
  isAlias(node) ? (reading.file.aliases.get(node as Alias) ?? node) : node;

/** The name in messages of the value at `pointer`: its nearest property name, or the thing itself. */
export function nameAt(reading: Reading, pointer: string): string {
  const names = segments(pointer).filter(segment => !/^\d+$/.test(segment));
  const last = names.at(-1);
  return last === undefined ? reading.subject : `\`${last}\``;
}

export const nodePlace = (reading: Reading, node: Node | null): SourceRange =>
  node ? placeOf(reading.file, node) : reading.at;
