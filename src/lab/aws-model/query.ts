import { ApiError } from './error.ts';
import type { AwsModel, Scalar } from './model.ts';
import { NotOfShape, parseScalar, type Structured, type Value } from './scalar.ts';

/** Parameters by the parts of their names: `Filter.1.Name` is a tree of three. */
interface Tree {
  text?: string;
  below: Map<string, Tree>;
}

/** Every action takes these; they are not in the model. */
const common = new Set(['Action', 'Version']);

const upper = (name: string) => name[0]!.toUpperCase() + name.slice(1);

/**
 * Reads the parameters of one action of EC2's query API as the model describes them, keyed by the model's own
 * names. Throws ApiError: UnknownParameter, MissingParameter, InvalidParameterValue. Source: Amazon EC2 API
 * reference, "Query requests" and "Error codes".
 */
export function readQuery(model: AwsModel, action: string, query: URLSearchParams): Structured {
  const root: Tree = { below: new Map() };
  for (const [name, text] of query) {
    if (common.has(name)) continue;
    let at = root;
    for (const part of name.split('.')) {
      const next = at.below.get(part) ?? { below: new Map() };
      at.below.set(part, next);
      at = next;
    }
    at.text = text;
  }
  const input = model.operations[action]?.input;
  if (input === undefined) return {};
  return structure(model, input, root, '');
}

function structure(model: AwsModel, name: string, tree: Tree, path: string): Structured {
  const shape = model.shapes[name]!;
  if (shape.type !== 'structure') throw new Error(`${name} is not a structure`);
  if (tree.text !== undefined) throw unknown(path);
  const byWire = new Map(
    Object.entries(shape.members).map(([key, it]) => [it.in ?? upper(key), [key, it]] as const),
  );
  const found: Structured = {};
  for (const [wire, below] of tree.below) {
    const member = byWire.get(wire);
    const place = path === '' ? wire : `${path}.${wire}`;
    if (!member) throw unknown(place);
    found[member[0]] = value(model, member[1].shape, below, place);
  }
  for (const needed of shape.required ?? []) {
    if (found[needed] !== undefined) continue;
    const { in: wire = upper(needed) } = shape.members[needed]!;
    throw new ApiError(
      'MissingParameter',
      `The request must contain the parameter ${path === '' ? wire : `${path}.${wire}`}`,
    );
  }
  return found;
}

function value(model: AwsModel, name: string, tree: Tree, path: string): Value {
  const shape = model.shapes[name]!;
  if (shape.type === 'structure') return structure(model, name, tree, path);
  if (shape.type === 'list') {
    // An empty list is written as the bare name without a value.
    if (tree.text === '' && tree.below.size === 0) return [];
    if (tree.text !== undefined) throw unknown(path);
    return [...tree.below]
      .map(([number, below]) => {
        if (!/^\d+$/.test(number)) throw unknown(`${path}.${number}`);
        return [Number(number), below] as const;
      })
      .sort(([a], [b]) => a - b)
      .map(([number, below]) => value(model, shape.member, below, `${path}.${number}`));
  }
  if (tree.below.size > 0 || tree.text === undefined) throw unknown(`${path}.${[...tree.below.keys()][0]}`);
  try {
    return parseScalar(shape as Scalar, tree.text);
  } catch (error) {
    if (!(error instanceof NotOfShape)) throw error;
    throw new ApiError(
      'InvalidParameterValue',
      `Value (${tree.text}) for parameter ${path} is invalid: it ${error.message}`,
    );
  }
}

const unknown = (path: string) => new ApiError('UnknownParameter', `The parameter ${path} is not recognized`);
