import type { Command } from 'commander';
import type { Context } from '../context.ts';

/** `converge lab contracts`: what the stand-ins do, and how far that was checked against anything foreign. */
export function labContracts(group: Command, context: Context, exit: (code: number) => void): void {
  group
    .command('contracts')
    .description('list what the stand-ins believe of the real systems and nobody has verified')
    .option('--all', 'also what was verified or is quoted from a primary source')
    .addHelpText('after', '\nExamples:\n  converge lab contracts\n  converge lab contracts --all')
    .action(async (options: { all?: boolean }) => {
      const [s3, api, instance, vsphere, windows, iis, web, linux] = await Promise.all([
        import('../../lab/s3/evidence.ts'),
        import('../../lab/api/evidence.ts'),
        import('../../lab/instance/evidence.ts'),
        import('../../lab/vsphere/evidence.ts'),
        import('../../lab/windows/evidence.ts'),
        import('../../lab/windows/iis/evidence.ts'),
        import('../../lab/web/evidence.ts'),
        import('../../lab/linux/evidence.ts'),
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
