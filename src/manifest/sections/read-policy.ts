import { isMap, type Node } from 'yaml';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Policy } from '../../engine/model/catalog.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import type { Declarations } from '../scope/declared.ts';
import { fault, newReading, resolved } from '../scope/reading.ts';
import { placeOf, type SourceFile } from '../syntax/source-file.ts';
import { readMap, readValue } from '../values/read-value.ts';

const limit = (description: string): JsonSchema => ({ type: 'integer', minimum: 0, description });

/** Schema of `policy:`. */
export const policySchema: JsonSchema = {
  type: 'object',
  description: 'How much one plan may do; a plan that does more is refused as a whole.',
  properties: {
    max_changes: limit('Most creations, updates and deletions.'),
    max_deletes: limit('Most deletions.'),
  },
  additionalProperties: false,
};

/** Reads `policy:` of one file into `into`. Of several files the strictest limit holds. */
export function readPolicy(
  file: SourceFile,
  node: Node,
  into: Declarations,
  report: (diagnostic: Diagnostic) => void,
): void {
  const reading = newReading(file, '`policy`', placeOf(file, node), report);
  const map = resolved(reading, node);
  if (!isMap(map)) return void readValue(node, policySchema, '', reading);
  const policy: Policy = { ...into.policy };
  for (const [name, value] of Object.entries(readMap(map, policySchema, '', reading))) {
    const key = name as keyof Policy;
    const most = value as number;
    const at = reading.visits.get(`/${name}`)?.at ?? reading.at;
    if (most < 0) fault(reading, `/${name}`, 'wrong-value', `\`${name}\`: expected at least 0`, at);
    else policy[key] = Math.min(policy[key] ?? most, most);
  }
  into.policy = policy;
}
