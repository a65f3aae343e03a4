import type { AdoptOptions } from '../../../app/adopt/adopt-world.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import type { Define } from '../../context/define.ts';
import { withData, withLab, withState } from '../../context/options.ts';
import { filesSummary, worldSummary } from './adopt-summary.ts';
import { withTargetOptions } from './target-options.ts';

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
    .option('--key <SOURCE>', 'key of an encrypted repository: env:NAME, file:PATH or credential:NAME')
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

What a plan would leave as it is goes into the manifest; the rest is in it as comments that say why.`,
    )
    .action(async (what: string, words: string[], options: AdoptOptions) => {
      if (what === 'ebextensions') {
        const { adoptFiles } = await import('../../../app/adopt/adopt-ebextensions.ts');
        const adopted = await adoptFiles(context, words, options.output);
        if (options.output === undefined) context.printExact(adopted.text);
        context.say(filesSummary(adopted));
        return exit(0);
      }
      const { adoptWorld } = await import('../../../app/adopt/adopt-world.ts');
      const adopted = await adoptWorld(context, what, words, options);
      if (!adopted) return exit(1);
      if (options.output === undefined) context.printExact(adopted.text);
      context.report(adopted.diagnostics);
      context.say([worldSummary(adopted)]);
      exit(exitCode(adopted));
    });
};
