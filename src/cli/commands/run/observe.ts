import { type ObserveOptions, observe as observeWorld } from '../../../app/run/observe.ts';
import { renderRecording } from '../../../engine/record/recording-file.ts';
import { renderObserved } from '../../../engine/render/render-observed.ts';
import { exitCode } from '../../../engine/report/exit-code.ts';
import { plural } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLab, withState } from '../../context/options.ts';

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
    .action(async (paths: string[], options: ObserveOptions & { format: 'text' | 'json' }) => {
      const observed = await observeWorld(context, paths, options);
      if (!observed) return exit(1);
      const { recording, diagnostics } = observed;
      if (options.output !== undefined)
        context.say([`${plural(recording.resources.length, 'resource')} recorded in ${options.output}`]);
      else if (options.format === 'json') context.printJson(renderRecording(recording));
      else context.print(renderObserved(recording, context.io.stdout.columns));
      context.report(diagnostics);
      exit(exitCode({ diagnostics }));
    });
};
