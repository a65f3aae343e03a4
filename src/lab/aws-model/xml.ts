import type { ApiError } from './error.ts';
import type { AwsModel, Scalar } from './model.ts';
import { checked, fits, NotOfModel } from './scalar.ts';

const escaped = (text: string): string =>
  text.replace(/[&<>"']|[^\P{Cc}\t\n]/gu, character => `&#${character.charCodeAt(0)};`);

const lower = (name: string) => name[0]!.toLowerCase() + name.slice(1);

/**
 * Values that AWS sends though its model doesn't list them. The model says `Windows` for Instance.Platform,
 * whose own text says `windows`, which is what is sent; the reference's example of DescribeInternetGateways
 * has the attachment state `available`.
 */
const unlisted = new Set(['PlatformValues windows', 'AttachmentStatus available']);

/**
 * The answer to one action of EC2's query API. Throws an Error for what the model doesn't have: the lab is
 * then wrong, and says so rather than teach its clients.
 */
export function writeAnswer(model: AwsModel, action: string, output: object, requestId: string): string {
  const shape = model.operations[action]?.output;
  const body = shape === undefined ? '<return>true</return>' : structure(model, shape, output, action);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="http://ec2.amazonaws.com/doc/${model.apiVersion}/"><requestId>${requestId}</requestId>${body}</${action}Response>`;
}

/** EC2's error document. */
export const writeError = ({ code, message }: ApiError, requestId: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>${escaped(code)}</Code><Message>${escaped(message)}</Message></Error></Errors><RequestID>${requestId}</RequestID></Response>`;

/** What a structure of the model is as XML. Throws an Error for what the model doesn't have. */
export const writeShape = (model: AwsModel, name: string, given: object, path: string): string =>
  structure(model, name, given, path);

function structure(model: AwsModel, name: string, given: object, path: string): string {
  const shape = model.shapes[name]!;
  if (shape.type !== 'structure') throw new Error(`${path}: ${name} is not a structure`);
  const unknown = Object.keys(given).find(key => !Object.hasOwn(shape.members, key));
  if (unknown !== undefined) throw new NotOfModel(`${path}: the model of ${name} has no ${unknown}`);
  return Object.entries(shape.members)
    .map(([key, member]) => {
      const value = (given as Record<string, unknown>)[key];
      if (value === undefined) return '';
      const wire = member.out ?? lower(key);
      return `<${wire}>${content(model, member.shape, value, `${path}.${key}`)}</${wire}>`;
    })
    .join('');
}

function content(model: AwsModel, name: string, value: unknown, path: string): string {
  const shape = model.shapes[name]!;
  if (!fits(shape, value)) throw new NotOfModel(`${path} is not a ${shape.type}`);
  switch (shape.type) {
    case 'structure':
      return structure(model, name, value as object, path);
    case 'list':
      return (value as unknown[])
        .map(
          (each, index) =>
            `<${shape.item}>${content(model, shape.member, each, `${path}[${index}]`)}</${shape.item}>`,
        )
        .join('');
    case 'map':
      throw new Error(`${path}: EC2 answers no maps`);
    case 'timestamp':
      return (value as Date).toISOString();
    case 'blob':
      return Buffer.from(value as Uint8Array).toString('base64');
    default:
      if (typeof value === 'string' && !unlisted.has(`${name} ${value}`)) check(shape, value, path);
      return escaped(String(value));
  }
}

function check(shape: Scalar, value: string, path: string): void {
  try {
    checked(shape, value);
  } catch (error) {
    throw new NotOfModel(`${path} ${(error as Error).message}`);
  }
}
