import {
  requireReference,
  type TargetOptions,
  targetFromOptions,
  withTargetOptions,
} from '../../../app/adopt/adopt-target.ts';
import { chosenTargets, isPlace, kindOf, soughtBy } from '../../../app/adopt/adopt-what.ts';
import { summary, textOf } from '../../../app/adopt/adopted-text.ts';
import { put, refuseToOverwrite } from '../../../app/adopt/new-file.ts';
import { refusedResources } from '../../../app/adopt/refused-resources.ts';
import { loadCatalog } from '../../../app/catalog.ts';
import { openSession } from '../../../app/session.ts';
import { version } from '../../../app/version.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { Catalog, Json } from '../../../engine/model/catalog.ts';
import type { Registry } from '../../../engine/model/resource-type.ts';
import { startRun } from '../../../engine/model/run.ts';
import { type Adopted, adopt as adoptAll } from '../../../engine/record/adopt.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { systemName } from '../../../manifest/read/requires.ts';
import type { Define } from '../../define.ts';
import { type CommonOptions, withData, withLab, withState } from '../../options.ts';

interface AdoptOptions extends CommonOptions, TargetOptions {
  from?: string[];
  output?: string;
  target?: string;
  repository?: string;
  key?: string;
  schedule?: string;
  services?: true;
}

const collect = (value: string, before: string[] = []) => [...before, value];

export const adopt: Define = (program, context, exit) => {
  const command = program
    .command('adopt <WHAT> [WORDS...]')
    .description(
      'print what exists as a manifest; WHAT is a resource type, with the titles to adopt; a kind of target, or windows, with manifests that declare it; or ebextensions, with files',
    )
    .option('-o, --output <FILE>', 'write to a new FILE instead of stdout')
    .option('--from <PATH>', 'manifests whose targets are used; may be repeated', collect)
    .option('--target <NAME>', 'which target, where the manifests declare several of its kind')
    .option('--repository <URL>', 'protected_vm: where to look for recovery points')
    .option('--key <SOURCE>', 'key of an encrypted repository: env:NAME or file:PATH')
    .option('--schedule <SCHEDULE>', 'protected_vm: the schedule to write; else one that fits the points')
    .option('--services', 'windows: services, too');
  withData(withLab(withState(withTargetOptions(command))))
    .addHelpText(
      'after',
      `
Examples:
  converge adopt bucket dr-points --region eu-west-1
  converge adopt bucket --from manifests -o manifests/buckets.yaml
  converge adopt vsphere manifests --repository s3://dr-points/dr -o manifests/vms.yaml
  converge adopt vsphere --url https://vcenter.example.com --username svc-converge --password env:VC_PASSWORD
  converge adopt windows -o manifests/host.yaml
  converge adopt windows manifests --services --lab
  converge adopt iis_site "Default Web Site"
  converge adopt ebextensions .ebextensions -o manifests/web.yaml

What a plan would leave as it is stands in the manifest; the rest is in it as comments that say why.`,
    )
    .action(async (what: string, words: string[], options: AdoptOptions) => {
      if (what === 'ebextensions') {
        const { adoptFiles } = await import('../../../app/adopt/adopt-ebextensions.ts');
        await adoptFiles(context, words, options.output);
        return exit(0);
      }
      const wordsArePaths = isPlace(what, context.registry);
      const paths = [...(options.from ?? []), ...(wordsArePaths ? words : [])];
      requireReference('--key', options.key);
      await refuseToOverwrite(context, options.output);
      const declared: Catalog | undefined =
        paths.length > 0
          ? await loadCatalog(context, paths, options)
          : { resources: [], targets: [], sources: new Map() };
      if (!declared) return exit(1);
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
        const { interrupt: signal } = context.io;
        const run = startRun({
          registry: context.registry,
          world: session.world,
          signal,
          redactor: context.redactor,
        });
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
        const text = textOf({
          ...found,
          adopted,
          targets,
          repository: options.repository,
          ...(kind === undefined && is === 'win32' && { os: 'windows' }),
        });
        await put(context, text, options.output);
        context.report(found.diagnostics);
        context.say(summary({ ...found, adopted }));
        exit(exitCode(found));
      } finally {
        await session.close();
      }
    });
};

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
