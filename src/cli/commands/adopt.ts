import { Failure, given } from '../../diagnostics/diagnostic.ts';
import { suggest } from '../../diagnostics/nearest.ts';
import { type Adopted, adopt as adoptAll } from '../../engine/adopt.ts';
import type { Catalog, CatalogTarget, Json } from '../../engine/catalog.ts';
import { exitCode } from '../../engine/exit-code.ts';
import type { AnyResourceType, Registry } from '../../engine/resource-type.ts';
import { startRun } from '../../engine/run.ts';
import { plural } from '../../io/units.ts';
import { writeManifest } from '../../manifest/write-manifest.ts';
import { adoptFiles } from '../adopt-ebextensions.ts';
import {
  requireReference,
  type TargetOptions,
  targetFromOptions,
  withTargetOptions,
} from '../adopt-target.ts';
import { loadCatalog } from '../catalog.ts';
import type { Define } from '../define.ts';
import { put, refuseToOverwrite } from '../new-file.ts';
import { type CommonOptions, withData, withLab, withState } from '../options.ts';
import { openSession } from '../session.ts';
import { version } from '../version.ts';

interface AdoptOptions extends CommonOptions, TargetOptions {
  from?: string[];
  output?: string;
  target?: string;
  repository?: string;
  key?: string;
  schedule?: string;
}

const collect = (value: string, before: string[] = []) => [...before, value];

export const adopt: Define = (program, context, exit) => {
  const command = program
    .command('adopt <WHAT> [WORDS...]')
    .description(
      'print what exists as a manifest; WHAT is a resource type, with the titles to adopt, or a kind of target, with manifests that declare it, or ebextensions, with files',
    )
    .option('-o, --output <FILE>', 'write to a new FILE instead of stdout')
    .option('--from <PATH>', 'manifests whose targets are used; may be repeated', collect)
    .option('--target <NAME>', 'which target, where the manifests declare several of its kind')
    .option('--repository <URL>', 'protected_vm: where to look for recovery points')
    .option('--key <SOURCE>', 'key of an encrypted repository: env:NAME or file:PATH')
    .option('--schedule <SCHEDULE>', 'protected_vm: the schedule to write; else one that fits the points');
  withData(withLab(withState(withTargetOptions(command))))
    .addHelpText(
      'after',
      `
Examples:
  converge adopt bucket dr-points --region eu-west-1
  converge adopt bucket --from manifests -o manifests/buckets.yaml
  converge adopt vsphere manifests --repository s3://dr-points/dr -o manifests/vms.yaml
  converge adopt vsphere --url https://vcenter.example.com --username svc-converge --password env:VC_PASSWORD
  converge adopt ebextensions .ebextensions -o manifests/web.yaml

What a plan would leave as it is stands in the manifest; the rest is in it as comments that say why.`,
    )
    .action(async (what: string, words: string[], options: AdoptOptions) => {
      if (what === 'ebextensions') {
        await adoptFiles(context, words, options.output);
        return exit(0);
      }
      const isKind = context.registry.targets.has(what);
      const paths = [...(options.from ?? []), ...(isKind ? words : [])];
      requireReference('--key', options.key);
      await refuseToOverwrite(context, options.output);
      const declared: Catalog | undefined =
        paths.length > 0
          ? await loadCatalog(context, paths, options)
          : { resources: [], targets: [], sources: new Map() };
      if (!declared) return exit(1);
      // Only now: types beside the manifests are known when these were read.
      const types = typesFor(what, context.registry, paths.length > 0);
      const kind = kindOf(types);
      const targets =
        kind === undefined
          ? []
          : paths.length > 0
            ? chosen(declared.targets, kind, options.target)
            : [await targetFromOptions(kind, options, context)];
      const { platform } = declared;
      const session = await openSession(context, options, { targets, platform });
      try {
        const { interrupt: signal } = context.io;
        const run = startRun({
          registry: context.registry,
          world: session.world,
          signal,
          redactor: context.redactor,
        });
        const { adopted, known, diagnostics } = await adoptAll(run, {
          types,
          targets: targets.filter(({ name }) => options.target === undefined || name === options.target),
          query: { ...(!isKind && words.length > 0 && { titles: words }), common: commonOf(options) },
          declared,
          engine: version,
        });
        await put(context, textOf(adopted, targets, options), options.output);
        context.report(diagnostics);
        context.say(summary(adopted, known));
        exit(exitCode({ diagnostics }));
      } finally {
        await session.close();
      }
    });
};

/** A type that can list, or all of a kind of target that can. */
function typesFor(what: string, registry: Registry, ownAreKnown: boolean): AnyResourceType[] {
  const listing = [...registry.types.values()].filter(({ list }) => list);
  const types = listing.filter(
    ({ name, runs }) => name === what || (runs.on === 'remote' && runs.target === what),
  );
  if (types.length > 0) return types;
  const names = [...registry.targets.keys(), ...listing.map(({ name }) => name)];
  const message = registry.types.has(what)
    ? `\`${what}\` can't be adopted: it can't tell what there is`
    : `there is nothing called \`${what}\` to adopt`;
  const own = ownAreKnown ? [] : ['a type of your own is found beside manifests: --from PATH'];
  const hint = [suggest(what, names), ...own].filter(Boolean).join('; ');
  throw new Failure(given('unknown-type', message, { hint }));
}

/** The kind of target that these live on; undefined: the host. */
const kindOf = ([type]: AnyResourceType[]): string | undefined =>
  type?.runs.on === 'remote' ? type.runs.target : undefined;

/** The targets to write and to look at: all of the kind, one of which is meant. */
function chosen(declared: readonly CatalogTarget[], kind: string, name: string | undefined): CatalogTarget[] {
  const fitting = declared.filter(({ type }) => type === kind);
  const names = fitting.map(target => target.name);
  if (fitting.length === 0)
    throw new Failure(given('no-target', `the manifests declare no target of type ${kind}`));
  if (name !== undefined && !names.includes(name)) {
    const hint = suggest(name, names);
    throw new Failure(
      given('unknown-target', `there is no ${kind} target \`${name}\``, hint === undefined ? {} : { hint }),
    );
  }
  if (name === undefined && fitting.length > 1)
    throw new Failure(
      given('ambiguous-target', `the manifests declare several ${kind} targets: ${names.join(', ')}`, {
        hint: `adopt from one at a time: --target ${names[0]}`,
      }),
    );
  // A repository may lie on another kind of target than what it protects.
  return [...declared];
}

function commonOf({ repository, key, schedule }: AdoptOptions): Record<string, Json> {
  const where =
    repository !== undefined && key !== undefined ? { url: repository, key: { $secret: key } } : repository;
  return {
    ...(where !== undefined && { repository: where }),
    ...(schedule !== undefined && { schedule }),
  };
}

function textOf(adopted: Adopted[], targets: CatalogTarget[], { repository }: AdoptOptions): string {
  const where =
    repository === undefined
      ? 'not protected, as far as is known: look with --repository'
      : `no recovery point in ${repository}`;
  return writeManifest({
    schema: '../schemas/manifest.schema.json',
    about: ['What was there when `converge adopt` looked: a plan changes nothing of it.'],
    targets,
    resources: adopted.map(({ pending, note, ...one }) => ({
      ...one,
      ...(note !== undefined && { note }),
      ...(pending !== undefined && {
        comment:
          pending === 'would be made at once'
            ? `${where}; declared, the first point would be made at once`
            : pending,
      }),
    })),
  });
}

function summary(adopted: Adopted[], known: number): string {
  const live = adopted.filter(({ pending }) => pending === undefined).length;
  const waiting = adopted.length - live;
  return `${[
    `${plural(live, 'resource')} adopted`,
    ...(waiting > 0 ? [`${waiting} written as comments, since a plan would change something of them`] : []),
    ...(known > 0 ? [`${known} left out, which the manifests declare already`] : []),
  ].join('; ')}\n`;
}
