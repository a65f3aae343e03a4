import type { Scalar, Shape } from './model.ts';

/** A value of an input or output, keyed by the model's names as the SDKs have them. */
export type Value =
  | string
  | number
  | boolean
  | Date
  | Uint8Array
  | Value[]
  | { [name: string]: Value | undefined };
export type Structured = { [name: string]: Value | undefined };

/** Why a text is not of a shape, `undefined` when it is: for errors and for the lab's own answers. */
export class NotOfShape extends Error {}

/** An answer of the lab that AWS's model doesn't have: the lab is wrong. Says where, and shows no value. */
export class NotOfModel extends Error {}

/** What a text on the wire stands for. Throws NotOfShape. */
export function parseScalar(shape: Scalar, text: string): string | number | boolean | Date | Uint8Array {
  switch (shape.type) {
    case 'integer':
    case 'long':
      if (!/^-?\d+$/.test(text)) throw new NotOfShape('is not a whole number');
      return checked(shape, Number(text));
    case 'float':
    case 'double':
      if (text.trim() === '' || !Number.isFinite(Number(text))) throw new NotOfShape('is not a number');
      return checked(shape, Number(text));
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw new NotOfShape('is neither true nor false');
      return text === 'true';
    case 'timestamp': {
      const time = new Date(text);
      if (Number.isNaN(time.getTime())) throw new NotOfShape('is not a time');
      return time;
    }
    case 'blob':
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)) throw new NotOfShape('is not Base64');
      return Buffer.from(text, 'base64');
    case 'string':
      return checked(shape, text);
  }
}

/** The value itself, where it keeps what the shape says. Throws NotOfShape. */
export function checked(shape: Scalar, value: string | number): string | number {
  if (typeof value === 'string') {
    if (shape.enum && !shape.enum.includes(value))
      throw new NotOfShape(`is not one of ${shape.enum.join(', ')}`);
    if (shape.pattern !== undefined && !new RegExp(`^(?:${shape.pattern})$`, 'u').test(value))
      throw new NotOfShape(`does not fit ${shape.pattern}`);
  }
  const size: number = typeof value === 'string' ? value.length : value;
  if (shape.min !== undefined && size < shape.min) throw new NotOfShape(`is below ${shape.min}`);
  if (shape.max !== undefined && size > shape.max) throw new NotOfShape(`is above ${shape.max}`);
  return value;
}

/** Whether a value has the type that the shape asks for; an answer of the lab that has not is a bug. */
export function fits(shape: Shape, value: unknown): boolean {
  switch (shape.type) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
    case 'long':
      return Number.isInteger(value);
    case 'float':
    case 'double':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'timestamp':
      return value instanceof Date;
    case 'blob':
      return value instanceof Uint8Array;
    case 'list':
      return Array.isArray(value);
    default:
      return typeof value === 'object' && value !== null && !Array.isArray(value);
  }
}
