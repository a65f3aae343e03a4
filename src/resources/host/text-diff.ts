import { structuredPatch } from 'diff';
import { isSecretRef } from '../../engine/model/catalog.ts';
import type { ReadIo } from '../../engine/model/io.ts';
import type { FileStat } from '../../io/ports.ts';
import { namesSecret } from '../shared/secret-names.ts';

interface Declared {
  content?: unknown;
  source?: string;
  mode?: string;
}

/** Bytes of each text; longer ones are shown as digests alone. */
const longestText = 64 * 1024;
const mostLines = 40;
const longestLine = 160;
/** Lines that stay the same around a change. */
const around = 2;
/** Others may read it. */
const worldReadable = 0o004;

/**
 * How the content of a file differs from what is declared: hunks of a unified diff, cut to a length.
 * Undefined when it is the same, or nothing to show: binary, long, or perhaps secret, as what only its owner
 * may read.
 * @param digest of what is there, as `desired` has it
 */
export async function textDiff(
  { id, stat, digest }: { id: string; stat: FileStat; digest: string },
  properties: Declared,
  io: ReadIo,
): Promise<string | undefined> {
  const { content, source, mode } = properties;
  const isPrivate = (bits: number) => io.platform !== 'win32' && (bits & worldReadable) === 0;
  if (isSecretRef(content) || stat.size > longestText || isPrivate(stat.mode)) return undefined;
  if (mode !== undefined && isPrivate(Number.parseInt(mode, 8))) return undefined;
  if (source !== undefined && io.sourceDigest?.(source) === digest.replace('sha256:', '')) return undefined;
  const before = textOf(await io.files.read(id));
  const after = source === undefined ? content : textOf(await wholeSource(source, io));
  if (before === undefined || typeof after !== 'string' || before === after) return undefined;
  return after.length > longestText ? undefined : unified(before, after);
}

/** Undefined when it is longer than what is shown. */
async function wholeSource(path: string, io: ReadIo): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of await io.source(path)) {
    pieces.push(piece);
    length += piece.length;
    if (length > longestText) return undefined;
  }
  return Buffer.concat(pieces);
}

function textOf(bytes: Buffer | undefined): string | undefined {
  const text = bytes?.toString('utf8');
  return text === undefined || text.includes('\0') || !Buffer.from(text).equals(bytes!) ? undefined : text;
}

function unified(before: string, after: string): string | undefined {
  const patch = structuredPatch('', '', before, after, '', '', { context: around, timeout: 1000 });
  if (!patch) return undefined;
  const lines = patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: changed }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...changed.map(shown),
  ]);
  const left = lines.length - mostLines;
  return [...lines.slice(0, mostLines), ...(left > 0 ? [`... ${left} lines more`] : [])].join('\n');
}

/** What names a secret may be followed by one. */
function shown(line: string): string {
  if (namesSecret(line)) return `${line[0]}(a line that names a secret)`;
  return line.length > longestLine ? `${line.slice(0, longestLine)}...` : line;
}
