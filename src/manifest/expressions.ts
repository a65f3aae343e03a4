import type { Scalar } from 'yaml';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Json } from '../engine/catalog.ts';
import { type ParseCel, prepare, prepareNode } from './evaluate.ts';
import type { Facts } from './facts.ts';
import { nothingSourced, type Scope, type Sourced } from './scope.ts';
import type { NamesSecret } from './secret-names.ts';
import type { SourceFile } from './source-file.ts';

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
  const names = [...facts.keys()];
  const values: { [name: string]: Json } = {};
  let parse: ParseCel | undefined;
  const shown = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !namesSecret(entry[0]),
  );
  const ask = async (name: string) => {
    if (!Object.hasOwn(values, name)) values[name] = await facts.get(name)!.read();
  };
  return {
    async prepare(file) {
      const scalars = [...file.expressions, ...file.conditions];
      if (scalars.length === 0) return;
      parse ??= (await import('./cel.ts')).parseCel;
      prepare(file, parse, names, report);
      for (const { value } of scalars)
        for (const name of names)
          if (String(value).includes('facts') && String(value).includes(name)) await ask(name);
    },
    prepareCondition(file, node) {
      if (parse && !file.templates.has(node) && !file.broken.has(node))
        prepareNode(file, node, [{ cel: String(node.value) }], parse, names, report);
    },
    async hostname() {
      if (!facts.has('hostname')) return '';
      await ask('hostname');
      return String(values.hostname);
    },
    scope: data => ({
      params: nothingSourced,
      data,
      facts: values,
      env: Object.fromEntries(shown),
      hiddenEnv: namesSecret,
      factNames: names,
      time: { ms: longestInAll },
      module: '',
    }),
  };
}
