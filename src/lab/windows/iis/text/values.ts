import { type AttributeSchema, same } from '../schema/model.ts';
import { EXIT, failure } from './messages.ts';

/**
 * A value in the form that IIS keeps: `true`, the declared case of an enum's name, flags in declared order,
 * `[d.]hh:mm:ss`. Throws for a value that the schema doesn't allow.
 */
export function canonical(schema: AttributeSchema, value: string): string {
  const bad = () => failure(EXIT.invalidParameter, 'badValue', schema.name, value);
  switch (schema.type) {
    case 'bool':
      if (same(value, 'true') || value === '1') return 'true';
      if (same(value, 'false') || value === '0') return 'false';
      throw bad();
    case 'enum': {
      const found = schema.names.find(name => same(name, value));
      if (found === undefined) throw failure(EXIT.invalidParameter, 'badEnum', schema.names.join(', '));
      return found;
    }
    case 'flags':
      return flags(schema, value);
    case 'uint':
    case 'int':
    case 'int64':
      return whole(schema, value);
    case 'timeSpan':
      return timeSpan(schema, value);
    default:
      if (schema.nonEmpty && value === '') throw bad();
      if (schema.check && !CHECKS[schema.check](value)) throw bad();
      return value;
  }
}

const wellPlaced = (path: string) =>
  path === '/' ||
  (path.startsWith('/') &&
    !path.endsWith('/') &&
    !path.split('/').some(part => part === '.' || part === '..'));
const CHECKS: Record<NonNullable<AttributeSchema['check']>, (value: string) => boolean> = {
  applicationPoolName: value => value.length <= 64 && !/[|<>&"/[\]+=;:,?*@\\]/.test(value),
  siteName: value => value !== '' && !/[/?\\]/.test(value),
  applicationPath: wellPlaced,
  virtualDirectoryPath: wellPlaced,
};

function flags(schema: AttributeSchema, value: string): string {
  const asked = value
    .split(/[,|]/)
    .map(part => part.trim())
    .filter(part => part !== '');
  const unknown = asked.filter(flag => !schema.names.some(name => same(name, flag)));
  if (unknown.length > 0 || (asked.length === 0 && value !== ''))
    throw failure(EXIT.invalidParameter, 'badFlags', schema.names.join(', '));
  return schema.names.filter(name => asked.some(flag => same(flag, name))).join(', ');
}

const LIMITS = {
  uint: [0, 2 ** 32 - 1],
  int: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 53), 2 ** 53],
} as const;

function whole(schema: AttributeSchema, value: string): string {
  if (!/^(-?\d+|0x[\da-f]+)$/i.test(value))
    throw failure(EXIT.invalidParameter, 'badValue', schema.name, value);
  const number = Number(value);
  const [least, most] = LIMITS[schema.type as keyof typeof LIMITS];
  const { from, to } = schema.range ?? { from: least, to: most };
  if (number < from || number > to)
    throw failure(EXIT.invalidParameter, 'outOfRange', 'Integer', String(from), String(to));
  return String(number);
}

function timeSpan(schema: AttributeSchema, value: string): string {
  const seconds = spanSeconds(value);
  if (seconds === undefined) throw failure(EXIT.invalidParameter, 'badValue', schema.name, value);
  const { range } = schema;
  if (range && (seconds < range.from || seconds > range.to || seconds % range.step !== 0))
    throw failure(
      EXIT.invalidParameter,
      'outOfRange',
      'Timespan',
      spanText(range.from),
      `${spanText(range.to)} seconds, with a granularity of ${range.step} seconds`,
    );
  return spanText(seconds);
}

const SPAN = /^(?:(\d+)\.)?(\d{1,5}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,7}))?$/;

/** Seconds of `[d.]hh:mm:ss[.f]`; hours may exceed 23, as IIS's own default `29:00:00` does. */
export function spanSeconds(value: string): number | undefined {
  const found = SPAN.exec(value);
  if (!found) return undefined;
  const [, days = '0', hours, minutes, seconds, fraction = '0'] = found;
  if (Number(minutes) > 59 || Number(seconds) > 59) return undefined;
  return (
    Number(days) * 86400 +
    Number(hours) * 3600 +
    Number(minutes) * 60 +
    Number(seconds) +
    Number(`0.${fraction}`)
  );
}

/** The form in which IIS gives a time span back: `29:00:00` is `1.05:00:00`. */
export function spanText(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const days = Math.floor(seconds / 86400);
  const part = Math.round((seconds % 1) * 1e7);
  return `${days > 0 ? `${days}.` : ''}${two((seconds / 3600) % 24)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}${part > 0 ? `.${String(part).padStart(7, '0')}` : ''}`;
}

/** What an attribute is when nobody set it. */
export function defaultValue(schema: AttributeSchema): string {
  if (schema.default === undefined)
    return (
      { bool: 'false', uint: '0', int: '0', int64: '0', timeSpan: '00:00:00' }[schema.type as string] ?? ''
    );
  return schema.type === 'timeSpan' ? spanText(spanSeconds(schema.default)!) : schema.default;
}
