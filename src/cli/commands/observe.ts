import { resolve } from 'node:path';
import { exitCode } from '../../engine/exit-code.ts';
import { buildGraph } from '../../engine/graph.ts';
import { expandSelections } from '../../engine/members.ts';
import { observe as observeAll } from '../../engine/observe.ts';
import { keepingAnswers, record } from '../../engine/recording.ts';
import { renderRecording } from '../../engine/recording-file.ts';
import { startRun } from '../../engine/run.ts';
import { subjectsOf } from '../../engine/subject.ts';
import { registry } from '../../resources/registry.ts';
import { loadCatalog } from '../catalog.ts';
import type { Define } from '../define.ts';
import { type CommonOptions, withData, withLab, withState } from '../options.ts';
import { openSession } from '../session.ts';

export const observe: Define = (program, context, exit) => {
  const command = program
    .command('observe [PATHS...]')
    .description("print what the manifests' resources really are")
    .option('-o, --output <FILE>', 'write to FILE instead of stdout, for `plan --observed FILE`');
  withData(withLab(withState(command)))
    .addHelpText(
      'after',
      '\nExample:\n  converge observe manifests -o observed.json && converge plan manifests --observed observed.json',
    )
    .action(async (paths: string[], options: CommonOptions & { output?: string }) => {
      const catalog = await loadCatalog(context, paths, options);
      if (!catalog) return exit(1);
      const session = await openSession(context, options, {
        targets: catalog.targets,
        platform: catalog.platform,
      });
      try {
        const run = startRun({
          registry,
          world: session.world,
          signal: context.io.interrupt,
          redactor: context.redactor,
        });
        const { ask, answers } = keepingAnswers();
        const { resources, ...expanded } = await expandSelections(catalog, run, { members: ask });
        const graph = buildGraph(
          subjectsOf(resources, { registry, targets: catalog.targets, where: run.where }),
        );
        const diagnostics = [...expanded.diagnostics, ...(await observeAll(run, graph.subjects))];
        const recorded = await record(run, graph.subjects, catalog.targets, answers);
        diagnostics.push(...recorded.diagnostics);
        const text = renderRecording(recorded.recording);
        if (options.output === undefined) context.print(text);
        else
          await context.io.host.files.writeAtomic(
            resolve(context.io.host.cwd, options.output),
            Buffer.from(text),
          );
        context.report(diagnostics);
        exit(exitCode({ diagnostics }));
      } finally {
        await session.close();
      }
    });
};
