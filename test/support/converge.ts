import { apply } from '../../src/engine/apply/apply.ts';
import type { CatalogResource } from '../../src/engine/model/catalog.ts';
import type { AnyResourceType } from '../../src/engine/model/resource-type.ts';
import type { World } from '../../src/engine/model/world.ts';
import { plan } from '../../src/engine/plan/planner.ts';
import { catalogOf, testRun } from './engine-world.ts';

/** Plans and applies; `said` is every diagnostic of both, `actions` and `fields` are the plan's. */
export async function converge(types: AnyResourceType[], world: World, resources: CatalogResource[]) {
  const run = testRun(types, world);
  const planned = await plan(catalogOf(resources), run, { engine: '1.0.0' });
  const report = await apply(planned, run, { allow: planned.resources.map(({ address }) => address) });
  const said = [...planned.diagnostics, ...report.results.flatMap(({ diagnostic }) => diagnostic ?? [])];
  return {
    planned,
    report,
    said,
    actions: planned.resources.map(({ action }) => action),
    fields: planned.resources.flatMap(({ fields }) => fields),
    results: report.results.map(({ result }) => result),
  };
}
