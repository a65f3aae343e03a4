import { type Diagnostic, given, type SourceRange } from '../diagnostics/diagnostic.ts';
import type { Catalog } from '../engine/catalog.ts';
import type { Registry } from '../engine/resource-type.ts';
import type { ReadFiles } from '../io/ports.ts';
import { checkIdentities } from './check-identities.ts';
import { checkReferences } from './check-references.ts';
import { checkTargets } from './check-targets.ts';
import type { Declarations } from './declared.ts';
import { readManifests } from './find-files.ts';
import { parseManifest } from './parse.ts';
import { readManifest } from './read-manifest.ts';
import { quoted } from './scalar.ts';
import { secretNames } from './secret-names.ts';
import { maskedText } from './source-file.ts';

export interface CompileOptions {
  registry: Registry;
  files: ReadFiles;
  /** What relative paths resolve against, absolute. */
  cwd: string;
  /** Of the host that the manifests are for; with the lab that of its host. */
  platform: NodeJS.Platform;
}

/**
 * Manifest files and folders to one catalog. Every mistake of the run is in `diagnostics`; with any
 * error there the catalog is partial and only good for showing sources, in which literals that may be
 * secrets are masked. No secret is read.
 */
export async function compile(
  paths: string[],
  { registry, files, cwd, platform }: CompileOptions,
): Promise<{ catalog: Catalog; diagnostics: Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const report = (diagnostic: Diagnostic) => void diagnostics.push(diagnostic);
  const declared: Declarations = { resources: [], targets: [], spoiled: new Set(), incomplete: false };
  const sources = new Map<string, string>();
  const namesSecret = secretNames(registry);

  const texts = await readManifests(paths, files, cwd, report);
  if (diagnostics.length > 0) declared.incomplete = true;
  for (const { name, text } of texts) {
    const { file, readable } = parseManifest(name, text, namesSecret, report);
    if (readable) await readManifest(file, registry, platform, declared, report);
    else declared.incomplete = true;
    sources.set(name, maskedText(file));
  }

  const resources = declared.resources.map(({ resource }) => resource);
  refuseTwice(declared.targets, ({ name }) => `target ${quoted(name)}`, report);
  refuseTwice(resources, ({ address }) => quoted(address), report);
  checkTargets(declared, registry, platform, report);
  checkReferences(declared, registry, report);
  checkAbsence(declared, report);
  checkIdentities(firstOfEach(declared.resources), { platform, cwd }, report);
  const valid = declared.resources.filter(({ valid }) => valid).map(({ resource }) => resource);
  const { targets, policy } = declared;
  return { catalog: { resources: valid, targets, ...(policy && { policy }), sources }, diagnostics };
}

/** One name, two files. */
function refuseTwice<T extends { at: SourceRange }>(
  things: T[],
  say: (thing: T) => string,
  report: (diagnostic: Diagnostic) => void,
): void {
  const seen = new Map<string, T>();
  for (const thing of things) {
    const name = say(thing);
    const first = seen.get(name);
    if (!first) seen.set(name, thing);
    else
      report(
        given('declared-twice', `${name} is declared twice`, {
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
    if (resource.meta.ensure !== 'absent' || type.canBeAbsent !== false) continue;
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
