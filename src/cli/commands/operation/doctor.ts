import { doctor as lookAtAll } from '../../../app/doctor/doctor.ts';
import { privileges } from '../../../app/doctor/privileges.ts';
import type { CommonOptions } from '../../../app/options.ts';
import { type Finding, isSick, type Verdict } from '../../../doctor/finding.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLab, withState } from '../../context/options.ts';
import { table } from '../../text/table.ts';

type Options = CommonOptions & { format: 'text' | 'json'; privileges?: true };

const worstFirst: readonly Verdict[] = ['problem', 'warning', 'left out', 'ok'];
const several: Partial<Record<Verdict, string>> = { problem: 'problems', warning: 'warnings' };

export const doctor: Define = (program, context, exit) => {
  const command = program
    .command('doctor [PATHS...]')
    .description('whether vSphere, the VMs and the repositories are as replication needs them')
    .option('--privileges', 'print the privileges of its role in vSphere, and the IAM policy of a mover');
  withData(withLab(withState(withFormat(command))))
    .addHelpText(
      'after',
      '\nNothing is changed. Ends with 0 when there is no problem, and with 4 when there is one.\n' +
        '\nExamples:\n  converge doctor manifests\n  converge doctor manifests --format json' +
        '\n  converge doctor --privileges',
    )
    .action(async (paths: string[], options: Options) => {
      const inJson = (value: object) =>
        context.printJson(`${JSON.stringify({ version: 1, ...value }, null, 2)}\n`);
      if (options.privileges) {
        const { vsphere, policy } = privileges();
        if (options.format === 'json') inJson({ vsphere, policy });
        else
          context.print([
            'In vSphere, propagating to children:',
            ...table(
              ['PRIVILEGE', 'ON', 'FOR'],
              vsphere.map(one => [one.id, one.on, one.for]),
              context.columns,
            ),
            '',
            'In AWS, with the bucket, the prefix, the region and the account in the place of words in capitals:',
            ...JSON.stringify(policy, null, 2).split('\n'),
          ]);
        return exit(0);
      }
      const findings = await lookAtAll(context, paths, options);
      if (!findings) return exit(1);
      if (options.format === 'json') inJson({ findings });
      else context.print(lines(findings, context.columns));
      exit(isSick(findings) ? 4 : 0);
    });
};

/** A table for each thing that was looked at, and then what to do, worst first. */
function lines(findings: readonly Finding[], columns?: number): string[] {
  const subjects = [...new Set(findings.map(({ of }) => of))];
  const counts = worstFirst.map(verdict => {
    const count = findings.filter(one => one.verdict === verdict).length;
    return `${count} ${count === 1 ? verdict : (several[verdict] ?? verdict)}`;
  });
  return [
    ...subjects.flatMap(of => [
      `${of}:`,
      ...table(
        ['VERDICT', 'WHAT', 'WHY', 'LOOKED AT'],
        sorted(findings.filter(one => one.of === of)).map(one => [
          one.verdict,
          one.what,
          one.why,
          one.looked,
        ]),
        columns,
      ),
      '',
    ]),
    ...sorted(findings).flatMap(({ of, what, way_out }) =>
      way_out === undefined ? [] : [`way out (${of}, ${what}): ${way_out}`],
    ),
    counts.join(', '),
  ];
}

const sorted = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort((a, b) => worstFirst.indexOf(a.verdict) - worstFirst.indexOf(b.verdict));
