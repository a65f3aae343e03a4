import type { Node } from 'yaml';
import { type Diagnostic, given } from '../../diagnostics/diagnostic.ts';
import type { JsonSchema } from '../schema/json-schema.ts';
import { validatorFor } from '../schema/validator.ts';
import { quoted } from '../syntax/scalar.ts';
import { keyText, placeOf, type SourceFile } from '../syntax/source-file.ts';
import { entriesOf } from '../values/entries.ts';

/**
 * Whether values can be checked by the parameters of a module: JSON Schema has rules of its own, such as an
 * `enum` without duplicates. Reports each parameter that breaks one.
 */
export async function checkParameters(
  file: SourceFile,
  node: Node | null,
  parameters: JsonSchema,
  report: (diagnostic: Diagnostic) => void,
): Promise<boolean> {
  if ((await faultOf(parameters)) === undefined) return true;
  for (const { key } of entriesOf(file, node, '`parameters`', 'parameters', report)) {
    const name = keyText(file, key) ?? '';
    const wrong = await faultOf(parameters.properties?.[name] ?? {});
    if (wrong === undefined) continue;
    report(given('wrong-value', `parameter ${quoted(name)}: ${wrong}`, { at: placeOf(file, key) }));
  }
  return false;
}

/** What the validator says about a schema that it can't use: a rule broken, or no regular expression. */
async function faultOf(schema: JsonSchema): Promise<string | undefined> {
  try {
    await validatorFor(schema);
    return undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return '`pattern` is not a regular expression';
    return (error as Error).message.replace(/^schema is invalid: data\/?/, '');
  }
}
