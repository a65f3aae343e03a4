import type { ReadIo, WriteIo } from '../../../engine/model/io.ts';

/** What pam_env gives every session: lines `NAME=value`, of which the last one of a name counts. */
export const path = '/etc/environment';

const lineOf = (name: string) => new RegExp(`^[ \\t]*(?:export[ \\t]+)?${name}=(.*)$`);

async function readLines(io: ReadIo): Promise<string[]> {
  const text = (await io.files.read(path))?.toString('latin1') ?? '';
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** Bytes that are not UTF-8 survive as latin1 does. */
const decoded = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');
const encoded = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** The declared ones that are there; one read for all. */
export async function readVariables(io: ReadIo, names: readonly string[]): Promise<Map<string, string>> {
  const lines = await readLines(io);
  return new Map(
    names.flatMap(name => {
      const [, written] = lineOf(name).exec(lines.findLast(line => lineOf(name).test(line)) ?? '') ?? [];
      if (written === undefined) return [];
      // pam_env ends a line at a `#`, also between quotes.
      const plain = written.replace(/#.*/, '').trim();
      return [[name, decoded(/^(["']).*\1$/.test(plain) ? plain.slice(1, -1) : plain)] as const];
    }),
  );
}

/** Writes one variable in the place of its first line, or takes it away; everything else stays as it is. */
export async function writeVariable(io: WriteIo, name: string, value: string | undefined): Promise<void> {
  await io.step(`${path} ${name}`);
  const lines = await readLines(io);
  const at = lines.findIndex(line => lineOf(name).test(line));
  const line = value === undefined ? [] : [encoded(`${name}="${value}"`)];
  const isOther = (other: string) => !lineOf(name).test(other);
  const after =
    at < 0 ? [...lines, ...line] : [...lines.slice(0, at), ...line, ...lines.slice(at).filter(isOther)];
  const text = after.map(one => `${one}\n`).join('');
  const mode = (await io.files.stat(path))?.mode ?? 0o644;
  await io.files.writeAtomic(path, Buffer.from(text, 'latin1'), { mode });
}
