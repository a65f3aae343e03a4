import { type Diagnostic, Failure, given } from '../../diagnostics/diagnostic.ts';
import type { Catalog, Json } from '../../engine/model/catalog.ts';
import type { Registry } from '../../engine/model/resource-type.ts';
import { type Adopted, adopt as adoptAll, type Unsaid } from '../../engine/record/adopt.ts';
import { systemName } from '../../manifest/sections/requires.ts';
import type { Context } from '../app-context.ts';
import type { CommonOptions } from '../options.ts';
import { loadCatalog } from '../session/load-catalog.ts';
import { openSession } from '../session/open-session.ts';
import { runOf } from '../session/run-of.ts';
import { version } from '../version.ts';
import { requireReference, type TargetOptions, targetFromOptions } from './adopt-target.ts';
import { chosenTargets, isPlace, kindOf, soughtBy } from './adopt-what.ts';
import { manifestOf } from './adopted-manifest.ts';
import { refuseToOverwrite, writeNew } from './new-file.ts';
import { refusedResources } from './refused-resources.ts';

export interface AdoptOptions extends CommonOptions, TargetOptions {
  /** Manifests whose targets are used. */
  from?: string[];
  /** A new file for the manifest. */
  output?: string;
  /** Which target, where several of the kind are declared. */
  target?: string;
  /** Where to look for recovery points, and the key of that repository. */
  repository?: string;
  key?: string;
  schedule?: string;
  /** Services of Windows, too. */
  services?: true;
}

/** What became of what there is. */
export interface AdoptedWorld {
  /** The manifest; in `output` when that was given. */
  text: string;
  adopted: readonly Adopted[];
  /** How many were left out, since the manifests declare them already. */
  known: number;
  unsaid: readonly Unsaid[];
  diagnostics: Diagnostic[];
}

/**
 * What exists as a manifest. Undefined when manifests that it needs have mistakes, which were told.
 * @param what a resource type, a kind of target, or `windows`
 * @param words titles for a type, else manifests
 */
export async function adoptWorld(
  context: Context,
  what: string,
  words: string[],
  options: AdoptOptions,
): Promise<AdoptedWorld | undefined> {
  const wordsArePaths = isPlace(what, context.registry);
  const paths = [...(options.from ?? []), ...(wordsArePaths ? words : [])];
  requireReference('--key', options.key);
  await refuseToOverwrite(context, options.output);
  const declared: Catalog | undefined =
    paths.length > 0
      ? await loadCatalog(context, paths, options)
      : { resources: [], targets: [], sources: new Map() };
  if (!declared) return undefined;
  // Only now: types beside the manifests are known when these were read.
  const { services } = options;
  const sought = { ownAreKnown: paths.length > 0, ...(services && { services }) };
  const { types, platform } = soughtBy(what, context.registry, sought);
  const kind = kindOf(types);
  const targets =
    kind === undefined
      ? []
      : paths.length > 0
        ? chosenTargets(declared.targets, kind, options.target)
        : [await targetFromOptions(kind, options, context)];
  const session = await openSession(context, options, {
    targets,
    platform: platform ?? declared.platform,
  });
  try {
    const run = runOf(context, session);
    const is = run.where.platform;
    if (platform !== undefined && platform !== is) throw otherHost(what, platform, is);
    const found = await adoptAll(run, {
      types,
      targets: targets.filter(({ name }) => options.target === undefined || name === options.target),
      query: { ...(!wordsArePaths && words.length > 0 && { titles: words }), common: commonOf(options) },
      declared,
      engine: version,
    });
    const adopted =
      kind === undefined ? await withoutRefused(found.adopted, context.registry, is) : found.adopted;
    const text = manifestOf({
      ...found,
      adopted,
      targets,
      repository: options.repository,
      ...(kind === undefined && is === 'win32' && { os: 'windows' }),
    });
    if (options.output !== undefined) await writeNew(context, text, options.output);
    return { ...found, text, adopted };
  } finally {
    await session.close();
  }
}

function commonOf({ repository, key, schedule }: AdoptOptions): Record<string, Json> {
  const where =
    repository !== undefined && key !== undefined ? { url: repository, key: { $secret: key } } : repository;
  return {
    ...(where !== undefined && { repository: where }),
    ...(schedule !== undefined && { schedule }),
  };
}

const otherHost = (what: string, wanted: NodeJS.Platform, is: NodeJS.Platform): Failure =>
  new Failure(
    given('wrong-os', `\`adopt ${what}\` looks at the host it runs on, and this is ${systemName(is)}`, {
      hint: `run it on ${systemName(wanted)}, or with --lab`,
    }),
  );

/** What the manifest layer refuses would make the whole manifest invalid. */
async function withoutRefused(
  adopted: readonly Adopted[],
  registry: Registry,
  platform: NodeJS.Platform,
): Promise<Adopted[]> {
  const live = adopted.filter(({ pending }) => pending === undefined);
  const refused = await refusedResources(live, registry, platform);
  return adopted.map(one => {
    const mistake = refused.get(one);
    return mistake === undefined ? one : { ...one, pending: `not taken as it is: ${mistake}` };
  });
}
