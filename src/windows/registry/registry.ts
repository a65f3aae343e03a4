import { Failure, given } from '../../diagnostics/diagnostic.ts';
import type { ReadIo, WriteIo } from '../../engine/model/io.ts';
import type { Command } from '../../io/ports.ts';
import { runTool, succeeded, type Tool, toolFailure } from '../../programs/run-tool.ts';
import { system32 } from '../tools/programs.ts';
import { type Kind, kinds, placeOf, type ValueData, type ValuePath } from './registry-data.ts';
import { readExactly } from './registry-exact.ts';

/** Milliseconds. */
const limit = 60_000;

/**
 * Keys that are read by a process each; for more of them one PowerShell, which is slow to start, reads all.
 */
const mostQueries = 4;

/**
 * The values that are there, by `placeOf`. A handful of processes, however many: one for each of a few keys.
 * What reg.exe can't print without doubt, since it writes in the code page of the console and separates
 * nothing, is read by one PowerShell for all.
 */
export async function readValues(io: ReadIo, asked: readonly ValuePath[]): Promise<Map<string, ValueData>> {
  const found = new Map<string, ValueData>();
  const doubtful: ValuePath[] = [];
  const byKey = Map.groupBy(asked, ({ key }) => key.toLowerCase());
  if (byKey.size > mostQueries) return readExactly(io, asked);
  for (const values of byKey.values()) {
    const { exitCode, stdout } = await reg(io, ['query', values[0]!.key]);
    // No such key; one that nobody may read looks the same.
    if (exitCode !== 0) continue;
    for (const value of values) {
      const read = printed(stdout, value.name);
      if (read === 'doubtful') doubtful.push(value);
      else if (read) found.set(placeOf(value), read);
    }
  }
  for (const [place, value] of await readExactly(io, doubtful)) found.set(place, value);
  return found;
}

/** What a listing of a key says about a value: `    NAME    REG_SZ    DATA`. */
function printed(listing: string, name: string): ValueData | 'doubtful' | undefined {
  // The default value goes by a translated name in brackets, and a name may look like two columns.
  if (!/^[\x20-\x27\x29-\x3e\x40-\x7e][\x20-\x3e\x40-\x7e]*$/.test(name) || name.includes('    '))
    return 'doubtful';
  const lines = listing.split(/\r?\n/);
  const start = `    ${name}    REG_`.toLowerCase();
  const at = lines.findIndex(line => line.toLowerCase().startsWith(start));
  if (at < 0) return undefined;
  const [, type, data = ''] = /^(REG_\w+)(?: {4}(.*))?$/.exec(lines[at]!.slice(start.length - 4)) ?? [];
  const kind = (Object.keys(kinds) as Kind[]).find(one => kinds[one] === type);
  const next = lines[at + 1] ?? '';
  const isWhole = next === '' || next.startsWith('    ') || next.startsWith('HKEY_');
  // What the console lacks comes out as a question mark, or as bytes that are not UTF-8.
  if (kind === undefined || kind === 'multi' || !isWhole || !/^[\x20-\x3e\x40-\x7e]*$/.test(data))
    return 'doubtful';
  if (kind === 'dword' || kind === 'qword')
    // A damaged one is printed as something else than a number.
    return /^0x[0-9a-f]+$/i.test(data) ? { kind, data: String(BigInt(data)) } : 'doubtful';
  return { kind, data: kind === 'binary' ? data.toUpperCase() : data };
}

/** Makes a value or replaces it, with the keys above it. */
export async function writeValue(
  io: WriteIo,
  path: ValuePath,
  value: Exclude<ValueData, { kind: 'other' }>,
): Promise<void> {
  await io.step(`registry ${placeOf(path)}`);
  const args = [
    'add',
    path.key,
    ...nameOf(path),
    '/t',
    kinds[value.kind],
    ...(value.kind === 'multi' ? joined(value.data) : ['/d', value.data]),
    '/f',
  ];
  await runTool(io, tool, regCommand(io, args), whatOf(path, 'written'));
}

/** One that is gone already is fine. */
export async function removeValue(io: WriteIo, path: ValuePath): Promise<void> {
  await io.step(`registry ${placeOf(path)}`);
  const result = await reg(io, ['delete', path.key, ...nameOf(path), '/f']);
  if (succeeded(result) || (await readValues(io, [path])).size === 0) return;
  throw new Failure(toolFailure(tool, whatOf(path, 'removed'), result));
}

const nameOf = ({ name }: ValuePath): string[] => (name === '' ? ['/ve'] : ['/v', name]);

/** reg.exe takes a list as one text with a character between that none of them has. */
function joined(items: readonly string[]): string[] {
  const separator = [...'|;#~^!'].find(char => !items.some(item => item.includes(char)));
  if (separator !== undefined) return ['/s', separator, '/d', items.join(separator)];
  throw new Failure(
    given(
      'registry-list',
      'a list for the registry has all of | ; # ~ ^ ! in its texts, and reg.exe needs one of them',
    ),
  );
}

const regCommand = (io: ReadIo, args: string[]): Command => ({
  file: system32(io, 'reg.exe'),
  args: [...args, '/reg:64'],
  timeout: limit,
});

const reg = (io: ReadIo, args: string[]) => io.run(regCommand(io, args));

const whatOf = ({ key, name }: ValuePath, what: string): string =>
  `the value ${name === '' ? '(default)' : name} of ${key} can't be ${what}`;

const tool: Tool = {
  name: 'reg',
  failed: 'registry-refused',
  hint: 'run as an administrator or as SYSTEM, and see who may write the key',
};
