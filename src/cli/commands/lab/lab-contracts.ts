import type { Command } from 'commander';
import { labContracts as contractsOfLab, replayCapture } from '../../../app/lab/lab-world.ts';
import type { CliContext } from '../../context/cli-context.ts';

/** `converge lab contracts`: what the stand-ins do, and how far that was checked against anything foreign. */
export function labContracts(group: Command, context: CliContext, exit: (code: number) => void): void {
  group
    .command('contracts')
    .description('list what the stand-ins believe of the real systems and nobody has verified')
    .option('--all', 'also what was verified or is quoted from a primary source')
    .option('--replay <CAPTURE>', 'hold what is believed of Windows against a recording of a real one')
    .addHelpText(
      'after',
      '\nA recording is made by tools/capture-windows.ps1.\n\nExamples:\n  converge lab contracts\n  converge lab contracts --all\n  converge lab contracts --replay capture.json',
    )
    .action(async (options: { all?: boolean; replay?: string }) => {
      if (options.replay !== undefined) return exit(await replay(context, options.replay));
      for (const { system, behaviour, evidence, source } of await contractsOfLab())
        if (evidence === 'believed' || options.all)
          context.print([`${system}  ${evidence}: ${behaviour} (${source})`]);
      exit(0);
    });
}

/** One line per belief; a contradicted one is what the world answered. */
async function replay(context: CliContext, path: string): Promise<number> {
  const { capture, findings } = await replayCapture(context, path);
  const { windows, language, iis, elevated } = capture.host;
  const rights = elevated ? '' : ', not elevated';
  context.print([`Windows ${windows}, ${language}, IIS ${iis ?? 'none'}${rights}, ${capture.taken}`]);
  for (const { verdict, belief, why } of findings)
    context.print([`${verdict}: ${belief}${why === undefined ? '' : ` (${why})`}`]);
  return findings.some(({ verdict }) => verdict === 'contradicted') ? 4 : 0;
}
