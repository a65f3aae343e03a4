import { createContext, Script } from 'node:vm';
import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import type { Json } from '../../engine/model/catalog.ts';

/** What expressions may name. `each` has a value below `for_each` alone. */
export const variables = ['params', 'facts', 'env', 'data', 'each'] as const;
export type Variable = (typeof variables)[number];

/** One parsed and checked expression. */
export interface Cel {
  /** Every chain of names that starts at a variable: `params.a.b` is `['params', 'a', 'b']`. */
  paths: string[][];
  /** The chain, when the whole expression is one. */
  path?: string[];
  /** The value for these variables. Throws a CelFault. */
  run(values: Partial<Record<Variable, unknown>>, time: TimeLeft, textOf?: TextOf): Json;
}

/**
 * How a scalar was written that another text stands for as well; `path` is undefined when it isn't known
 * before.
 */
export type TextOf = (value: Json, path: string[] | undefined) => string | undefined;

/** What expressions that loop or match may still take, in ms, all of a run together. */
export interface TimeLeft {
  ms: number;
}

/** A scalar with expressions, parsed. */
export type Template = (string | { source: string; cel: Cel })[];

/** A mistake in an expression; `from` and `to` are UTF-16 offsets into it, for a mistake of syntax. */
export class CelFault extends Error {
  override readonly name = 'CelFault';
  readonly from: number | undefined;
  readonly to: number | undefined;
  constructor(message: string, range?: { start: number; end: number }) {
    super(message);
    this.from = range?.start;
    this.to = range?.end;
  }
}

const environment = new Environment({
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: 2000, maxDepth: 64, maxListElements: 500, maxMapEntries: 500 },
});
for (const name of variables) environment.registerVariable(name, 'map');

/**
 * `string(data.version)` is the text that was written (`1.10`), as it is where text is meant without it. CEL
 * has no such text, so each `string(X)` is run as this function of `string(X)`, X and the chain that X is.
 */
const asWritten = 'asWritten_';
let textOfRun: TextOf | undefined;
environment.registerFunction(
  `${asWritten}(string, dyn, string): string`,
  (text: string, value: unknown, chain: string) =>
    textOfRun?.(
      typeof value === 'bigint' ? Number(value) : (value as Json),
      chain === '' ? undefined : (JSON.parse(chain) as string[]),
    ) ?? text,
);

/** Milliseconds for one expression that loops or matches; any useful one takes less than one. */
const longestRun = 2000;
/** The most that an expression may give: values, and UTF-16 units of text in all. */
const largest = { values: 100_000, text: 8 << 20 };

const parsed = new Map<string, Cel>();

/** Parses and checks an expression. Throws a CelFault with the place of the mistake. */
export function parseCel(source: string): Cel {
  const known = parsed.get(source);
  if (known) return known;
  let evaluate: ReturnType<Environment['parse']>;
  try {
    evaluate = environment.parse(source);
  } catch (error) {
    throw faultOf(error);
  }
  const { valid, error } = evaluate.check();
  if (!valid) throw faultOf(error);
  const paths: string[][] = [];
  const loops = { found: false };
  const path = walk(evaluate.ast, paths, loops);
  const texts = withTexts(source, evaluate.ast);
  if (texts !== source)
    try {
      evaluate = environment.parse(texts);
    } catch {} // a comment before the parenthesis: what was written is right, if with CEL's texts
  const cel: Cel = {
    paths: path ? [...paths, path] : paths,
    ...(path && { path }),
    run(values, time, textOf) {
      textOfRun = textOf;
      try {
        const context = Object.fromEntries(variables.map(name => [name, converted(values[name])]));
        return toJson(loops.found ? bounded(() => evaluate(context), time) : evaluate(context), {
          ...largest,
        });
      } catch (error) {
        throw faultOf(error);
      } finally {
        textOfRun = undefined;
      }
    },
  };
  parsed.set(source, cel);
  return cel;
}

/** The source with each `string(X)` replaced; one inside of another has a text already. */
function withTexts(source: string, ast: ASTNode): string {
  const calls: ASTNode[] = [];
  const find = (part: unknown): boolean => {
    if (Array.isArray(part)) return part.map(find).some(Boolean);
    if (typeof part !== 'object' || part === null || !('op' in part)) return false;
    const node = part as ASTNode;
    const inside = find(node.args);
    if (inside || node.op !== 'call' || node.args[0] !== 'string' || node.args[1].length !== 1) return inside;
    calls.push(node);
    return true;
  };
  find(ast);
  // The last first: what comes before it keeps its place.
  calls.sort((a, b) => b.start - a.start);
  return calls.reduce((text, node) => {
    const argument = (node.args as [string, [ASTNode]])[1][0];
    const chain = walk(argument, [], { found: false });
    const call = text.slice(node.start, node.end);
    const inner = text.slice(call.indexOf('(') + node.start + 1, node.end - 1);
    const name = JSON.stringify(chain ? JSON.stringify(chain) : '');
    return `${text.slice(0, node.start)}${asWritten}(${call}, ${inner}, ${name})${text.slice(node.end)}`;
  }, source);
}

/** Collects chains of names; returns the node's own when it is one. */
function walk(node: ASTNode, paths: string[][], loops: { found: boolean }): string[] | undefined {
  if (node.op === 'id') return (variables as readonly string[]).includes(node.args) ? [node.args] : undefined;
  if (node.op === '.' || node.op === '[]') {
    const [object, key] = node.args as [ASTNode, string | ASTNode];
    const name = typeof key === 'string' ? key : key.op === 'value' ? key.args : undefined;
    const base = walk(object, paths, loops);
    if (base && (typeof name === 'string' || typeof name === 'bigint')) return [...base, String(name)];
    if (base) paths.push(base);
    if (typeof key !== 'string') keep(key, paths, loops);
    return undefined;
  }
  if (node.op === 'rcall' && /^(all|exists|exists_one|map|filter|matches)$/.test(node.args[0]))
    loops.found = true;
  if (node.op === 'call' && node.args[0] === 'matches') loops.found = true;
  keep(node.args, paths, loops);
  return undefined;
}

function keep(part: unknown, paths: string[][], loops: { found: boolean }): void {
  if (Array.isArray(part)) for (const item of part) keep(item, paths, loops);
  else if (typeof part === 'object' && part !== null && 'op' in part) {
    const path = walk(part as ASTNode, paths, loops);
    if (path) paths.push(path);
  }
}

const work: { run: (() => unknown) | undefined } = { run: undefined };
let sandbox: { script: Script; context: object } | undefined;

/** CEL ends always, but nested comprehensions and a pattern that backtracks may take years. */
function bounded(run: () => unknown, time: TimeLeft): unknown {
  const timeout = Math.min(longestRun, Math.ceil(time.ms));
  const tooLong = () =>
    new CelFault(
      timeout < longestRun
        ? 'the expressions of this run take too long together'
        : `the expression takes longer than ${longestRun / 1000} s`,
    );
  if (timeout <= 0) throw tooLong();
  const started = performance.now();
  sandbox ??= { script: new Script('work.run()'), context: createContext({ work }) };
  work.run = run;
  try {
    return sandbox.script.runInContext(sandbox.context, { timeout: longestRun });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw tooLong();
    throw error;
  } finally {
    time.ms -= performance.now() - started;
    work.run = undefined;
  }
}

function faultOf(error: unknown): Error {
  if (error instanceof CelFault) return error;
  if (error instanceof RangeError) return new CelFault('the expression gives too much');
  const { summary, range } = error as { summary?: string; range?: { start: number; end: number } };
  if (typeof summary !== 'string') return error as Error;
  return new CelFault(`${summary[0]!.toLowerCase()}${summary.slice(1)}`, range);
}

const known = new WeakMap<object, unknown>();

/** Data and parameters are the same objects for many expressions. */
function converted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return new Map();
  const result = known.get(value) ?? toCel(value);
  known.set(value, result);
  return result;
}

/**
 * CEL's integers are bigint. Its maps are not objects: one with a member `constructor` is none that it knows.
 */
function toCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(toCel);
  if (typeof value === 'object' && value !== null)
    return new Map(Object.entries(value).map(([key, item]) => [key, toCel(item)]));
  return value;
}

function toJson(value: unknown, left: { values: number; text: number }): Json {
  left.values--;
  if (typeof value === 'string') left.text -= value.length;
  if (left.values < 0 || left.text < 0) throw new CelFault('the expression gives too much');
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new CelFault('the expression gives an integer beyond 2^53');
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new CelFault('the expression does not give a finite number');
  if (value === null || ['string', 'boolean', 'number'].includes(typeof value)) return value as Json;
  if (Array.isArray(value)) return value.map(item => toJson(item, left));
  const plain = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value));
  if (plain)
    return Object.fromEntries(
      Object.entries(value as object).map(([key, item]) => [key, toJson(item, left)]),
    );
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [String(key), toJson(item, left)]));
  throw new CelFault('the expression does not give a text, number, boolean, list or map; try string(...)');
}
