import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import { readValues, removeValue, writeValue } from './registry.ts';
import { placeOf, type ValueData, type ValuePath } from './registry-data.ts';

/** Where the machine's variables are; services and new sessions read them from there. */
const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';

/** The place of one in the registry. */
export const variablePath = (name: string): ValuePath => ({ key, name });
const refers = (text: string): boolean => /%[^%]+%/.test(text);

/** The declared ones that are there, by name as given. */
export async function readVariables(io: ReadIo, names: readonly string[]): Promise<Map<string, string>> {
  const found = await readValues(io, names.map(variablePath));
  return new Map(
    names.flatMap(name => {
      const value = found.get(placeOf(variablePath(name)));
      return value ? [[name, textOf(value)] as const] : [];
    }),
  );
}

/** As a program would be told it, and why that is not the text: a plain text keeps its `%NAME%`. */
function textOf({ kind, data }: ValueData): string {
  const text = Array.isArray(data) ? data.join(' ') : data;
  if (kind === 'expand' || (kind === 'string' && !refers(text))) return text;
  return `${text} (a ${kind}, which is not expanded)`;
}

/** Writes one variable, or takes it away. What runs already sees it when started again. */
export async function writeVariable(io: WriteIo, name: string, value: string | undefined): Promise<void> {
  if (value === undefined) return removeValue(io, variablePath(name));
  await writeValue(io, variablePath(name), { kind: refers(value) ? 'expand' : 'string', data: value });
}
