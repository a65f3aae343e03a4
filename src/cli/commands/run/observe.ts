import { resolve } from 'node:path';
import { loadCatalog } from '../../../app/catalog.ts';
import { openSession } from '../../../app/open-session.ts';
import type { CommonOptions } from '../../../app/options.ts';
import { buildGraph } from '../../../engine/graph/graph.ts';
import { startRun } from '../../../engine/model/run.ts';
import { subjectsOf } from '../../../engine/model/subject.ts';
import { observe as observeAll } from '../../../engine/observe/observe.ts';
import { keepingAnswers, record } from '../../../engine/record/recording.ts';
import { renderRecording } from '../../../engine/record/recording-file.ts';
import { renderObserved } from '../../../engine/render/observed.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { expandSelections } from '../../../engine/select/members.ts';
import { plural } from '../../../io/units.ts';
import type { Define } from '../../define.ts';
import { withData, withFormat, withLab, withState } from '../../options.ts';

interface ObserveOptions extends CommonOptions {
  output?: string;
  format: 'text' | 'json';
}

export const observe: Define = (program, context, exit) => {
  const command = program
    .command('observe [PATHS...]')
    .description("print what the manifests' resources really are")
    .option('-o, --output <FILE>', 'write a recording to FILE instead, for `plan --observed FILE`');
  withFormat(withData(withLab(withState(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge observe manifests\n  converge observe manifests -o observed.json\n  converge plan manifests --observed observed.json',
    )
    .action(async (paths: string[], options: ObserveOptions) => {
      const catalog = await loadCatalog(context, paths, options);
      if (!catalog) return exit(1);
      const session = await openSession(context, options, {
        targets: catalog.targets,
        platform: catalog.platform,
      });
      try {
        const run = startRun({
          registry: context.registry,
          world: session.world,
          signal: context.io.interrupt,
          redactor: context.redactor,
        });
        const { ask, answers } = keepingAnswers();
        const { resources, ...expanded } = await expandSelections(catalog, run, { members: ask });
        const graph = buildGraph(
          subjectsOf(resources, {
            registry: context.registry,
            targets: catalog.targets,
            where: run.where,
          }),
        );
        const diagnostics = [...expanded.diagnostics, ...(await observeAll(run, graph.subjects))];
        const recorded = await record(run, graph.subjects, catalog.targets, answers);
        diagnostics.push(...recorded.diagnostics);
        const { recording } = recorded;
        if (options.output !== undefined) {
          const { files, cwd } = context.io.host;
          await files.writeAtomic(resolve(cwd, options.output), Buffer.from(renderRecording(recording)));
          context.say(`${plural(recording.resources.length, 'resource')} recorded in ${options.output}\n`);
        } else if (options.format === 'json') context.print(renderRecording(recording));
        else context.print(renderObserved(recording, context.io.stdout.columns));
        context.report(diagnostics);
        exit(exitCode({ diagnostics }));
      } finally {
        await session.close();
      }
    });
};
