import { ApiError } from './error.ts';
import type { AwsModel, Scalar } from './model.ts';
import { checked, fits, NotOfModel, NotOfShape, parseScalar, type Structured, type Value } from './scalar.ts';

/** A request of a REST service that fits one of its operations. */
export interface RestCall {
  operation: string;
  /** Values of the path, decoded. */
  path: Record<string, string>;
}

/** The operation that a method and path ask for; undefined when there is none. `path` without its query. */
export function findOperation(model: AwsModel, method: string, path: string): RestCall | undefined {
  // Where two fit, the one with more fixed parts is meant: /snapshots/completion/{id}.
  const fitting = Object.entries(model.operations)
    .filter(([, { http }]) => http?.[0] === method)
    .map(([operation, { http }]) => ({ operation, template: http![1], path: match(http![1], path) }))
    .filter(it => it.path !== undefined)
    .sort((a, b) => Object.keys(a.path!).length - Object.keys(b.path!).length);
  const [best] = fitting;
  return best && { operation: best.operation, path: best.path! };
}

function match(template: string, path: string): Record<string, string> | undefined {
  const wanted = template.split('?')[0]!.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name === undefined && part !== given[index]) return undefined;
    if (name !== undefined) found[name] = decodeURIComponent(given[index]!);
  }
  return found;
}

/**
 * What a request says, keyed by the model's names; a body that is one blob isn't read here. Throws ApiError.
 */
export function readRest(
  model: AwsModel,
  { operation, path }: RestCall,
  query: URLSearchParams,
  headers: ReadonlyMap<string, string>,
  body: Buffer,
): Structured {
  const input = model.operations[operation]?.input;
  const shape = input === undefined ? undefined : model.shapes[input];
  if (shape?.type !== 'structure') return {};
  const found: Structured = {};
  const inBody = Object.values(shape.members).some(({ at }) => at === undefined) && !shape.payload;
  const json = inBody ? jsonObject(body) : {};
  const wires = new Set(Object.entries(shape.members).map(([key, { in: wire = key }]) => wire));
  const strange = Object.keys(json).find(key => !wires.has(key));
  if (strange !== undefined) throw invalid(`${strange} is not a member of ${operation}`);
  for (const [key, member] of Object.entries(shape.members)) {
    const wire = member.in ?? key;
    if (shape.payload === key) continue;
    if (member.at === undefined) {
      if (json[wire] !== undefined && json[wire] !== null)
        found[key] = fromJson(model, member.shape, json[wire], wire);
      continue;
    }
    const text =
      member.at === 'uri'
        ? path[wire]
        : member.at === 'header'
          ? headers.get(wire.toLowerCase())
          : (query.get(wire) ?? undefined);
    if (text !== undefined) found[key] = scalar(model.shapes[member.shape] as Scalar, text, wire);
  }
  const missing = shape.required?.find(each => found[each] === undefined && each !== shape.payload);
  if (missing !== undefined) throw invalid(`${missing} is missing`);
  return found;
}

/** The input of a JSON 1.1 service's operation. Throws ApiError. */
export function readJsonInput(model: AwsModel, operation: string, body: Buffer): Structured {
  const input = model.operations[operation]?.input;
  return input === undefined ? {} : (fromJson(model, input, jsonObject(body), operation) as Structured);
}

/** An answer's JSON and headers. Throws an Error for what the model doesn't have. */
export function writeRest(
  model: AwsModel,
  operation: string,
  output: object,
): { status: number; headers: Record<string, string>; json: string } {
  const { output: name, http } = model.operations[operation]!;
  const headers: Record<string, string> = {};
  const shape = name === undefined ? undefined : model.shapes[name];
  if (shape?.type !== 'structure') return { status: http?.[2] ?? 200, headers, json: '{}' };
  const body: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(output)) {
    const member = shape.members[key];
    if (!member) throw new NotOfModel(`${operation}: the model of ${name} has no ${key}`);
    if (value === undefined || key === shape.payload) continue;
    if (member.at === 'header') headers[member.out ?? key] = String(value);
    else body[member.out ?? key] = toJson(model, member.shape, value, `${operation}.${key}`);
  }
  return { status: http?.[2] ?? 200, headers, json: JSON.stringify(body) };
}

function toJson(model: AwsModel, name: string, value: unknown, path: string): unknown {
  const shape = model.shapes[name]!;
  if (!fits(shape, value)) throw new NotOfModel(`${path} is not a ${shape.type}`);
  switch (shape.type) {
    case 'structure':
      return Object.fromEntries(
        Object.entries(value as object)
          .filter(([, each]) => each !== undefined)
          .map(([key, each]) => {
            const member = shape.members[key];
            if (!member) throw new NotOfModel(`${path}: the model of ${name} has no ${key}`);
            return [member.out ?? key, toJson(model, member.shape, each, `${path}.${key}`)];
          }),
      );
    case 'list':
      return (value as unknown[]).map((each, index) =>
        toJson(model, shape.member, each, `${path}[${index}]`),
      );
    case 'map':
      return Object.fromEntries(
        Object.entries(value as object).map(([key, each]) => [key, toJson(model, shape.value, each, path)]),
      );
    case 'timestamp':
      return (value as Date).getTime() / 1000;
    case 'string':
      return checked(shape, value as string);
    default:
      return value;
  }
}

function fromJson(model: AwsModel, name: string, value: unknown, path: string): Value {
  const shape = model.shapes[name]!;
  if (shape.type === 'timestamp' && typeof value === 'number') return new Date(value * 1000);
  if (shape.type === 'blob' && typeof value === 'string') return Buffer.from(value, 'base64');
  if (!fits(shape, value)) throw invalid(`${path} is not a ${shape.type}`);
  switch (shape.type) {
    case 'structure': {
      const found: Structured = {};
      for (const [key, each] of Object.entries(value as object)) {
        const member = Object.entries(shape.members).find(([own, { in: wire = own }]) => wire === key);
        if (!member) throw invalid(`${path}.${key} is not known`);
        if (each !== null) found[member[0]] = fromJson(model, member[1].shape, each, `${path}.${key}`);
      }
      const missing = shape.required?.find(each => found[each] === undefined);
      if (missing !== undefined) throw invalid(`${path}.${missing} is missing`);
      return found;
    }
    case 'list':
      return (value as unknown[]).map((each, at) => fromJson(model, shape.member, each, `${path}[${at}]`));
    case 'map':
      return Object.fromEntries(
        Object.entries(value as object).map(([key, each]) => [key, fromJson(model, shape.value, each, path)]),
      );
    default:
      return scalar(shape, value as string | number | boolean, path);
  }
}

function scalar(shape: Scalar, given: string | number | boolean, path: string): Value {
  try {
    if (typeof given === 'boolean') return given;
    return typeof given === 'number' ? checked(shape, given) : parseScalar(shape, given);
  } catch (error) {
    if (!(error instanceof NotOfShape)) throw error;
    throw invalid(`${path} ${error.message}`);
  }
}

function jsonObject(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString() || '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {}
  throw new ApiError('SerializationException', 'The body is not a JSON object.');
}

const invalid = (why: string) => new ApiError('ValidationException', `1 validation error detected: ${why}`);
