import { join } from 'node:path';
import { type Diagnostic, given, type SourceRange } from '../diagnostics/diagnostic.ts';
import { canonicalJson } from '../engine/model/canonical.ts';
import type { Address, Catalog, CatalogTarget } from '../engine/model/catalog.ts';
import type { Registry } from '../engine/model/resource-type.ts';
import { notesOf } from '../engine/model/schema-at.ts';
import type { ReadFiles } from '../io/ports.ts';
import { checkIdentities } from './checks/check-identities.ts';
import { checkReferences } from './checks/check-references.ts';
import { checkTargets } from './checks/check-targets.ts';
import { checkUrls } from './checks/check-urls.ts';
import { takeFromOthers } from './checks/take-from-others.ts';
import { withUses } from './checks/uses-around.ts';
import { makeExpressions } from './expressions/expressions.ts';
import { findModules } from './modules/module.ts';
import { checkManifest, readManifest } from './read-manifest.ts';
import type { Context } from './resources/resource-context.ts';
import type { Declarations } from './scope/declared.ts';
import type { Facts } from './scope/facts.ts';
import type { Trace } from './scope/scope.ts';
import { mergeLayers, readData, readDataFiles, readSettings } from './sections/data-layers.ts';
import { topLevel } from './sections/language.ts';
import { requiredPlatform } from './sections/requires.ts';
import { foldersAround, readManifests } from './syntax/find-files.ts';
import { parseManifest } from './syntax/parse.ts';
import { quoted } from './syntax/scalar.ts';
import { secretNames } from './syntax/secret-names.ts';
import { maskedText, type SourceFile } from './syntax/source-file.ts';

/** The host that the manifests are for, as far as a compiler needs it. */
export interface ManifestHost {
  platform: NodeJS.Platform;
  /** What expressions may ask about the host; none when left out. */
  facts?: Facts;
  /** What expressions see as `env`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** What managed relative paths resolve against; the compiler's `cwd` when left out. */
  hostCwd?: string;
}

export interface CompileOptions extends ManifestHost {
  registry: Registry;
  /** Names of user's types that could not be loaded, which was reported. */
  unusable?: ReadonlySet<string>;
  files: ReadFiles;
  /** What relative paths resolve against, absolute. */
  cwd: string;
  /** With a lab, which has hosts of several platforms: the one for manifests that require `platform`. */
  hostFor?(platform: NodeJS.Platform): Promise<ManifestHost | undefined>;
  /** Name of the data layer `data/NAME.yaml`. */
  environment?: string;
  /** `name=value` each, the topmost data layer. */
  settings?: readonly string[];
  /** Folder of the modules that come with converge, absolute. */
  shippedModules?: string;
}

/** What `compile` makes of manifests. */
export interface Compiled {
  catalog: Catalog;
  diagnostics: Diagnostic[];
  /** How computed values came about: by address, then by JSON pointer below the properties. */
  traces: ReadonlyMap<Address, ReadonlyMap<string, Trace>>;
}

/**
 * Manifest files and folders to one catalog. Every mistake of the run is in `diagnostics`; with any
 * error there the catalog is partial and only good for showing sources, in which literals that may be
 * secrets are masked. No secret is read.
 */
export async function compile(paths: string[], options: CompileOptions): Promise<Compiled> {
  const { registry, files, cwd, settings = [], environment } = options;
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic);
  const declared: Declarations = {
    resources: [],
    targets: [],
    spoiled: new Set(),
    uses: new Map(),
    leftOut: new Map(),
    told: new Set(),
    incomplete: false,
  };
  const sources = new Map<string, string>();
  const namesSecret = secretNames(registry);

  const texts = await readManifests(paths, files, cwd, report);
  if (diagnostics.some(({ severity }) => severity === 'error')) declared.incomplete = true;
  const manifests: SourceFile[] = [];
  for (const { name, text } of texts) {
    const { file, readable } = parseManifest(name, text, namesSecret, report);
    if (readable && checkManifest(file, registry, declared, report)) manifests.push(file);
    else {
      declared.incomplete = true;
      sources.set(file.name, maskedText(file));
    }
  }
  const required = manifests.map(requiredBy).find(platform => platform !== undefined);
  const host = (required && (await options.hostFor?.(required))) ?? options;
  const { platform, hostCwd = cwd } = host;
  const expressions = makeExpressions(host, namesSecret, report);
  for (const file of manifests) await expressions.prepare(file);
  const folders = await foldersAround(paths, files, cwd);
  const before = diagnostics.length;
  const dataLayers = [
    ...manifests.flatMap(file => {
      const node = topLevel(file).get('data')?.value;
      return node ? [readData(file, node, file.name, report)] : [];
    }),
    ...(await readDataFiles(
      folders,
      { environment, hostname: expressions.hostname, files, cwd },
      namesSecret,
      sources,
      report,
    )),
    ...readSettings(settings, report),
  ];
  const data = mergeLayers(dataLayers, report);
  const dataIsBroken = diagnostics.length > before;
  const modules = await findModules(
    [
      ...folders.map(folder => join(folder, 'modules')),
      ...(options.shippedModules === undefined ? [] : [options.shippedModules]),
    ],
    { registry, files, cwd, namesSecret, prepare: expressions.prepare, sources, report },
  );
  const context: Context = {
    registry,
    unusable: options.unusable ?? new Set(),
    modules,
    expressions,
    into: declared,
    report,
    dataLayers,
    scope: { ...expressions.scope(data), dataIsBroken },
    chain: [],
    made: { count: 0 },
  };
  // One after the other its tree is let go, which is most of what a large run holds.
  for (let file = manifests.shift(); file; file = manifests.shift()) {
    await readManifest(file, { platform, hasLab: options.hostFor !== undefined }, context);
    sources.set(file.name, maskedText(file));
  }

  declared.targets = distinctTargets(declared.targets);
  const resources = declared.resources.map(({ resource }) => resource);
  refuseTwice(declared.targets, 'target ', ({ name }) => name, report);
  refuseTwice(resources, '', ({ address }) => address, report);
  const reportInside = withUses(declared.uses, report);
  takeFromOthers(declared, reportInside);
  checkTargets(declared, registry, platform, reportInside);
  checkReferences(declared, registry, reportInside);
  checkUrls(declared, reportInside);
  checkAbsence(declared, reportInside);
  const where = { platform, cwd: hostCwd };
  checkIdentities(firstOfEach(declared.resources), declared.uses, where, report);
  const valid = declared.resources.filter(({ valid }) => valid);
  const { targets, policy } = declared;
  return {
    catalog: {
      resources: valid.map(({ resource }) => resource),
      targets,
      ...(policy && { policy }),
      ...(required && { platform: required }),
      sources,
    },
    diagnostics,
    traces: new Map(valid.map(({ resource, traces }) => [resource.address, traces])),
  };
}

const requiredBy = (file: SourceFile): NodeJS.Platform | undefined => {
  const node = topLevel(file).get('requires')?.value;
  return node ? requiredPlatform(node) : undefined;
};

/** A target that two files declare alike is one: each file may then be used by itself. */
const distinctTargets = (targets: CatalogTarget[]): CatalogTarget[] => {
  const said = ({ name, type, properties }: CatalogTarget) => canonicalJson({ name, type, properties });
  return [...new Map(targets.toReversed().map(target => [said(target), target])).values()].toReversed();
};

/** One name, two files. */
function refuseTwice<T extends { at: SourceRange }>(
  things: T[],
  kind: string,
  nameOf: (thing: T) => string,
  report: (diagnostic: Diagnostic) => void,
): void {
  const seen = new Map<string, T>();
  for (const thing of things) {
    const name = nameOf(thing);
    const first = seen.get(name);
    if (!first) seen.set(name, thing);
    else
      report(
        given('declared-twice', `${kind}${quoted(name)} is declared twice`, {
          at: thing.at,
          hint: 'merge the two, or remove one',
          related: [{ message: 'first here', at: first.at }],
        }),
      );
  }
}

function firstOfEach(resources: Declarations['resources']): Declarations['resources'] {
  return [...new Map([...resources].reverse().map(item => [item.resource.address, item])).values()].reverse();
}

function checkAbsence({ resources }: Declarations, report: (diagnostic: Diagnostic) => void): void {
  for (const declared of resources) {
    const { resource, type } = declared;
    checkProtect(declared, report);
    if (resource.meta.ensure !== 'absent') {
      checkNeeded(declared, report);
      continue;
    }
    if (type.canBeAbsent !== false) continue;
    declared.valid = false;
    report(
      given('never-absent', `a \`${type.name}\` can't be absent`, {
        at: resource.places.get('/ensure') ?? resource.at,
        address: resource.address,
        hint: 'remove `ensure: absent`; a resource that is not declared is left alone',
      }),
    );
  }
}

/** What is never deleted, and can't weaken, has nothing that `protect` would keep from being done. */
function checkProtect(
  declared: Declarations['resources'][number],
  report: (diagnostic: Diagnostic) => void,
): void {
  const { resource, type } = declared;
  if (resource.meta.protect !== true || type.canBeAbsent !== false) return;
  if (notesOf(type.schema, 'x-grade').length > 0) return;
  declared.valid = false;
  report(
    given('no-protect', `\`protect\` has no effect: a \`${type.name}\` is never deleted`, {
      at: resource.places.get('/protect') ?? resource.at,
      address: resource.address,
      hint: 'remove `protect: true`',
    }),
  );
}

/** What only one that is to be absent may leave out. */
function checkNeeded(
  declared: Declarations['resources'][number],
  report: (diagnostic: Diagnostic) => void,
): void {
  const { resource, type } = declared;
  if (!declared.valid) return;
  for (const name of type.neededUnlessAbsent ?? []) {
    if (Object.hasOwn(resource.properties, name)) continue;
    declared.valid = false;
    report(
      given('missing-property', `\`${resource.address}\`: the property \`${name}\` is missing`, {
        at: resource.at,
        address: resource.address,
        hint: `add \`${name}:\`, or write \`ensure: absent\``,
      }),
    );
  }
}
