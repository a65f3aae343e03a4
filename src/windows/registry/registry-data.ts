export const kinds = {
  string: 'REG_SZ',
  expand: 'REG_EXPAND_SZ',
  multi: 'REG_MULTI_SZ',
  dword: 'REG_DWORD',
  qword: 'REG_QWORD',
  binary: 'REG_BINARY',
} as const;
export type Kind = keyof typeof kinds;

/** Where a value is: `HKLM\…`, with `name` '' for the default value of the key, as 64-bit programs see it. */
export interface ValuePath {
  key: string;
  name: string;
}

export type ValueData =
  | {
      kind: Exclude<Kind, 'multi'> /** Numbers in decimal digits, bytes in upper-case hexadecimal ones. */;
      data: string;
    }
  | { kind: 'multi'; data: string[] }
  /** One of the types that nobody sets by hand. */
  | { kind: 'other'; data: string };

/** One spelling of a value's place, for maps. */
export const placeOf = ({ key, name }: ValuePath): string => `${key}\\${name}`.toLowerCase();
