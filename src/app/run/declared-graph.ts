import { buildGraph, type Graph } from '../../engine/graph/graph.ts';
import type { Catalog } from '../../engine/model/catalog.ts';
import { subjectsOf } from '../../engine/model/subject.ts';
import type { Context } from '../app-context.ts';
import { whereOf } from '../lab/lab-host.ts';
import { type CatalogOptions, loadCatalog } from '../session/load-catalog.ts';

/**
 * What manifests declare, and what depends on what: no target is touched and no secret read. Undefined when
 * they have mistakes, which were told; throws a Failure for those of the graph.
 */
export async function declaredGraph(
  context: Context,
  paths: string[],
  options: CatalogOptions,
): Promise<{ catalog: Catalog; graph: Graph } | undefined> {
  const catalog = await loadCatalog(context, paths, options);
  if (!catalog) return undefined;
  const where = whereOf(context, catalog);
  const surroundings = { registry: context.registry, targets: catalog.targets, where };
  return { catalog, graph: buildGraph(subjectsOf(catalog.resources, surroundings)) };
}
