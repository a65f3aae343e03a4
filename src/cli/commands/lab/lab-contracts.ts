import { resolve } from 'node:path';
import type { Command } from 'commander';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { CliContext } from '../../cli-context.ts';

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
      if (options.replay !== undefined) return exit(await replayCapture(context, options.replay));
      const [s3, api, instance, vsphere, windows, iis, web, linux] = await Promise.all([
        import('../../../lab/s3/evidence.ts'),
        import('../../../lab/api/evidence.ts'),
        import('../../../lab/instance/evidence.ts'),
        import('../../../lab/vsphere/evidence.ts'),
        import('../../../lab/windows/evidence.ts'),
        import('../../../lab/windows/iis/evidence.ts'),
        import('../../../lab/web/evidence.ts'),
        import('../../../lab/linux/evidence.ts'),
      ]);
      for (const [system, rows] of [
        ['vSphere', vsphere.evidence],
        ['S3', s3.evidence],
        ['Secrets', api.evidence],
        ['Instance', instance.evidence],
        ['Windows', windows.evidence],
        ['IIS', iis.evidence],
        ['web', web.evidence],
        ['Linux', linux.evidence],
      ] as const) {
        for (const { behaviour, evidence, source } of rows) {
          if (evidence === 'believed' || options.all) {
            context.print(`${system}  ${evidence}: ${behaviour} (${source})\n`);
          }
        }
      }
      exit(0);
    });
}

/** One line per belief; a contradicted one is what the world answered. */
async function replayCapture(context: CliContext, path: string): Promise<number> {
  const { host } = context.io;
  const bytes = await host.files.read(resolve(host.cwd, path));
  if (!bytes) throw new Failure(given('no-such-file', `there is no file ${path}`));
  const [{ parseCapture }, { replay }] = await Promise.all([
    import('../../../windows/capture/capture.ts'),
    import('../../../windows/capture/contracts.ts'),
  ]);
  const capture = parseCapture(bytes.toString('utf8'), path);
  const { windows, language, iis, elevated } = capture.host;
  const findings = await replay(capture);
  const rights = elevated ? '' : ', not elevated';
  context.print(`Windows ${windows}, ${language}, IIS ${iis ?? 'none'}${rights}, ${capture.taken}\n`);
  for (const { verdict, belief, why } of findings)
    context.print(`${verdict}: ${belief}${why === undefined ? '' : ` (${why})`}\n`);
  return findings.some(({ verdict }) => verdict === 'contradicted') ? 4 : 0;
}
