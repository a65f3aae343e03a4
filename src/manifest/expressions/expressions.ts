import type { Scalar } from 'yaml';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Facts } from '../scope/facts.ts';
import { knownFacts } from '../scope/known-facts.ts';
import { nothingSourced, type Scope, type Sourced } from '../scope/scope.ts';
import type { NamesSecret } from '../syntax/secret-names.ts';
import type { SourceFile } from '../syntax/source-file.ts';
import { type ParseCel, prepare, prepareNode } from './evaluate.ts';

/** The expressions of a run, and what they see of the host. */
export interface Expressions {
  /** Parses and checks those of a file, and asks for the facts that they use. */
  prepare(file: SourceFile): Promise<void>;
  /** The same for `when`, which is an expression as it stands. */
  prepareCondition(file: SourceFile, node: Scalar): void;
  hostname(): Promise<string>;
  scope(data: Sourced): Scope;
}

/** Milliseconds for all expressions of a run that loop or match: a `for_each` multiplies a slow one. */
const longestInAll = 20_000;

/** The language CEL is loaded when the first file with an expression comes. */
export function makeExpressions(
  { facts = new Map(), env = {} }: { facts?: Facts; env?: Readonly<Record<string, string | undefined>> },
  namesSecret: NamesSecret,
  report: (diagnostic: Diagnostic) => void,
): Expressions {
  const known = knownFacts(facts);
  let parse: ParseCel | undefined;
  const shown = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !namesSecret(entry[0]),
  );
  return {
    async prepare(file) {
      const scalars = [...file.expressions, ...file.conditions];
      if (scalars.length === 0) return;
      parse ??= (await import('../syntax/cel.ts')).parseCel;
      prepare(file, parse, facts, report);
      for (const names of factsIn(file, parse)) await known.ask(names);
    },
    prepareCondition(file, node) {
      if (parse && !file.templates.has(node) && !file.broken.has(node))
        prepareNode(file, node, [{ cel: String(node.value) }], parse, facts, report);
    },
    async hostname() {
      if (!facts.has('hostname')) return '';
      await known.ask(['hostname']);
      return String(known.values().hostname);
    },
    scope: data => ({
      params: nothingSourced,
      data,
      facts: known,
      env: Object.fromEntries(shown),
      hiddenEnv: namesSecret,
      time: { ms: longestInAll },
      module: '',
    }),
  };
}

/**
 * What follows `facts` in the expressions of a file. A `when` that can't be read says so where it is used.
 */
function factsIn(file: SourceFile, parse: ParseCel): string[][] {
  const paths = [...file.templates.values()]
    .flat()
    .flatMap(part => (typeof part === 'string' ? [] : part.cel.paths));
  for (const { value } of file.conditions) {
    try {
      if (String(value).includes('facts')) paths.push(...parse(String(value)).paths);
    } catch {}
  }
  return paths.flatMap(([root, ...names]) => (root === 'facts' ? [names] : []));
}
