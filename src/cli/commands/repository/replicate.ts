import { loadCatalog } from '../../../app/catalog.ts';
import { openSession } from '../../../app/open-session.ts';
import type { CommonOptions } from '../../../app/options.ts';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import { suggest } from '../../../diagnostics/nearest.ts';
import { writeIo } from '../../../engine/call/make-io.ts';
import type { CatalogResource } from '../../../engine/model/catalog.ts';
import { startRun } from '../../../engine/model/run.ts';
import { subjectOf } from '../../../engine/model/subject.ts';
import { expandSelections } from '../../../engine/select/members.ts';
import { describeCycle } from '../../../resources/vsphere/describe-cycle.ts';
import type { ProtectedVmProperties } from '../../../resources/vsphere/protected_vm.ts';
import { replicate as runCycle } from '../../../resources/vsphere/replicate.ts';
import type { Define } from '../../define.ts';
import { withData, withFormat, withLab, withState } from '../../options.ts';

interface ReplicateOptions extends CommonOptions {
  format: 'text' | 'json';
  rescan?: boolean;
}

export const replicate: Define = (program, context, exit) => {
  const command = program
    .command('replicate <VM> [PATHS...]')
    .description('make a recovery point of one protected VM now, due or not')
    .option('--rescan', 'compare every block with the newest point, whatever change tracking says');
  withData(withLab(withState(withFormat(command))))
    .addHelpText('after', '\nExample:\n  converge replicate dc02 manifests')
    .action(async (vm: string, paths: string[], options: ReplicateOptions) => {
      const catalog = await loadCatalog(context, paths, options);
      if (!catalog) return exit(1);
      const session = await openSession(context, options, {
        targets: catalog.targets,
        platform: catalog.platform,
        exclusive: true,
      });
      try {
        const run = startRun({
          registry: context.registry,
          world: session.world,
          signal: context.io.interrupt,
          redactor: context.redactor,
        });
        const { resources, diagnostics } = await expandSelections(catalog, run);
        context.report(diagnostics);
        const declared = protectedVm(resources, vm);
        const subject = subjectOf(declared, {
          registry: context.registry,
          targets: catalog.targets,
          where: run.where,
        });
        const asked = {
          title: declared.title,
          properties: declared.properties as unknown as ProtectedVmProperties,
        };
        const result = await runCycle(
          asked,
          writeIo(run, subject, context.io.interrupt, () => {}),
          context.io.interrupt,
          {
            rescan: options.rescan ?? false,
          },
        );
        const { point, disks, numbers } = result;
        context.print(
          options.format === 'json'
            ? `${JSON.stringify({ version: 1, point: point.id, generation: point.generation, disks, numbers }, null, 2)}\n`
            : `${declared.title}: ${describeCycle(result)} (${point.id})\n`,
        );
        context.report(result.warnings);
        exit(0);
      } finally {
        await session.close();
      }
    });
};

function protectedVm(resources: CatalogResource[], vm: string): CatalogResource {
  const protectedVms = resources.filter(({ type }) => type === 'protected_vm');
  const found = protectedVms.find(
    ({ title, select }) => select === undefined && title.toLowerCase() === vm.toLowerCase(),
  );
  if (found) return found;
  // It may be one of those.
  const faults = protectedVms.flatMap(({ fault }) => fault ?? []);
  if (faults.length > 0) throw new Failure(faults);
  const hint =
    suggest(
      vm,
      protectedVms.map(({ title }) => title),
    ) ?? 'the manifests declare no protected_vm';
  throw new Failure(given('vm-not-declared', `no protected_vm is called ${vm}`, { hint }));
}
