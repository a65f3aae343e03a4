import { isMap, isScalar, isSeq, type Node } from 'yaml';
import type { Json } from '../../engine/model/catalog.ts';
import { constants, type JsonSchema } from '../schema/json-schema.ts';
import { readExpression } from '../syntax/expression.ts';
import { coreValue } from '../syntax/scalar.ts';

/** Index of the branch of a union that a node is meant for; undefined when it fits none. */
export function choose(branches: JsonSchema[], node: Node | null): number | undefined {
  const first = (fits: (branch: JsonSchema) => boolean): number | undefined => {
    const index = branches.findIndex(fits);
    return index === -1 ? undefined : index;
  };
  const plainType = (type: string) => (branch: JsonSchema) => branch.type === type && !branch['x-secret'];
  const free = () => first(branch => !branch.type && constants(branch).length === 0 && !branch['x-secret']);

  if (isMap(node)) return closestMap(branches, node.items as { key: unknown; value: unknown }[]) ?? free();
  if (isSeq(node)) return first(plainType('array')) ?? free();
  if (!isScalar(node)) return first(plainType('null')) ?? free();

  const text = String(node.value);
  const value: Json = node.type === 'PLAIN' ? coreValue(text) : text;
  if (readExpression(text).kind === 'secret') {
    const secret = first(branch => branch['x-secret'] === true);
    if (secret !== undefined) return secret;
  }
  const kinds: Record<string, boolean> = {
    integer: Number.isInteger(value),
    number: typeof value === 'number',
    boolean: typeof value === 'boolean',
    null: value === null,
  };
  return (
    first(branch => constants(branch).includes(text) || constants(branch).includes(value)) ??
    (isLossy(text, value) ? first(branch => plainType('string')(branch) && !branch.enum) : undefined) ??
    first(branch => constants(branch).length === 0 && kinds[branch.type ?? ''] === true) ??
    (text === '' && node.type === 'PLAIN' ? undefined : first(b => plainType('string')(b) && !b.enum)) ??
    first(branch => constants(branch).length > 0) ??
    free() ??
    first(branch => branch['x-secret'] === true)
  );
}

/** Text of a number, such as a version `1.10`, that the number doesn't give back. */
const isLossy = (text: string, value: Json): boolean =>
  typeof value === 'number' && /[.eE]/.test(text) && !/^0[xo]/.test(text) && String(value) !== text;

/** The object branch whose constants fit the map, then the one that knows most of its keys. */
function closestMap(branches: JsonSchema[], pairs: { key: unknown; value: unknown }[]): number | undefined {
  let best: { index: number; score: number } | undefined;
  branches.forEach((branch, index) => {
    if (branch.type !== 'object' || branch['x-secret']) return;
    let score = 0;
    for (const { key, value } of pairs) {
      const name = isScalar(key) ? String(key.value) : '';
      const properties = branch.properties ?? {};
      if (!Object.hasOwn(properties, name)) continue;
      const values = constants(properties[name]!);
      const fits = isScalar(value) && values.includes(String(value.value));
      score += values.length === 0 ? 1 : fits ? 1000 : -1000;
    }
    if (!best || score > best.score) best = { index, score };
  });
  return best?.index;
}
