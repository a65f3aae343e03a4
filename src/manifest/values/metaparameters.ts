import type { CatalogResource, Json, Metaparameters, Reference, Window } from '../../engine/model/catalog.ts';
import type { MetaparameterName } from '../../engine/model/metaparameters.ts';
import type { AnyResourceType } from '../../engine/model/resource-type.ts';
import { weekdays } from '../../engine/model/window.ts';
import { parseDuration } from '../../io/duration.ts';
import { type JsonSchema, valueSchema } from '../schema/json-schema.ts';
import { fault, type Reading } from '../scope/reading.ts';

const text: JsonSchema = { type: 'string' };
const texts = (description: string): JsonSchema => ({
  description,
  anyOf: [text, { type: 'array', items: text }],
});

/** Engine-owned keys that work: name to the schema of the value. */
export const metaparameters: Record<MetaparameterName, JsonSchema> = {
  ensure: {
    enum: ['present', 'absent'],
    description: 'Whether it has to be there (default) or has to be gone.',
  },
  require: texts('Resources (`type:title`) that are applied before this one.'),
  before: texts('Resources (`type:title`) that are applied after this one.'),
  notify: texts('Resources (`type:title`) that are refreshed when this one changes.'),
  subscribe: texts('Resources (`type:title`) whose changes refresh this one.'),
  noop: { type: 'boolean', description: 'Show what would change, and change nothing.' },
  labels: texts('Names for `--only label:NAME`.'),
  when: { ...text, description: "CEL: the resource is left out when it is false: `facts.os == 'windows'`." },
  for_each: { description: 'A list or map: one resource per item, with `each.key` and `each.value`.' },
  target: { ...text, description: 'Where the resource lives, when there are several targets of its kind.' },
  protect: {
    type: 'boolean',
    description: 'Refuse to delete it, unless `--allow` names it.',
  },
  window: {
    type: 'object',
    description: 'Change it only in this maintenance window; outside it a change is held.',
    properties: {
      days: {
        type: 'array',
        items: { enum: [...weekdays] },
        description: 'Days on which the window begins; every day when left out.',
      },
      from: { ...text, format: 'time-of-day', description: 'When it opens, `HH:MM`.' },
      to: {
        ...text,
        format: 'time-of-day',
        description: 'When it closes; on the next day if not after `from`.',
      },
      timezone: {
        ...text,
        format: 'timezone',
        description: 'IANA name, `Europe/Dublin`; UTC when left out.',
      },
    },
    required: ['from', 'to'],
    additionalProperties: false,
  },
  timeout: {
    ...text,
    format: 'duration',
    description: 'Longest that one observation, change or refresh may take: `10m`.',
  },
  retry: {
    description:
      'How often a change or refresh that failed is tried again; `wait` (default 1s) doubles each time. When left out it is twice, and only where the type says that this is safe.',
    anyOf: [
      { type: 'integer' },
      {
        type: 'object',
        properties: {
          attempts: { type: 'integer', description: 'How often it is tried again.' },
          wait: { ...text, format: 'duration', description: 'Before the first time; doubles each time.' },
        },
        required: ['attempts'],
        additionalProperties: false,
      },
    ],
  },
};

/** The wait doubles: nobody waits for more. */
const mostAttempts = 20;

/** Names that no type and no module parameter may use either, kept for later. */
export const reservedMetaparameters = ['select', 'purge'];

/** Those that a use of a module takes. */
export const moduleMetaparameters: Record<string, JsonSchema> = Object.fromEntries(
  (['require', 'before', 'notify', 'subscribe', 'noop', 'labels', 'when', 'for_each'] as const).map(name => [
    name,
    metaparameters[name],
  ]),
);

export const referenceKeys = ['require', 'before', 'notify', 'subscribe'] as const;

const merged = new WeakMap<JsonSchema, JsonSchema>();

/** What may be below a title: the type's own properties and the metaparameters. */
export function bodySchema(type: AnyResourceType): JsonSchema {
  const own = valueSchema(type.schema);
  let schema = merged.get(own);
  if (!schema) {
    const reserved = reservedMetaparameters.map(name => [name, { 'x-reserved': true }]);
    const select = type.select
      ? valueSchema(type.select.schema)
      : {
          'x-reserved': true,
          'x-because': `a \`${type.name}\` can't be selected: declare each by its title`,
        };
    schema = {
      ...own,
      properties: { ...own.properties, ...metaparameters, ...Object.fromEntries(reserved), select },
    };
    merged.set(own, schema);
  }
  return schema;
}

/** Separates what was read below a title into the type's properties and the metaparameters. */
export function separate(
  body: { [key: string]: Json },
  reading: Reading,
): Pick<CatalogResource, 'properties' | 'meta' | 'select'> {
  const references = (key: string): Reference[] => {
    const value = body[key] ?? [];
    const list = Array.isArray(value) ? value : [value];
    return list.flatMap((address, index) => {
      const pointer = Array.isArray(value) ? `/${key}/${index}` : `/${key}`;
      const at = reading.visits.get(pointer)?.at ?? reading.at;
      // null stands for an item that has a mistake.
      return typeof address === 'string' ? [{ address, at }] : [];
    });
  };
  const meta: Metaparameters = {
    ensure: body.ensure === 'absent' ? 'absent' : 'present',
    require: references('require'),
    before: references('before'),
    notify: references('notify'),
    subscribe: references('subscribe'),
    noop: body.noop === true,
    labels: references('labels').map(({ address }) => address),
  };
  if (typeof body.target === 'string') meta.target = body.target;
  if (body.protect === true) meta.protect = true;
  const window = windowOf(body.window, reading);
  if (window) meta.window = window;
  const timeout = timeoutOf(body.timeout, reading);
  if (timeout !== undefined) meta.timeout = timeout;
  const retry = retryOf(body.retry, reading);
  if (retry) meta.retry = retry;
  const own = Object.entries(body).filter(([key]) => key !== 'select' && !Object.hasOwn(metaparameters, key));
  const select = selectOf(body.select, reading);
  return { properties: Object.fromEntries(own), meta, ...(select !== undefined && { select }) };
}

/** A selection without any criterion would be all there is, which nobody means by leaving it empty. */
function selectOf(value: Json | undefined, reading: Reading): Json | undefined {
  if (value === undefined || typeof value !== 'object' || value === null) return undefined;
  if (Object.keys(value).some(name => name !== 'exclude') || reading.faults.has('/select')) return value;
  const at = reading.visits.get('/select')?.at ?? reading.at;
  return fault(
    reading,
    '/select',
    'wrong-value',
    '`select` says nothing to select by',
    at,
    "to mean all of them write `name: '*'`",
  );
}

/** Undefined when there is none, or one with a mistake. */
function windowOf(value: Json | undefined, reading: Reading): Window | undefined {
  if (value === undefined || [...reading.faults].some(pointer => pointer.startsWith('/window')))
    return undefined;
  const window = value as unknown as Window;
  if (window.days?.length !== 0) return window;
  const at = reading.visits.get('/window/days')?.at ?? reading.at;
  const hint = 'name days, or leave `days` out: then it opens every day';
  return fault(reading, '/window/days', 'wrong-value', '`days`: the window would never open', at, hint);
}

/** Milliseconds; undefined when there is none, or one with a mistake. */
function timeoutOf(value: Json | undefined, reading: Reading): number | undefined {
  if (typeof value !== 'string' || reading.faults.has('/timeout')) return undefined;
  const ms = parseDuration(value);
  if (ms !== 0) return ms;
  const at = reading.visits.get('/timeout')?.at ?? reading.at;
  return fault(reading, '/timeout', 'wrong-value', '`timeout`: nothing would ever be done in no time', at);
}

function retryOf(value: Json | undefined, reading: Reading): Metaparameters['retry'] {
  if (value === undefined || [...reading.faults].some(pointer => pointer.startsWith('/retry')))
    return undefined;
  const { attempts, wait } = (typeof value === 'number' ? { attempts: value } : value) as {
    attempts: number;
    wait?: string;
  };
  if (attempts < 0 || attempts > mostAttempts) {
    const pointer = typeof value === 'number' ? '/retry' : '/retry/attempts';
    const at = reading.visits.get(pointer)?.at ?? reading.at;
    const text = `\`${pointer.slice(pointer.lastIndexOf('/') + 1)}\`: expected 0 to ${mostAttempts}`;
    return fault(reading, pointer, 'wrong-value', text, at, 'it is how often it is tried again');
  }
  const ms = wait === undefined ? undefined : parseDuration(wait);
  return { attempts, ...(ms !== undefined && { wait: ms }) };
}
