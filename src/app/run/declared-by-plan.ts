import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { CatalogResource } from '../../engine/model/catalog.ts';
import { isPending, type Plan, type PlannedResource } from '../../engine/model/plan.ts';
import type { PlanProperties } from '../../recovery/model/plan.ts';
import type { Context } from '../app-context.ts';
import { shippedModules } from '../session/load-catalog.ts';
import { nestedManifests, readBeside } from '../session/nested-manifests.ts';
import type { SessionOptions } from '../session/open-session.ts';

/**
 * What a saved plan holds of the manifests that it was made from, for what is kept of them with a recovery
 * plan. Files that these name are read again beside the manifests, as content sources are: what differs by
 * now is told when the plan is looked at again. Undefined when they have mistakes by now, which were told.
 *
 * @throws Failure `plan-in-part`
 */
export async function declaredBy(
  context: Context,
  plan: Plan,
  file: string,
): Promise<NonNullable<SessionOptions['declared']> | undefined> {
  const resources = plan.resources.map(declaredOf);
  const lacking = plan.resources.flatMap(one => lackingIn(one, resources, file));
  if (lacking.length > 0) throw new Failure(lacking);
  const { files, cwd } = context.io.host;
  const { nested, diagnostics, sources } = await nestedManifests(
    { resources },
    { registry: context.registry, shippedModules, shippedFiles: files, cwd },
    readBeside({ files, cwd }),
  );
  for (const [name, text] of sources) context.sources.set(name, text);
  context.reporter.diagnostics(diagnostics);
  if (diagnostics.some(({ severity }) => severity === 'error')) return undefined;
  return { resources, targets: plan.targets, part: true, ...(nested.length > 0 && { nested }) };
}

const declaredOf = ({
  address,
  type,
  title,
  properties,
  meta,
  at,
  select,
}: PlannedResource): CatalogResource => ({
  ...{ address, type, title, properties, meta, at, places: new Map() },
  ...(select !== undefined && { select }),
});

/** Targets are kept with their recovery plan: one that was planned without them can't be kept whole. */
function lackingIn(one: PlannedResource, resources: readonly CatalogResource[], file: string): Diagnostic[] {
  if (one.type !== 'recovery_plan' || !isPending(one) || one.meta.ensure === 'absent') return [];
  const { groups } = one.properties as unknown as PlanProperties;
  const there = new Set(
    resources.filter(({ type }) => type === 'recovery_target').map(({ title }) => title.toLowerCase()),
  );
  const missing = groups.flatMap(({ targets }) => targets).filter(title => !there.has(title.toLowerCase()));
  if (missing.length === 0) return [];
  const { address, at } = one;
  const names = missing.map(title => `recovery_target:${title}`).join(', ');
  return [
    given('plan-in-part', `${file} holds ${address} without ${names}, which is kept with it`, {
      address,
      at,
      hint: 'select these as well when planning, or apply the manifests',
    }),
  ];
}
