import {
  failback as bring,
  type FailbackCommand,
  type FailedBack,
} from '../../../app/recovery/real/failback.ts';
import { bytes, duration } from '../../../io/units.ts';
import type { Define } from '../../context/define.ts';
import { withData, withFormat, withLab, withState } from '../../context/options.ts';
import { putBackLine } from './dns-lines.ts';
import { asked, canAsk } from './take-over.ts';

type Options = FailbackCommand & { format: 'text' | 'json' };

export const failback: Define = (program, context, exit) => {
  const command = program
    .command('failback <VM> [PATHS...]')
    .description(
      'bring a machine home that was failed over: it is stopped in EC2, and what it has written comes along',
    )
    .option('--to <DIR>', 'into a folder, what differs from the last point that vSphere had')
    .option('--to-vsphere', 'into the disks of the machine at home, which has to be off')
    .option('--noop', 'say what it comes to, and leave the machine running')
    .option('-y, --yes', 'go ahead without asking, which is only done on a terminal');
  withData(withLab(withState(withFormat(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge failback web01 manifests --to /mnt/home --noop\n  converge failback web01 manifests --to-vsphere',
    )
    .action(async (vm: string, paths: string[], options: Options) => {
      const isAsked = canAsk(context) && !options.yes;
      const done = await bring(context, vm, paths, options, {
        ...(isAsked && {
          approve: async about => {
            context.print(aboutLines(about));
            return asked(context, `Stop ${about.vm} in EC2 and bring it home? [y/N] `);
          },
        }),
      });
      if (!done) return exit(1);
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, ...done }, null, 2)}\n`);
      else context.print([...(isAsked ? [] : aboutLines(done)), ...endLines(done)]);
      exit(0);
    });
};

function aboutLines(about: FailedBack): string[] {
  const { vm, plan, number, instance, estimate, to, directory, wholeOnly } = about;
  const where =
    to === 'folder'
      ? `into ${directory}`
      : `into its disks in vSphere, ${wholeOnly ? 'each as a whole' : 'what differs'}`;
  const most = estimate.atMost ? 'at most ' : '';
  return [
    `failback of ${vm}, which is ${instance} of failover ${number} of ${plan}: ${where}`,
    ...estimate.disks.map(
      ({ index, mode, why, bytes: size }) =>
        `  disk ${index}: ${bytes(size)}, ${mode === 'changes' ? 'what differs from home' : `the whole disk: ${why}`}`,
    ),
    `  ${bytes(estimate.bytes)} to be read in EC2, and ${most}${bytes(estimate.writes)} to be written; as fast as just now in ${most}${hours(estimate.seconds)}`,
    ...(wholeOnly ? [`  whole disks are written, since ${wholeOnly.why}: ${wholeOnly.hint}`] : []),
  ];
}

const hours = (seconds: number): string =>
  seconds >= 3600 ? `${(seconds / 3600).toFixed(1)} hours` : duration(seconds * 1000);

function endLines({
  vm,
  plan,
  to,
  directory,
  brought,
  rescan,
  records = [],
  switched,
}: FailedBack): string[] {
  if (brought === undefined) return ['nothing was stopped'];
  const undo = `converge failover undo ${plan} PATHS`;
  return to === 'disk'
    ? [
        `${vm} is home: ${bytes(brought)} written, read back and compared; its replication goes on`,
        ...records.map(putBackLine),
        `switch it on; what is left in EC2, stopped, is removed by: ${undo}`,
      ]
    : [
        `${bytes(brought)} of ${vm} written into ${directory}, read back and compared`,
        `put them into its disks by tools/apply-failback.py and switch it on; then: ${undo}`,
        rescan
          ? `vSphere sees nothing of that, and could not be told: make the next point by: converge replicate ${vm} PATHS --rescan`
          : `the next cycle compares whole disks, since vSphere sees nothing of that`,
        ...(switched.length > 0 ? [`that undo puts back the records of DNS: ${switched.join(', ')}`] : []),
      ];
}
