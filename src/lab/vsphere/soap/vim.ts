/** Values of the vSphere API as data, so that one writer and one property path serve every object. */
export type Value = Scalar | Ref | Data | List;

/** `xsi` is the type named where a field could hold any: `xsd:int`, or an enumeration's name. */
export interface Scalar {
  xsi: string;
  text: string;
}

/** A managed object reference. */
export interface Ref {
  ref: string;
  id: string;
}

export interface Data {
  data: string;
  fields: Record<string, Value | undefined>;
}

export interface List {
  /** Type of the items as the API names it: `VirtualDevice`, `ManagedObjectReference`, `string`. */
  list: string;
  items: Value[];
}

const scalar = (xsi: string) => (value: string | number | boolean) => ({ xsi, text: String(value) });

export const text = scalar('xsd:string');
export const int = scalar('xsd:int');
export const long = scalar('xsd:long');
export const bool = scalar('xsd:boolean');
/** From milliseconds since the epoch. */
export const time = (ms: number): Scalar => ({ xsi: 'xsd:dateTime', text: new Date(ms).toISOString() });
export const oneOf = (type: string, value: string): Scalar => ({ xsi: type, text: value });
export const ref = (type: string, id: string): Ref => ({ ref: type, id });
export const data = (type: string, fields: Data['fields']): Data => ({ data: type, fields });
export const list = (type: string, items: Value[]): List => ({ list: type, items });
export const refs = (items: Ref[]): List => list('ManagedObjectReference', items);

/** `config.hardware.device[2000].backing` as steps. */
export function parsePath(path: string): (string | { key: string })[] {
  return path
    .split(/\.|(?=\[)/)
    .map(step => (step.startsWith('[') ? { key: step.slice(1, -1).replace(/^"(.*)"$/, '$1') } : step));
}

/** The value at the steps below `value`; undefined when it, or anything on the way, is unset. */
export function valueAt(value: Value | undefined, steps: (string | { key: string })[]): Value | undefined {
  let at = value;
  for (const step of steps) {
    if (!at) return undefined;
    if (typeof step === 'string') at = 'data' in at ? at.fields[step] : undefined;
    else at = 'list' in at ? at.items.find(item => keyOf(item) === step.key) : undefined;
  }
  return at;
}

function keyOf(item: Value): string | undefined {
  if ('ref' in item) return item.id;
  const key = 'data' in item ? item.fields.key : undefined;
  return key && 'text' in key ? key.text : undefined;
}
