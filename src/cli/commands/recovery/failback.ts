import {
  failback as bring,
  type FailbackCommand,
  type FailedBack,
} from '../../../app/recovery/real/failback.ts';
import { bytes, duration } from '../../../io/units.ts';
import { putBackLine } from '../../../recovery/evidence/step-words.ts';
import { addressOf } from '../../../recovery/run/where.ts';
import type { Define } from '../../context/define.ts';
import { collect, withData, withFormat, withLab, withState } from '../../context/options.ts';
import { approvalOf } from './approval.ts';

type Options = FailbackCommand & { format: 'text' | 'json'; yes?: true };

export const failback: Define = (program, context, exit) => {
  const command = program
    .command('failback <VM> [PATHS...]')
    .description(
      'bring a machine home that was failed over: it is stopped in EC2, and what it has written comes along',
    )
    .option('--to <DIR>', 'into a folder, what differs from the last point that vSphere had')
    .option('--to-vsphere', 'into the disks of the machine at home, which has to be off')
    .option('--as-new <NAME>', 'as another VM in its vCenter, which is made and stays off')
    .option('--pool <PATH>', 'of a new VM: the resource pool, or the cluster or host that it is of')
    .option('--folder <PATH>', 'of a new VM: below the VM folder of its datacenter')
    .option('--datastore <NAME>', 'of a new VM')
    .option('--host <NAME>', 'of a new VM: in a cluster that does not choose one by itself')
    .option(
      '--network <NAME>',
      'of a new VM: for all its network cards; repeated, one for each in their order',
      collect,
    )
    .option('--scratch <DIR>', 'of a new VM: where one disk at a time is kept before it is sent')
    .option(
      '--allow <ADDRESS>',
      'leave volumes in EC2 that were attached there: recovery_target:NAME of the machine',
      collect,
    )
    .option('--noop', 'say what it comes to, and leave the machine running')
    .option('-y, --yes', 'go ahead without asking, which is only done on a terminal');
  withData(withLab(withState(withFormat(command))))
    .addHelpText(
      'after',
      '\nExamples:\n  converge failback web01 manifests --to /mnt/home --noop\n  converge failback web01 manifests --to-vsphere\n  converge failback web01 manifests --as-new web01 --datastore ssd1',
    )
    .action(async (vm: string, paths: string[], options: Options) => {
      const approval = approvalOf<FailedBack>(
        context,
        options.yes,
        about => `Stop ${about.vm} in EC2 and bring it home? [y/N] `,
      );
      const isAsked = typeof approval === 'function';
      const done = await bring(context, vm, paths, options, {
        approval: isAsked
          ? about => {
              context.print(aboutLines(about));
              return approval(about);
            }
          : approval,
      });
      if (!done) return exit(1);
      if (options.format === 'json')
        context.printJson(`${JSON.stringify({ version: 1, ...done }, null, 2)}\n`);
      else context.print([...(isAsked ? [] : aboutLines(done)), ...endLines(done)]);
      exit(0);
    });
};

function aboutLines(about: FailedBack): string[] {
  const { vm, plan, number, instance, estimate, left, to, directory, wholeOnly, as } = about;
  const where = as
    ? `as a new VM ${as.name}`
    : to === 'folder'
      ? `into ${directory}`
      : `into its disks in vSphere, ${wholeOnly ? 'each as a whole' : 'what differs'}`;
  const most = estimate.atMost ? 'at most ' : '';
  // What is sent is compressed, and nobody can see before how fast it is taken.
  const comes = as
    ? `at most ${bytes(estimate.writes)} to be sent; as fast as just now it is read in ${hours(estimate.seconds)}, and sent meanwhile`
    : `${most}${bytes(estimate.writes)} to be written; as fast as just now in ${most}${hours(estimate.seconds)}`;
  return [
    `failback of ${vm}, which is ${instance} of failover ${number} of ${plan}: ${where}`,
    ...estimate.disks.map(
      ({ index, mode, why, bytes: size }) =>
        `  disk ${index}: ${bytes(size)}, ${mode === 'changes' ? 'what differs from home' : `the whole disk: ${why}`}`,
    ),
    ...left.map(
      ({ volume, device, gib, endsWithIt }) =>
        `  left in EC2: ${volume} (${device}, ${gib} GiB)${endsWithIt ? ', which ends with the instance: detach it before the undo' : ', also after the undo'}`,
    ),
    ...(as ? [`  it goes into ${as.place}`, ...as.remarks.map(one => `  ${one}`)] : []),
    `  ${bytes(estimate.bytes)} to be read in EC2, and ${comes}`,
    ...(wholeOnly ? [`  whole disks are written, since ${wholeOnly.why}: ${wholeOnly.hint}`] : []),
  ];
}

const hours = (seconds: number): string =>
  seconds >= 3600 ? `${(seconds / 3600).toFixed(1)} hours` : duration(seconds * 1000);

function endLines(done: FailedBack): string[] {
  const { vm, plan, to, directory, as, brought, rescan, records = [], switched } = done;
  if (brought === undefined) return ['nothing was stopped'];
  const end = `converge failover undo ${plan} PATHS --only ${addressOf(vm)}`;
  if (to === 'disk')
    return [
      `${vm} is home: ${bytes(brought)} written, read back and compared; its replication goes on`,
      ...records.map(putBackLine),
      `switch it on; what is left of it in EC2, stopped, is removed by: ${end}`,
    ];
  if (to === 'new-vm')
    return [
      `${vm} is home as the VM ${as!.name}: ${bytes(brought)} sent, read back and compared`,
      ...records.map(putBackLine),
      `switch it on; its first point is made of whole disks, once a protected_vm means it`,
      `what is left of it in EC2, stopped, is removed by: ${end}`,
    ];
  return [
    `${bytes(brought)} of ${vm} written into ${directory}, read back and compared`,
    `put them into its disks by tools/apply-failback.py and switch it on; then: ${end}`,
    'that lets its replication go on',
    rescan
      ? `vSphere sees nothing of that, and could not be told: make the next point by: converge replicate ${vm} PATHS --rescan`
      : `the next cycle compares whole disks, since vSphere sees nothing of that`,
    ...(switched.length > 0
      ? [`that also puts back the records of DNS that lead to it: ${switched.join(', ')}`]
      : []),
  ];
}
