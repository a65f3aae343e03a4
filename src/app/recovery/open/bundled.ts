import { join, resolve } from 'node:path';
import { type Diagnostic, Failure, type SourceRange, world } from '../../../diagnostics/diagnostic.ts';
import type { Catalog, CatalogResource, CatalogTarget } from '../../../engine/model/catalog.ts';
import { nearest } from '../../../engine/model/pointer.ts';
import { memoryFiles } from '../../../io/memory-files.ts';
import { compile } from '../../../manifest/compile.ts';
import { type Bundle, filesOf } from '../../../recovery/bundle/bundle.ts';
import { asManifest } from '../../../recovery/bundle/bundle-manifest.ts';
import { findBundle } from '../../../recovery/bundle/find-bundle.ts';
import { isRepositoryKey, secretsIn, whereOf } from '../../../recovery/bundle/references.ts';
import type { OnDamage } from '../../../replication/model/repository.ts';
import type { Context } from '../../app-context.ts';
import { asTyped } from '../../as-typed.ts';
import type { CommonOptions, RepositoryOptions } from '../../options.ts';
import { overridden } from '../../repository/which-repository.ts';
import { withRepositoryOpen } from '../../repository/with-repository.ts';
import { shippedModules } from '../../session/load-catalog.ts';
import { nestedManifests } from '../../session/nested-manifests.ts';
import { openSession, type Session } from '../../session/open-session.ts';
import { runOf } from '../../session/run-of.ts';
import { type Recovering, recoveringOf } from './with-declared.ts';

/**
 * The same as with manifests, from the bundle that a repository keeps: nothing of home is asked. Undefined
 * when the bundle has mistakes, which were told.
 *
 * @param which the points whose bundles count: `latest`, a time, or an id
 * @param ends it ends what the plan began, so that one that was removed will do
 * @throws Failure `plan-removed`
 */
export const withBundled = <T>(
  context: Context,
  plan: string,
  options: RepositoryOptions & CommonOptions & { repository: string },
  which: string,
  find: (catalog: Catalog) => CatalogResource,
  use: (recovering: Recovering, declared: CatalogResource) => Promise<T>,
  ends = false,
): Promise<T | undefined> =>
  withRepositoryOpen(context, { ...options, paths: [] }, undefined, async ({ repository, lab }) => {
    const found = await findBundle(repository, plan, which, warned(context));
    const { bundle, point, applied, removed } = found;
    if (removed !== undefined && !ends) throw planRemoved(plan, removed, options.repository);
    const gone = removed === undefined ? [] : [`the plan was removed at ${timeOf(removed)}`];
    const catalog = await catalogOf(context, bundle);
    if (!catalog) return undefined;
    const declared = find(catalog);
    const targets = reached(catalog.targets, repository.encrypted, options);
    const session = await openSession(context, options, { targets, changes: true, ...(lab && { lab }) });
    try {
      await resolveAll(session, { ...catalog, targets });
      const run = runOf(context, session);
      const again = asTyped([], options);
      const recovering = await recoveringOf(context, session, run, { ...catalog, targets }, declared, again);
      const remarks = [...gone, ...found.remarks];
      const from = point
        ? { vm: point.vm.name, point: point.id, time: point.time, remarks }
        : { time: applied!, remarks };
      // Wherever home said that it is: this one holds the points.
      return await use({ ...recovering, from, repository: async () => repository }, declared);
    } finally {
      await session.close();
    }
  });

const timeOf = (at: number): string => new Date(at).toISOString();

const planRemoved = (plan: string, at: number, url: string): Failure =>
  new Failure(
    world('plan-removed', `the plan ${plan} was removed from ${url} at ${timeOf(at)}`, {
      hint: 'apply the manifests that are to count now, or name them in the place of --repository',
    }),
  );

/** What can't be read and isn't needed is a warning. */
const warned =
  ({ reporter }: Context): OnDamage =>
  ({ diagnostics }) =>
    reporter.diagnostics(diagnostics.map(one => ({ ...one, severity: 'warning' })));

/**
 * Compiles a bundle as manifests are compiled, from its own bytes alone; messages name the places in the
 * manifests that it was made of. Undefined when it has mistakes, which were told.
 */
export async function catalogOf(context: Context, bundle: Bundle): Promise<Catalog | undefined> {
  const { cwd: hostCwd, platform } = context.io.host;
  const root = resolve('/', 'bundle');
  const name = 'bundle.yaml';
  const { text, placeOf } = asManifest(bundle);
  const { catalog, diagnostics } = await compile([join(root, name)], {
    registry: context.registry,
    files: memoryFiles(root, new Map([[name, Buffer.from(text)]])),
    cwd: root,
    hostCwd,
    platform,
  });
  const moved = (at: SourceRange): SourceRange => placeOf(at.line) ?? { ...at, file: 'the bundle' };
  context.reporter.diagnostics(diagnostics.map(one => movedIn(one, moved)));
  if (diagnostics.some(({ severity }) => severity === 'error')) return undefined;
  const { nested, ...inside } = await nestedManifests(
    catalog,
    { registry: context.registry, shippedModules, shippedFiles: context.io.host.files, cwd: root },
    async ({ title }, pointer) => {
      const one = (bundle.post_launch ?? []).find(
        ({ plan, entry }) => plan === title && pointer === `/post_launch/${entry}/manifests`,
      );
      if (one) return filesOf(one);
      throw new Failure(
        world(
          'bundle-unusable',
          `the bundle of ${bundle.vm?.name ?? title} doesn't hold the post-launch manifests`,
          {
            hint: 'apply the plan again, or name the manifests themselves',
          },
        ),
      );
    },
  );
  context.reporter.diagnostics(inside.diagnostics.map(one => movedIn(one, moved)));
  if (inside.diagnostics.some(({ severity }) => severity === 'error')) return undefined;
  return {
    ...catalog,
    nested,
    // None of its lines is one that anybody wrote.
    sources: new Map(),
    targets: catalog.targets.map(target => ({ ...target, at: moved(target.at) })),
    resources: catalog.resources.map(one => ({
      ...one,
      at: moved(one.at),
      places: new Map([...one.places].map(([pointer, at]) => [pointer, moved(at)])),
    })),
  };
}

const movedIn = (
  { at, related, also, ...rest }: Diagnostic,
  moved: (at: SourceRange) => SourceRange,
): Diagnostic => ({
  ...rest,
  ...(at && { at: moved(at) }),
  ...(related && { related: related.map(one => ({ ...one, at: moved(one.at) })) }),
  ...(also && { also: also.map(one => movedIn(one, moved)) }),
});

/**
 * The targets as they are reached from here. Whoever can write to a repository that isn't encrypted can write
 * a bundle: of that only the region is believed, so that it sends nobody's credentials to an address of its
 * own.
 */
export function reached(
  targets: CatalogTarget[],
  encrypted: boolean,
  { region, profile }: RepositoryOptions,
): CatalogTarget[] {
  const believed = encrypted
    ? targets
    : targets.map(target => ({ ...target, properties: { region: target.properties.region! } }));
  // A region on the command line is that of the bucket.
  return overridden(believed, {
    ...(profile !== undefined && { profile }),
    ...(targets.length === 0 && region !== undefined && { region }),
  });
}

/** Before anything is launched, everything that has to be known is: all that can't be is said at once. */
async function resolveAll({ world }: Session, { targets, resources }: Catalog): Promise<void> {
  const named = [
    ...targets.flatMap(({ name, properties, at }) =>
      [...secretsIn(properties)].map(({ ref }) => ({ ref, by: `target ${name}`, at })),
    ),
    ...resources.flatMap(({ address, properties, places, at }) =>
      [...secretsIn(properties)]
        .filter(({ pointer }) => !isRepositoryKey(pointer))
        .map(({ ref, pointer }) => ({ ref, by: address, at: nearest(places, pointer) ?? at })),
    ),
  ];
  const missing: Diagnostic[] = [];
  for (const { ref, by, at } of named) {
    try {
      await world.secret(ref);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const hint =
        whereOf(ref) === 'home'
          ? `${by} names a file of the machine at home: bring it here, or give --profile for other credentials`
          : `${by} names it: set it for this run, or give --profile for other credentials`;
      missing.push(...error.diagnostics.map(one => ({ ...one, at, hint })));
    }
  }
  if (missing.length > 0) throw new Failure(missing);
}
