import { isMap, isScalar, type Node, YAMLMap } from 'yaml';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { resolved } from '../scope/reading.ts';
import { found, quoted } from '../syntax/scalar.ts';
import { keyText, placeOf, type SourceFile } from '../syntax/source-file.ts';

type Report = (diagnostic: Diagnostic) => void;
export type Entry = { key: Node; value: Node | null };

/** The map below a title without what was read before; undefined, and a mistake, for no map. */
export function bodyOf(
  file: SourceFile,
  address: string,
  { key, value }: Entry,
  report: Report,
): YAMLMap | undefined {
  const node = value && resolved({ file }, value);
  if (!node || isNothing(node)) return new YAMLMap();
  if (!isMap(node)) {
    report(
      given('wrong-kind', `${quoted(address)}: expected a map of properties, found ${sayNode(file, node)}`, {
        at: placeOf(file, value ?? key),
        hint: `write its properties as \`name: value\``,
      }),
    );
    return undefined;
  }
  const early = (pair: { key: unknown }) =>
    isScalar(pair.key) && /^(when|for_each)$/.test(String(pair.key.value));
  if (!node.items.some(early)) return node;
  const rest = new YAMLMap();
  rest.items = node.items.filter(pair => !early(pair));
  rest.range = node.range ?? null;
  return rest;
}

/** The entries of a map without duplicate keys (reported before); none for an empty value. */
export function entriesOf(
  file: SourceFile,
  written: Node | null,
  what: string,
  of: string,
  report: Report,
): Entry[] {
  const node = written && resolved({ file }, written);
  if (!node || isNothing(node)) return [];
  if (!isMap(node)) {
    const message = `${what}: expected a map of ${of}, found ${sayNode(file, node)}`;
    report(given('wrong-kind', message, { at: placeOf(file, written) }));
    return [];
  }
  const seen = new Set<string>();
  return (node.items as Entry[]).filter(({ key }) => {
    const name = keyText(file, key) ?? '';
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}
const isNothing = (node: Node): boolean =>
  isScalar(node) && node.type === 'PLAIN' && /^(|~|null)$/.test(String(node.value));

const sayNode = (file: SourceFile, node: Node): string =>
  file.hidden.has(node)
    ? 'something else'
    : isScalar(node)
      ? found(String(node.value))
      : found(isMap(node) ? {} : []);
