/** One value as the store keeps it. `name` is '' for the default value of a key. */
export type RegistryValue = { name: string } & (
  | { type: 'REG_SZ' | 'REG_EXPAND_SZ'; data: string }
  | { type: 'REG_MULTI_SZ'; data: string[] }
  /** Decimal digits, unsigned. */
  | { type: 'REG_DWORD' | 'REG_QWORD'; data: string }
  /** Hexadecimal digits, upper case. */
  | { type: 'REG_BINARY' | 'REG_NONE'; data: string }
);

export const valueTypes = [
  'REG_SZ',
  'REG_MULTI_SZ',
  'REG_EXPAND_SZ',
  'REG_DWORD',
  'REG_QWORD',
  'REG_BINARY',
  'REG_NONE',
] as const;
export type ValueType = (typeof valueTypes)[number];

export const text = (name: string, data: string): RegistryValue => ({ name, type: 'REG_SZ', data });
export const expandable = (name: string, data: string): RegistryValue => ({
  name,
  type: 'REG_EXPAND_SZ',
  data,
});
export const dword = (name: string, data: number): RegistryValue => ({
  name,
  type: 'REG_DWORD',
  data: String(data),
});
export const binary = (name: string, bytes: Buffer): RegistryValue => ({
  name,
  type: 'REG_BINARY',
  data: bytes.toString('hex').toUpperCase(),
});

/** A value from what `reg add` got; undefined when the data doesn't fit the type. */
export function parseValue(
  name: string,
  type: ValueType,
  data: string,
  separator = '\\0',
): RegistryValue | undefined {
  switch (type) {
    case 'REG_SZ':
    case 'REG_EXPAND_SZ':
      return { name, type, data };
    case 'REG_MULTI_SZ': {
      const lines = data.split(separator);
      if (lines.at(-1) === '') lines.pop();
      return lines.includes('') ? undefined : { name, type, data: lines };
    }
    case 'REG_DWORD':
    case 'REG_QWORD': {
      if (!/^(0x[0-9a-f]+|\d+)$/i.test(data)) return undefined;
      const number = BigInt(data);
      return number < 1n << (type === 'REG_DWORD' ? 32n : 64n)
        ? { name, type, data: String(number) }
        : undefined;
    }
    case 'REG_BINARY':
    case 'REG_NONE':
      if (!/^[0-9a-f]*$/i.test(data)) return undefined;
      return { name, type, data: (data.length % 2 ? `0${data}` : data).toUpperCase() };
  }
}

/** As `reg query` prints it. */
export function printValue(value: RegistryValue): string {
  switch (value.type) {
    case 'REG_MULTI_SZ':
      return value.data.join('\\0');
    case 'REG_DWORD':
    case 'REG_QWORD':
      return `0x${BigInt(value.data).toString(16)}`;
    default:
      return value.data;
  }
}

/** The text of a value, whatever holds text; undefined for another type or no value. */
export const textOf = (value: RegistryValue | undefined): string | undefined =>
  value?.type === 'REG_SZ' || value?.type === 'REG_EXPAND_SZ' ? value.data : undefined;
