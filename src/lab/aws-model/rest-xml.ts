import { parseXml, type XmlElement } from '../../io/xml.ts';
import { ApiError } from './error.ts';
import type { AwsModel, Scalar } from './model.ts';
import { type RestCall, readRest } from './rest.ts';
import { NotOfShape, parseScalar, type Structured } from './scalar.ts';
import { writeShape } from './xml.ts';

/** What a request of a REST service of XML says, keyed by the model's names. Throws ApiError. */
export function readRestXml(
  model: AwsModel,
  call: RestCall,
  query: URLSearchParams,
  headers: ReadonlyMap<string, string>,
  body: Buffer,
): Structured {
  const input = model.operations[call.operation]?.input;
  if (body.length === 0 || input === undefined) return readRest(model, call, query, headers, Buffer.alloc(0));
  const root = parsed(body);
  if (root.name !== input) throw invalid(`the document is ${root.name}, not ${input}`);
  const json = JSON.stringify(jsonOf(model, input, root, input));
  return readRest(model, call, query, headers, Buffer.from(json));
}

/** The answer to an operation, as a document of its name. Throws an Error for what the model doesn't have. */
export const writeRestXml = (model: AwsModel, operation: string, output: object, namespace: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${operation}Response xmlns="${namespace}">${writeShape(model, model.operations[operation]!.output!, output, operation)}</${operation}Response>`;

/** The same as the JSON that it would be, which the model is then held against. */
function jsonOf(model: AwsModel, name: string, element: XmlElement, path: string): unknown {
  const shape = model.shapes[name]!;
  switch (shape.type) {
    case 'structure': {
      const found: Record<string, unknown> = {};
      for (const child of element.children) {
        const member = Object.entries(shape.members).find(([key, { in: wire = key }]) => wire === child.name);
        if (!member || Object.hasOwn(found, child.name)) throw invalid(`${path}.${child.name} is not known`);
        found[child.name] = jsonOf(model, member[1].shape, child, `${path}.${child.name}`);
      }
      return found;
    }
    case 'list':
      return element.children.map((child, at) => {
        if (child.name !== shape.item) throw invalid(`${path} has ${child.name}, not ${shape.item}`);
        return jsonOf(model, shape.member, child, `${path}[${at}]`);
      });
    case 'map':
      throw invalid(`${path} is a map`);
    default:
      return scalarOf(shape, element.text, path);
  }
}

function scalarOf(shape: Scalar, text: string, path: string): unknown {
  try {
    return parseScalar(shape, text);
  } catch (error) {
    if (!(error instanceof NotOfShape)) throw error;
    throw invalid(`${path} ${error.message}`);
  }
}

function parsed(body: Buffer): XmlElement {
  try {
    return parseXml(body.toString());
  } catch {
    throw invalid('the body is not XML');
  }
}

const invalid = (why: string) => new ApiError('InvalidInput', `Invalid XML ; ${why}`);
