import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Code, chapters } from '../src/diagnostics/codes.ts';

const sources = join(import.meta.dirname, '../src');

export const allCodes = chapters.flatMap(({ codes }) => Object.keys(codes) as Code[]);

/**
 * Codes that the compiler refused, each with where it stands first: texts that are not assignable to `Code`.
 * @param said the output of `tsc --pretty false`
 */
export function unlistedIn(said: string): { code: string; where: string }[] {
  const found = new Map<string, string>();
  const mistake = /^(\S+?)\((\d+),\d+\): error TS\d+: (?:Argument of type|Type) '([^']+)' is not assignable/;
  const listed = new Set<string>(allCodes);
  for (const line of said.split('\n')) {
    const [, file, row, type = ''] = mistake.exec(line) ?? [];
    if (file === undefined || !isOfCodes(line)) continue;
    for (const [, code = ''] of type.matchAll(/"([^"]+)"/g))
      if (!listed.has(code) && !found.has(code)) found.set(code, `${file}:${row}`);
  }
  return [...found].map(([code, where]) => ({ code, where }));
}

/** The compiler shows a long union by its name or by its first members. */
function isOfCodes(line: string): boolean {
  const wanted = / to (?:parameter of )?type '(.*)'/.exec(line)?.[1] ?? '';
  if (wanted === 'Code') return true;
  const shown = [...wanted.matchAll(/"([^"]+)"/g)];
  const listed = new Set<string>(allCodes);
  return shown.length > 5 && shown.every(([, code = '']) => listed.has(code));
}

/** Listed codes that stand as a text in no source but the list itself. */
export async function unusedCodes(): Promise<Code[]> {
  const used = new Set<string>();
  for await (const name of glob('**/*.ts', { cwd: sources })) {
    if (/^diagnostics[\\/]codes/.test(name)) continue;
    const text = await readFile(join(sources, name), 'utf8');
    for (const [, code = ''] of text.matchAll(/'([a-z][a-z0-9-]*)'/g)) used.add(code);
  }
  return allCodes.filter(code => !used.has(code));
}
