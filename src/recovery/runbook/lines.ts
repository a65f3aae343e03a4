import { bootDiskKey, type MachineRecord } from '../../replication/model/machine.ts';
import type { Point } from '../../replication/model/repository.ts';
import { deviceName } from '../failover/launch.ts';
import { dataDevice } from '../failover/swap.ts';
import { replicaTags } from '../replica/names.ts';
import { shellTags } from '../shell/own.ts';
import { billingOf, type License } from '../target/billing.ts';
import { bootModeOf, needsTpm } from '../target/sizing.ts';
import { serverYear, stockPatterns } from '../target/stock.ts';

/** One machine, as a person recovers it who has the AWS CLI and nothing of converge. */
export interface RunbookMachine {
  /** Id of the repository, as its snapshots' tags have it. */
  repository: string;
  point: Point;
  machine: MachineRecord;
  /** Name of its launch template. */
  template: string;
  license?: License;
  shell?: 'stock' | 'own';
}

/** A word of a POSIX shell. */
const quoted = (text: string): string =>
  /^[\w.,:=/@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

const tagFilter = (tags: Record<string, string>): string =>
  Object.entries(tags)
    .map(([key, value]) => quoted(`Name=tag:${key},Values=${value}`))
    .join(' ');

const instance = '--instance-ids "$INSTANCE"';
const ofInstance = (query: string): string =>
  `$(aws ec2 describe-instances ${instance} --query "Reservations[0].Instances[0].${query}" --output text)`;

/**
 * Lines for a POSIX shell. They name nothing that a later cycle replaces: the newest snapshots are found by
 * their tags when the lines are run, and what comes after the launch is in the tags that the launch template
 * gives.
 */
export function runbookLines(of: RunbookMachine): string[] {
  const { point, machine } = of;
  const boot = bootDiskKey(machine);
  const disks = [...point.disks].sort((a, b) => Number(b.key === boot) - Number(a.key === boot));
  const plural = disks.length === 1 ? '1 disk' : `${disks.length} disks`;
  return [
    `# ${point.vm.name}: ${machine.guest_id}, ${plural}, ${machine.cpus} CPUs, ${machine.memory} MiB`,
    '# The newest point whose every disk has its snapshot: the last of its disks is written last.',
    ...snapshots(of, disks),
    ...(of.license === undefined ? linux(of, disks.length) : windows(of, of.license, disks.length)),
    '# It has its own disks: now its network. The launch template says which.',
    ...network,
    `echo "${point.vm.name.replace(/[^\w .-]/g, '_')}: $INSTANCE"`,
  ];
}

function snapshots({ repository, point }: RunbookMachine, disks: Point['disks']): string[] {
  const vm = { [replicaTags.repository]: repository, [replicaTags.vm]: point.vm.uuid };
  const find = (tags: Record<string, string>, more: string, query: string) =>
    `$(aws ec2 describe-snapshots --owner-ids self --filters Name=status,Values=completed ${tagFilter(tags)}${more} --query "${query}" --output text)`;
  const byGeneration = `sort_by(Snapshots,&to_number(Tags[?Key=='${replicaTags.generation}']|[0].Value))[-1]`;
  const last = point.disks.at(-1)!;
  return [
    `POINT=${find({ ...vm, [replicaTags.disk]: last.identity }, '', `${byGeneration}.Tags[?Key=='${replicaTags.point}']|[0].Value`)}`,
    ...disks.map(
      ({ identity }, n) =>
        `DISK${n}=${find({ ...vm, [replicaTags.disk]: identity }, ` "Name=tag:${replicaTags.point},Values=$POINT"`, 'Snapshots[0].SnapshotId')}`,
    ),
  ];
}

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

function run({ template }: RunbookMachine, { usageOperation }: { usageOperation: string }): string[] {
  return [
    '# It starts in a security group that lets nothing in or out.',
    `INSTANCE=$(aws ec2 run-instances --launch-template ${quoted(`LaunchTemplateName=${template}`)} --image-id "$IMAGE" --query "Instances[0].InstanceId" --output text)`,
    `aws ec2 wait instance-running ${instance}`,
    `test "${ofInstance('UsageOperation')}" = ${usageOperation}`,
  ];
}

function linux(of: RunbookMachine, count: number): string[] {
  const mode = bootModeOf(of.machine);
  const tpm = needsTpm(of.machine) ? ' --tpm-support v2.0' : '';
  const disks = range(count)
    .map(
      n => `"DeviceName=${deviceName(n)},Ebs={SnapshotId=$DISK${n},VolumeType=gp3,DeleteOnTermination=true}"`,
    )
    .join(' ');
  const options = `--architecture x86_64 --virtualization-type hvm --ena-support --boot-mode ${mode}${tpm} --root-device-name ${deviceName(0)}`;
  return [
    `IMAGE=$(aws ec2 register-image --name "${of.template}-$POINT" ${options} --block-device-mappings ${disks} --query ImageId --output text)`,
    'aws ec2 wait image-available --image-ids "$IMAGE"',
    ...run(of, billingOf(undefined)),
  ];
}

/** The same order as a failover's: no disk of its own is attached while anything of the shell is. */
function windows(of: RunbookMachine, license: License, count: number): string[] {
  const root = `BlockDeviceMappings[0].Ebs.VolumeId`;
  const device = (n: number) => (n === 0 ? deviceName(0) : dataDevice(n));
  const ends = range(count).map(n => `"DeviceName=${device(n)},Ebs={DeleteOnTermination=true}"`);
  return [
    '# The licence of Windows comes from an image: its disk is taken out before any of these goes in.',
    `IMAGE=${image(of, license)}`,
    ...run(of, billingOf(license)),
    `ZONE=${ofInstance('Placement.AvailabilityZone')}`,
    `OLD=${ofInstance(root)}`,
    `aws ec2 stop-instances ${instance}`,
    `aws ec2 wait instance-stopped ${instance}`,
    'aws ec2 detach-volume --volume-id "$OLD"',
    'aws ec2 wait volume-available --volume-ids "$OLD"',
    ...range(count).flatMap(n => [
      `VOLUME${n}=$(aws ec2 create-volume --snapshot-id "$DISK${n}" --availability-zone "$ZONE" --volume-type gp3 --query VolumeId --output text)`,
      `aws ec2 wait volume-available --volume-ids "$VOLUME${n}"`,
      `aws ec2 attach-volume --volume-id "$VOLUME${n}" --instance-id "$INSTANCE" --device ${device(n)}`,
    ]),
    `aws ec2 modify-instance-attribute --instance-id "$INSTANCE" --block-device-mappings ${ends.join(' ')}`,
    `aws ec2 start-instances ${instance}`,
    `aws ec2 wait instance-running ${instance}`,
    'aws ec2 delete-volume --volume-id "$OLD"',
  ];
}

function image({ repository, point, machine, shell }: RunbookMachine, license: License): string {
  const mode = bootModeOf(machine);
  // Amazon's oldest images say nothing of it, and start with BIOS.
  const fits = mode === 'uefi' ? "BootMode=='uefi'" : "BootMode=='legacy-bios' || BootMode==null";
  const query = `--query "sort_by(Images[?${fits}],&CreationDate)[-1].ImageId" --output text`;
  const which =
    shell === 'own'
      ? `--owners self --filters Name=state,Values=available ${tagFilter(shellTags({ repository, vm: point.vm.uuid, machine, license }))}`
      : `--owners amazon --filters Name=state,Values=available Name=platform,Values=windows ${quoted(`Name=name,Values=${stockPatterns(serverYear(machine.guest_id) ?? 'unknown').join(',')}`)}`;
  return `$(aws ec2 describe-images ${which} ${query})`;
}

const tag = (key: string): string => ofInstance(`Tags[?Key=='converge:${key}']|[0].Value`);

const network = [
  `GROUPS_THEN="${tag('then-security-groups')} ${tag('then-admin-group')}"`,
  'aws ec2 modify-instance-attribute --instance-id "$INSTANCE" --groups $(echo "$GROUPS_THEN" | sed "s/None//g")',
  `PROFILE=${tag('then-instance-profile')}`,
  'test "$PROFILE" = None || aws ec2 associate-iam-instance-profile --instance-id "$INSTANCE" --iam-instance-profile "Name=$PROFILE"',
];
