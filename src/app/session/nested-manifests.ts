import { dirname, join, resolve } from 'node:path';
import { type Diagnostic, Failure, given, type SourceRange } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import type { Catalog, CatalogResource, NestedManifests } from '../../engine/model/catalog.ts';
import { isSecretRef, type Json, type SecretRef } from '../../engine/model/catalog.ts';
import { child, nearest } from '../../engine/model/pointer.ts';
import type { Registry } from '../../engine/model/resource-type.ts';
import { filesByRoot, memoryFiles } from '../../io/memory-files.ts';
import type { ReadFiles } from '../../io/ports.ts';
import { compile } from '../../manifest/compile.ts';
import type { ManifestFiles } from '../../recovery/guest/manifests.ts';
import { recoveredFacts } from '../aws/recovered-facts.ts';

/** What a resource names manifests of another machine by. */
interface Named {
  resource: CatalogResource;
  pointer: string;
  written: string;
  at: SourceRange;
  /** Of the machines that they are for. */
  platforms: Set<NodeJS.Platform>;
}

export interface Nesting {
  registry: Registry;
  /** Absolute: of the modules that come with converge, and where those are. */
  shippedModules: string;
  shippedFiles: ReadFiles;
  /** What names in messages are relative to, absolute. */
  cwd: string;
}

export interface Nested {
  nested: NestedManifests[];
  diagnostics: Diagnostic[];
  /** Of what was read, for showing lines of it. */
  sources: Map<string, string>;
}

/**
 * Reads and checks the manifests that recovery plans have recovered machines converge by, so that what is
 * wrong with them is a mistake before the disaster. What was read is what is carried along: each is compiled
 * from those very bytes.
 *
 * @param catalog free of mistakes
 * @param read the files that a resource names
 */
export async function nestedManifests(
  catalog: Pick<Catalog, 'resources'>,
  nesting: Nesting,
  read: (resource: CatalogResource, pointer: string, path: string) => Promise<ManifestFiles>,
): Promise<Nested> {
  const found: Nested = { nested: [], diagnostics: [], sources: new Map() };
  for (const named of namedIn(catalog)) {
    try {
      await check(named, await read(named.resource, named.pointer, named.written), nesting, found);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      const { at, resource } = named;
      found.diagnostics.push(...error.diagnostics.map(one => ({ ...one, at, address: resource.address })));
    }
  }
  return found;
}

/** From the files beside the manifests that declare the plan. */
export const readBeside =
  ({ files, cwd }: { files: ReadFiles; cwd: string }) =>
  async ({ at }: CatalogResource, _: string, path: string): Promise<ManifestFiles> => {
    // Loaded for those few that have a plan.
    const { readManifestFiles } = await import('../../recovery/guest/manifests.ts');
    return readManifestFiles(files, resolve(cwd, dirname(at.file), path), join);
  };

function namedIn({ resources }: Pick<Catalog, 'resources'>): Named[] {
  const present = resources.filter(({ meta, select }) => meta.ensure !== 'absent' && select === undefined);
  return present
    .filter(({ type }) => type === 'recovery_plan')
    .flatMap(resource => {
      const { groups, post_launch = [] } = resource.properties as unknown as PlanShape;
      return post_launch.map(({ manifests, targets }, n) => {
        const pointer = `/post_launch/${n}/manifests`;
        const titles = new Set(
          (targets ?? groups.flatMap(group => group.targets)).map(title => title.toLowerCase()),
        );
        const machines = present.filter(
          ({ type, title }) => type === 'recovery_target' && titles.has(title.toLowerCase()),
        );
        return {
          resource,
          pointer,
          written: manifests,
          at: nearest(resource.places, pointer) ?? resource.at,
          // A licence is what Windows has to declare, and no other system may.
          platforms: new Set(
            machines.map(({ properties }) => (properties.license === undefined ? 'linux' : 'win32')),
          ),
        };
      });
    });
}

interface PlanShape {
  groups: { targets: string[] }[];
  post_launch?: { manifests: string; targets?: string[] }[];
}

async function check(
  { resource, pointer, written, at, platforms }: Named,
  files: ManifestFiles,
  { registry, shippedModules, shippedFiles, cwd }: Nesting,
  into: Nested,
): Promise<void> {
  const { address } = resource;
  if (platforms.size > 1) {
    const message = `the post-launch manifests ${written} are for machines with Windows and with Linux`;
    const hint = 'make two entries of `post_launch`, each with its `targets`';
    throw new Failure(given('post-launch', message, { hint }));
  }
  const [platform = 'linux'] = platforms;
  const only = files.size === 1 ? [...files.keys()][0]! : undefined;
  const path = resolve(cwd, dirname(resource.at.file), written);
  // Of a single file that was named, the folder is the one around it.
  const isFile = only !== undefined && path.endsWith(only) && !only.includes('/');
  const root = isFile ? dirname(path) : path;
  const { catalog, diagnostics } = await compile([path], {
    registry,
    files: filesByRoot([
      { root, files: memoryFiles(root, new Map(files)) },
      { root: shippedModules, files: shippedFiles },
    ]),
    cwd,
    hostCwd: platform === 'win32' ? 'C:\\' : '/',
    platform,
    facts: recoveredFacts(platform),
    shippedModules,
  });
  for (const [file, text] of catalog.sources) into.sources.set(file, text);
  const related = [{ message: `named by ${address}`, at }];
  const mistakes = [...diagnostics, ...catalog.resources.flatMap(one => unfitIn(one, registry))].map(one => ({
    ...one,
    related: [...(one.related ?? []), ...related],
  }));
  into.diagnostics.push(...mistakes);
  if (mistakes.some(({ severity }) => severity === 'error')) return;
  const secrets = catalog.resources.flatMap(one =>
    [...secretsOf(one)].map(({ ref, at: place }) => ({ ref, by: one.address, at: place })),
  );
  const { digestOf } = await import('../../recovery/guest/manifests.ts');
  into.nested.push({ address, pointer, digest: digestOf(files), files, secrets });
}

/** What a machine in a network that is apart can't do, whatever it is given. */
function unfitIn(one: CatalogResource, registry: Registry): Diagnostic[] {
  const { address, type, at } = one;
  const isRemote = registry.types.get(type)?.runs.on === 'remote';
  const remote = isRemote
    ? [
        given('post-launch-remote', own`${address} isn't on the machine itself`, {
          at,
          address,
          hint: 'a machine in a network that is apart reaches no target: take it out of the post-launch manifests',
        }),
      ]
    : [];
  const elsewhere = [...secretsOf(one)].filter(({ ref }) => !ref.$secret.startsWith('file:'));
  return [
    ...remote,
    ...elsewhere.map(({ ref, at: place }) =>
      given('post-launch-secret', own`a machine that has just been recovered has no ${ref.$secret}`, {
        at: place,
        address,
        hint: "use `file:PATH` of the machine's own disk: it is recovered with it",
      }),
    ),
  ];
}

function* secretsOf({
  properties,
  places,
  at,
}: CatalogResource): Generator<{ ref: SecretRef; at: SourceRange }> {
  yield* secretsBelow(properties, '');

  function* secretsBelow(value: Json, pointer: string): Generator<{ ref: SecretRef; at: SourceRange }> {
    if (isSecretRef(value)) yield { ref: value, at: nearest(places, pointer) ?? at };
    else if (typeof value === 'object' && value !== null)
      for (const [key, member] of Object.entries(value)) yield* secretsBelow(member, child(pointer, key));
  }
}
