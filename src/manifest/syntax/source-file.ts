import type { Alias, LineCounter, Node, Scalar } from 'yaml';
import { isCollection, isScalar } from 'yaml';
import type { SourceRange } from '../../diagnostics/diagnostic.ts';
import type { Template } from './cel.ts';

/** One parsed manifest file. */
export interface SourceFile {
  /** As shown in messages. */
  name: string;
  /** Without a byte order mark. */
  text: string;
  lines: LineCounter;
  root: Node;
  /** What each alias stands for. */
  aliases: Map<Alias, Node>;
  /** Offsets `[from, to)` of literals that must never be shown. */
  masks: [from: number, to: number][];
  /** The nodes of those literals. */
  hidden: Set<Node>;
  /** Scalars that may hold expressions, and those of keys called `when`. */
  expressions: Scalar[];
  conditions: Scalar[];
  /** What was made of them. */
  templates: Map<Node, Template>;
  /** Those with a mistake that has been reported. */
  broken: Set<Node>;
}

/** The place of the UTF-16 offsets `[from, to)`. */
export function place(
  file: Pick<SourceFile, 'name' | 'text' | 'lines'>,
  from: number,
  to: number,
): SourceRange {
  const size = file.text.length;
  const start = file.lines.linePos(Math.min(from, size));
  const end = file.lines.linePos(Math.min(Math.max(from, to), size));
  return {
    file: file.name,
    line: Math.max(start.line, 1),
    column: Math.max(start.col, 1),
    endLine: Math.max(end.line, 1),
    endColumn: Math.max(end.col, 1),
  };
}

/** The place of a node's value, without the comments and blank lines after it. */
export function placeOf(file: SourceFile, node: Node): SourceRange {
  const [from, to] = node.range ?? [0, 0];
  return place(file, from, to);
}

/** A node as written in the file. */
export const sourceOf = (file: SourceFile, node: Node): string =>
  file.text.slice(node.range?.[0] ?? 0, node.range?.[1] ?? 0);

/**
 * A map key as text: a scalar's source text, and the source of a flow collection too, since a title
 * such as `{4DC3E181}` is one for YAML. undefined for what is not a key for people: an alias, nothing.
 */
export function keyText(file: SourceFile, key: Node): string | undefined {
  if (isScalar(key)) return String(key.value) || undefined;
  if (isCollection(key) && key.flow) return sourceOf(file, key);
  return undefined;
}

/** Hides a node's text in messages and in everything that shows source lines. */
export function mask(file: SourceFile, node: Node): void {
  file.hidden.add(node);
  if (node.range) file.masks.push([node.range[0], node.range[1]]);
}

/** The text with every masked literal replaced by `*`, positions unchanged. */
export function maskedText(file: Pick<SourceFile, 'text' | 'masks'>): string {
  let result = '';
  let done = 0;
  for (const [from, to] of [...file.masks].sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (to <= done) continue;
    const start = Math.max(from, done);
    result += file.text.slice(done, start) + file.text.slice(start, to).replace(/[^\s]/g, '*');
    done = to;
  }
  return result + file.text.slice(done);
}
