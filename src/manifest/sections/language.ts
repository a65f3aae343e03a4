import { isMap, isScalar, type Node } from 'yaml';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import { coreValue, found } from '../syntax/scalar.ts';
import { keyText, place, placeOf, type SourceFile } from '../syntax/source-file.ts';

/** The version of the manifest language that this converge reads. */
export const languageVersion = 1;

/** The keys of a file's top map, the first of each. */
export function topLevel(file: SourceFile): Map<string, { key: Node; value: Node | null }> {
  const top = new Map<string, { key: Node; value: Node | null }>();
  if (!isMap(file.root)) return top;
  for (const { key, value } of file.root.items as { key: Node; value: Node | null }[]) {
    const name = keyText(file, key) ?? '';
    if (!top.has(name)) top.set(name, { key, value });
  }
  return top;
}

/** What is wrong with the language version that a file says. */
export function checkLanguage(
  file: SourceFile,
  entry: { key: Node; value: Node | null } | undefined,
  what: string,
): Diagnostic | undefined {
  const hint = `write \`converge: ${languageVersion}\``;
  if (!entry) {
    const at = place(file, file.root.range?.[0] ?? 0, file.root.range?.[0] ?? 0);
    return given('no-version', `the ${what} does not say its language version`, {
      at,
      hint: `start it with \`converge: ${languageVersion}\``,
    });
  }
  const { key, value: node } = entry;
  const at = placeOf(file, node ?? key);
  const plain = isScalar(node) && node.type === 'PLAIN';
  const value = plain ? coreValue(String(node.value)) : undefined;
  if (value === languageVersion) return undefined;
  if (typeof value === 'number' && value > languageVersion)
    return given(
      'newer-language',
      `this ${what} is written in language version ${value}, and this converge reads version ${languageVersion}`,
      { at, hint: `install a converge that reads language version ${value}` },
    );
  const written =
    value !== undefined ? found(value) : isScalar(node) ? found(String(node.value)) : 'something else';
  return given('wrong-version', `\`converge\`: expected the number ${languageVersion}, found ${written}`, {
    at,
    hint,
  });
}
