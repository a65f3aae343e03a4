import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import type { AnyResourceType, Registry } from '../../engine/model/resource-type.ts';
import { typeSchema } from '../../manifest/language-schema.ts';
import type { Context } from '../app-context.ts';
import { editorSchema } from '../session/editor-schema.ts';
import { requireUserTypes } from '../session/user-types.ts';

/**
 * JSON Schema of manifests, or of the one resource type `name`. `beside` are manifests whose own types and
 * modules count as well; default: none for manifests, the working directory's for a type that isn't built in.
 *
 * @throws Failure `unknown-type`, or what is wrong with types and modules
 */
export async function schemaOf(
  context: Context,
  name: string | undefined,
  beside: string[] = name === undefined ? [] : ['.'],
): Promise<object> {
  const isBuiltIn = name !== undefined && context.registry.types.has(name);
  if (beside.length > 0 && !isBuiltIn) await requireUserTypes(context, beside);
  const { registry } = context;
  return name === undefined
    ? editorSchema(registry, beside, context.io.host)
    : typeSchema(typeNamed(name, registry));
}

/** The TypeScript declarations that a type of one's own is written with. */
export async function typeDeclarations(): Promise<string> {
  const { declarations } = await import('../../manifest/generated/declarations.js');
  return declarations;
}

function typeNamed(name: string, { types }: Registry): AnyResourceType {
  const type = types.get(name);
  if (type) return type;
  throw new Failure(
    given('unknown-type', `there is no resource type ${name}`, {
      hint: suggest(name, types.keys()) ?? '',
    }),
  );
}
