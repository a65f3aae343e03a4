import { isScalar, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { isSecretRef, type Json } from '../../engine/model/catalog.ts';
import { pointerTo } from '../../engine/model/pointer.ts';
import { type Facts, unknownFact } from '../scope/facts.ts';
import type { Reading } from '../scope/reading.ts';
import { below, type Layer, type Scope, type Sourced, type Trace } from '../scope/scope.ts';
import type { Cel, CelFault, Template, TextOf } from '../syntax/cel.ts';
import { literal, readExpression, type TemplatePart } from '../syntax/expression.ts';
import { coreValue, quoted } from '../syntax/scalar.ts';
import { place, placeOf, type SourceFile, sourceOf } from '../syntax/source-file.ts';

/** An expression was wrong and has been reported, or may not be reported here. */
export const failed: unique symbol = Symbol('failed');

/**
 * Parses and checks the expressions of a file: a mistake of syntax, an unknown variable or a fact that
 * there is none of is found whatever the values are. Fills `file.templates`.
 */
export function prepare(file: SourceFile, parse: ParseCel, facts: Facts, report: Reading['report']): void {
  for (const node of file.expressions) {
    const read = readExpression(String(node.value));
    if (read.kind === 'template') prepareNode(file, node, read.parts, parse, facts, report);
  }
}

export type ParseCel = (source: string) => Cel;

/** The same for one scalar that is made of these parts. */
export function prepareNode(
  file: SourceFile,
  node: Scalar,
  parts: TemplatePart[],
  parse: ParseCel,
  facts: Facts,
  report: Reading['report'],
): void {
  const template: Template = [];
  for (const part of parts) {
    if (typeof part === 'string') template.push(part);
    else {
      const cel = checked(file, node, part.cel, parse, facts, report);
      if (cel) template.push({ source: part.cel, cel });
      else file.broken.add(node);
    }
  }
  file.templates.set(node, template);
}

function checked(
  file: SourceFile,
  node: Scalar,
  source: string,
  parse: ParseCel,
  facts: Facts,
  report: Reading['report'],
): Cel | undefined {
  const refuse = (message: string, from?: number, to?: number, hint?: string) => {
    const hidden = file.hidden.has(node);
    const at = placeIn(file, node, source, from, to);
    report(
      given('bad-expression', hidden ? "the expression in `${...}` can't be read" : message, {
        at,
        ...(hint === undefined || hidden ? {} : { hint }),
      }),
    );
  };
  try {
    const cel = parse(source);
    for (const [root, ...names] of cel.paths) {
      const wrong = root === 'facts' ? unknownFact(facts, names) : undefined;
      if (!wrong) continue;
      const name = names[wrong.index]!;
      const from = source.indexOf(name, source.indexOf(names[0]!) + (wrong.index && names[0]!.length));
      refuse(
        `there is no fact ${quoted(names.slice(0, wrong.index + 1).join('.'))}`,
        from,
        from + name.length,
        suggest(name, wrong.names) ?? `there are ${wrong.names.join(', ')}`,
      );
      return undefined;
    }
    return cel;
  } catch (error) {
    const { message, from, to } = error as CelFault;
    if ((error as Error).name !== 'CelFault') throw error;
    const unknown = /^unknown variable: (.+)$/.exec(message)?.[1];
    if (unknown)
      refuse(
        `there is no variable ${quoted(unknown)}`,
        from,
        to,
        suggest(unknown, ['params', 'facts', 'env', 'data', 'each']) ??
          'expressions know params, facts, env, data, and each below `for_each`; text goes in quotes',
      );
    else refuse(`\`\${...}\`: ${message}`, from, to);
  }
  return undefined;
}

/** The place of a part of an expression, as exactly as quotes and escapes let it be told. */
function placeIn(file: SourceFile, node: Node, source: string, from = 0, to = source.length): SourceRange {
  const start = sourceOf(file, node).indexOf(source);
  if (start === -1) return placeOf(file, node);
  const base = (node.range?.[0] ?? 0) + start;
  return place(file, base + from, base + Math.max(to, from + 1));
}

/** A node with its expressions computed: itself when it has none. */
export function evaluated(
  written: Node | null,
  node: Node | null,
  reading: Reading,
): Node | null | typeof failed {
  const { file, scope } = reading;
  if (!isScalar(node)) return written;
  if (file.broken.has(node)) return failed;
  const template = file.templates.get(node);
  if (!template) return written;
  if (!scope) {
    reading.report(
      given('bad-expression', "an expression can't be used here", {
        at: placeOf(file, node),
        hint: 'write the value itself',
      }),
    );
    return failed;
  }
  const refuse = (message: string, part?: string, fatal = true, hint?: string): typeof failed => {
    if (!fatal && reading.lenient) return failed;
    const at = part === undefined ? placeOf(file, node) : placeIn(file, node, part);
    const text = file.hidden.has(node) ? "the expression in `${...}` can't be computed" : message;
    reading.report(given('bad-expression', text, { at, ...(hint === undefined ? {} : { hint }) }));
    return failed;
  };
  const values: Json[] = [];
  const paths: string[][] = [];
  for (const part of template) {
    if (typeof part === 'string') {
      values.push(part);
      continue;
    }
    const wrong = unknownName(part.cel, scope);
    if (wrong) return refuse(wrong.message, part.source, !wrong.dynamic, wrong.hint);
    paths.push(...part.cel.paths);
    if (part.cel.paths.some(path => isBroken(path, scope))) return failed;
    try {
      values.push(
        part.cel.run(
          {
            params: scope.params.value,
            data: scope.data.value,
            each: scope.each?.value,
            facts: scope.facts.values(),
            env: scope.env,
          },
          scope.time,
          textsIn(scope, part.cel.paths),
        ),
      );
    } catch (error) {
      if ((error as Error).name !== 'CelFault') throw error;
      return refuse(`\`\${${short(part.source)}}\`: ${(error as Error).message}`, part.source, false);
    }
  }
  const whole = template.length === 1;
  if (!whole && values.some(value => typeof value === 'object'))
    return refuse(
      values.some(isSecretRef)
        ? "a secret can't be put into text: it has to be the whole value"
        : 'only text, numbers and booleans can be put into text',
      undefined,
      false,
    );
  const textOf = textsIn(scope, paths);
  const value = whole ? values[0]! : values.map(one => textOf(one, undefined) ?? String(one)).join('');
  const only = template[0];
  const path = whole && typeof only === 'object' ? only.cel.path : undefined;
  const trace: Trace = {
    at: placeOf(file, node),
    inputs: paths.map(names => ({ name: names.join('.'), layers: layersOf(scope, names) })),
  };
  const result = toNode(value, node, path, { scope, textOf }, reading);
  reading.traces.set(result, trace);
  return result;
}

/**
 * Texts of the scalars that an expression reads. One that it takes from a place whose name isn't known before
 * it is computed has the text of any that it may have been: those with one value differ in nothing else.
 */
function textsIn(scope: Scope, paths: readonly string[][]): TextOf {
  const roots = { params: scope.params, data: scope.data, each: scope.each };
  const textsOf = (root: string | undefined) => roots[root as keyof typeof roots]?.texts;
  const isIt = (text: string, value: Json) => Object.is(coreValue(text), value);
  let all: string[] | undefined;
  return (value, path) => {
    if (typeof value !== 'number' && typeof value !== 'boolean') return undefined;
    if (path) {
      const text = textsOf(path[0])?.get(pointerTo(path.slice(1)));
      return text !== undefined && isIt(text, value) ? text : undefined;
    }
    all ??= paths.flatMap(([root, ...names]) => {
      const at = pointerTo(names);
      return [...(textsOf(root) ?? [])].flatMap(([pointer, text]) =>
        pointer === at || pointer.startsWith(`${at}/`) ? [text] : [],
      );
    });
    return all.find(text => isIt(text, value));
  };
}

const short = (source: string): string => (source.length > 60 ? `${source.slice(0, 57)}...` : source);

const sourcedOf = (scope: Scope, root: string | undefined): Sourced | undefined =>
  root === 'params' ? scope.params : root === 'data' ? scope.data : root === 'each' ? scope.each : undefined;

function layersOf(scope: Scope, [root, ...names]: string[]): Layer[] {
  const from = sourcedOf(scope, root);
  if (from) return from.layers(names);
  const value = [root === 'facts' ? scope.facts.values() : scope.env, ...names].reduce(
    (found, name) => below(found as Json, name as string) as never,
  ) as Json | undefined;
  return value === undefined
    ? []
    : [{ from: root === 'env' ? 'the environment' : scope.facts.from(names), value }];
}

/** A name that the variables lack. Params, facts and `each` are known before anything is computed. */
function unknownName(
  { paths }: Cel,
  scope: Scope,
): { message: string; hint?: string | undefined; dynamic?: boolean } | undefined {
  for (const [root, name, ...inner] of paths) {
    const trouble = root === 'facts' && name !== undefined && scope.facts.trouble([name, ...inner]);
    if (trouble) {
      const said = `the fact ${quoted([name, ...inner].join('.'))} can't be read: ${trouble.message}`;
      return { message: said, hint: trouble.hint, dynamic: true };
    }
    if (root === 'each' && !scope.each)
      return { message: '`each` is known only where the resource says `for_each`' };
    if (name === undefined) continue;
    if (root === 'params' && !Object.hasOwn(scope.params.value, name)) {
      const hint = suggest(name, Object.keys(scope.params.value));
      return { message: `there is no parameter ${quoted(name)}`, hint };
    }
    if (root === 'env' && scope.hiddenEnv(name))
      return {
        message: `the environment variable ${name} is likely to hold a secret`,
        hint: `write \${secret('env:${name}')} where a secret goes`,
      };
    if (root === 'env' && !Object.hasOwn(scope.env, name))
      return { message: `the environment variable ${name} is not set`, dynamic: true };
    if (root === 'each' && name !== 'key' && name !== 'value')
      return { message: `\`each\` has \`key\` and \`value\`, and no ${quoted(name)}` };
  }
  return undefined;
}

/** A value as a tree of nodes that is where the expression stands, and knows where it came from. */
function toNode(
  value: Json,
  from: Node,
  path: string[] | undefined,
  known: { scope: Scope; textOf: TextOf },
  reading: Reading,
): Node {
  const { scope, textOf } = known;
  const inner = (item: Json, name: string): Node =>
    toNode(item, from, path && [...path, name], known, reading);
  const make = (): Node => {
    if (isSecretRef(value)) {
      const quote = value.$secret.includes("'") ? '"' : "'";
      return quotedScalar(`\${secret(${quote}${value.$secret}${quote})}`);
    }
    if (typeof value === 'string') return quotedScalar(literal(value));
    if (value === null || typeof value !== 'object') {
      const scalar = new Scalar(value === null ? '' : (textOf(value, path) ?? String(value)));
      scalar.type = 'PLAIN';
      return scalar;
    }
    if (Array.isArray(value)) {
      const list = new YAMLSeq<Node>();
      list.items = value.map((item, index) => inner(item, String(index)));
      return list;
    }
    const map = new YAMLMap<Node, Node>();
    map.items = Object.entries(value).map(([name, item]) => {
      const key = quotedScalar(name);
      key.range = from.range!;
      return new Pair<Node, Node>(key, inner(item, name));
    });
    return map;
  };
  const node = make();
  node.range = from.range!;
  if (path) {
    const [root, ...names] = path;
    const origin = sourcedOf(scope, root)?.layers(names).at(-1);
    if (origin?.at) reading.origins.set(node, origin.trace ? originOf(origin) : origin.at);
  }
  return node;
}

/** Through modules in modules: the first place that says the value. */
function originOf(layer: Layer): SourceRange {
  const inner = layer.trace?.inputs.length === 1 ? layer.trace.inputs[0]!.layers.at(-1) : undefined;
  return inner?.at ? originOf(inner) : (layer.at ?? layer.trace!.at);
}

function quotedScalar(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = 'QUOTE_SINGLE';
  return scalar;
}

/** Whether what an expression reads there has a mistake, which was told. */
const isBroken = ([root, name]: string[], { dataIsBroken, brokenParams }: Scope): boolean =>
  root === 'data' ? dataIsBroken === true : root === 'params' && brokenParams?.has(name ?? '') === true;
