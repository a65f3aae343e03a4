import { bootDiskKey, type MachineRecord } from '../../replication/model/machine.ts';
import type { Point } from '../../replication/model/point.ts';
import { sha256 } from '../../values/digest.ts';
import { deviceName } from '../failover/image-of.ts';
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
  /** Where that is, and the machine is to be. */
  region: string;
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
 * gives. Run again, they go on with the machine that they launched: a second domain controller of one name
 * is worse than none.
 */
export function runbookLines(of: RunbookMachine): string[] {
  const { point, machine, region } = of;
  const boot = bootDiskKey(machine);
  const disks = [...point.disks].sort((a, b) => Number(b.key === boot) - Number(a.key === boot));
  const plural = disks.length === 1 ? '1 disk' : `${disks.length} disks`;
  const vm = shownName(of);
  return [
    `# ${vm}: ${machine.guest_id}, ${plural}, ${machine.cpus} CPUs, ${machine.memory} MiB`,
    // Version 2 of the AWS CLI reads the first, version 1 the second.
    `export AWS_REGION=${quoted(region)} AWS_DEFAULT_REGION=${quoted(region)}`,
    ...launchedBefore(of),
    `if test "$INSTANCE" != None && test "${tag('runbook')}" = recovered; then`,
    `echo "${vm}: $INSTANCE was recovered before"`,
    'else',
    ...snapshots(of, disks),
    'if test "$INSTANCE" = None; then',
    ...(of.license === undefined ? linuxImage(of, disks.length) : windowsImage(of, of.license)),
    ...run(of),
    'fi',
    `test "${ofInstance('State.Name')}" != pending || aws ec2 wait instance-running ${instance}`,
    `aws ec2 create-tags --resources "$INSTANCE" --tags ${quoted(`Key=Name,Value=${vm}`)} Key=converge:vm,Value=${quoted(point.vm.uuid)}`,
    `test "${ofInstance('UsageOperation')}" = ${billingOf(of.license).usageOperation}`,
    ...(of.license === undefined ? [] : swap(disks.length)),
    '# It has its own disks: now its network. The launch template says which.',
    ...network,
    'aws ec2 create-tags --resources "$INSTANCE" --tags Key=converge:runbook,Value=recovered',
    `echo "${vm}: $INSTANCE"`,
    'fi',
  ];
}

const shownName = ({ point }: RunbookMachine): string => point.vm.name.replace(/[^\w .-]/g, '_');

/** What all client tokens of the machine begin with; with a point and a try at most 64 characters. */
const tokenBegin = ({ repository, point }: RunbookMachine): string =>
  sha256(JSON.stringify([repository, point.vm.uuid, 'runbook'])).slice(0, 24);

/**
 * The client token of a launch says of which point it is, from the moment of the launch itself. Filters of
 * EC2 take `*`. Source: Amazon EC2 API Reference, DescribeInstances and RunInstances.
 */
function launchedBefore(of: RunbookMachine): string[] {
  const begin = tokenBegin(of);
  const find = `aws ec2 describe-instances --filters Name=instance-state-name,Values=pending,running,stopping,stopped "Name=client-token,Values=${begin}-*"`;
  return [
    '# What these lines launched before is gone on with. For another, end it and run them with TRY=2.',
    `INSTANCE=$(${find} --query "Reservations[0].Instances[0].InstanceId" --output text)`,
    'if test "$INSTANCE" != None; then',
    `TOKEN=${ofInstance('ClientToken')}`,
    `POINT=\${TOKEN#${begin}-}`,
    'POINT=${POINT%-*}',
    'fi',
  ];
}

function snapshots(of: RunbookMachine, disks: Point['disks']): string[] {
  const { repository, point } = of;
  const vm = { [replicaTags.repository]: repository, [replicaTags.vm]: point.vm.uuid };
  const find = (tags: Record<string, string>, more: string, query: string) =>
    `$(aws ec2 describe-snapshots --owner-ids self --filters Name=status,Values=completed ${tagFilter(tags)}${more} --query "${query}" --output text)`;
  const byGeneration = `sort_by(Snapshots,&to_number(Tags[?Key=='${replicaTags.generation}']|[0].Value))[-1]`;
  const last = point.disks.at(-1)!;
  const missing = (what: string) =>
    `test "$${what}" != None || { echo "${shownName(of)}: there is no complete replica ($${what} is missing)" >&2; exit 1; }`;
  return [
    'if test "$INSTANCE" = None; then',
    '# The newest point whose every disk has its snapshot: the last of its disks is written last.',
    `POINT=${find({ ...vm, [replicaTags.disk]: last.identity }, '', `${byGeneration}.Tags[?Key=='${replicaTags.point}']|[0].Value`)}`,
    missing('POINT'),
    `TOKEN=${tokenBegin(of)}-$POINT-\${TRY:-1}`,
    'fi',
    ...disks.flatMap(({ identity }, n) => [
      `DISK${n}=${find({ ...vm, [replicaTags.disk]: identity }, ` "Name=tag:${replicaTags.point},Values=$POINT"`, 'Snapshots[0].SnapshotId')}`,
      missing(`DISK${n}`),
    ]),
  ];
}

const range = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

function run({ template }: RunbookMachine): string[] {
  return [
    '# It starts in a security group that lets nothing in or out.',
    `INSTANCE=$(aws ec2 run-instances --client-token "$TOKEN" --launch-template ${quoted(`LaunchTemplateName=${template}`)} --image-id "$IMAGE" --query "Instances[0].InstanceId" --output text)`,
  ];
}

function linuxImage(of: RunbookMachine, count: number): string[] {
  const mode = bootModeOf(of.machine);
  const tpm = needsTpm(of.machine) ? ' --tpm-support v2.0' : '';
  const disks = range(count)
    .map(
      n => `"DeviceName=${deviceName(n)},Ebs={SnapshotId=$DISK${n},VolumeType=gp3,DeleteOnTermination=true}"`,
    )
    .join(' ');
  const options = `--architecture x86_64 --virtualization-type hvm --ena-support --boot-mode ${mode}${tpm} --root-device-name ${deviceName(0)}`;
  const name = `"${of.template}-$POINT"`;
  return [
    `IMAGE=$(aws ec2 describe-images --owners self --filters "Name=name,Values=${of.template}-$POINT" --query "Images[0].ImageId" --output text)`,
    `test "$IMAGE" != None || IMAGE=$(aws ec2 register-image --name ${name} ${options} --block-device-mappings ${disks} --query ImageId --output text)`,
    'aws ec2 wait image-available --image-ids "$IMAGE"',
  ];
}

const windowsImage = (of: RunbookMachine, license: License): string[] => [
  '# The licence of Windows comes from an image: its disk is taken out before any of these goes in.',
  `IMAGE=${image(of, license)}`,
  `test "$IMAGE" != None || { echo "${shownName(of)}: there is no image with its licence" >&2; exit 1; }`,
];

/**
 * The same order as a failover's: no disk of its own is attached while anything of the shell is. Which volume
 * is the shell's is written down on the instance before it is taken out, and a volume of its own is made
 * under a token, so that each line may be run again.
 */
function swap(count: number): string[] {
  const device = (n: number) => (n === 0 ? deviceName(0) : dataDevice(n));
  const ends = range(count).map(n => `"DeviceName=${device(n)},Ebs={DeleteOnTermination=true}"`);
  const state = (volume: string) =>
    `"$(aws ec2 describe-volumes --filters Name=volume-id,Values=${volume} --query "Volumes[0].State" --output text)"`;
  return [
    `ZONE=${ofInstance('Placement.AvailabilityZone')}`,
    `OLD=${tag('shell-disk')}`,
    'if test "$OLD" = None; then',
    `OLD=${ofInstance('BlockDeviceMappings[0].Ebs.VolumeId')}`,
    'aws ec2 create-tags --resources "$INSTANCE" --tags Key=converge:shell-disk,Value="$OLD"',
    'fi',
    `aws ec2 stop-instances ${instance}`,
    `aws ec2 wait instance-stopped ${instance}`,
    `test ${state('"$OLD"')} != in-use || aws ec2 detach-volume --volume-id "$OLD"`,
    `test ${state('"$OLD"')} = None || aws ec2 wait volume-available --volume-ids "$OLD"`,
    ...range(count).flatMap(n => [
      `VOLUME${n}=$(aws ec2 create-volume --client-token "$TOKEN-${n}" --snapshot-id "$DISK${n}" --availability-zone "$ZONE" --volume-type gp3 --query VolumeId --output text)`,
      `if test ${state(`"$VOLUME${n}"`)} != in-use; then`,
      `aws ec2 wait volume-available --volume-ids "$VOLUME${n}"`,
      `aws ec2 attach-volume --volume-id "$VOLUME${n}" --instance-id "$INSTANCE" --device ${device(n)}`,
      'fi',
    ]),
    `aws ec2 modify-instance-attribute --instance-id "$INSTANCE" --block-device-mappings ${ends.join(' ')}`,
    `aws ec2 start-instances ${instance}`,
    `aws ec2 wait instance-running ${instance}`,
    `test ${state('"$OLD"')} = None || aws ec2 delete-volume --volume-id "$OLD"`,
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
  `test "$PROFILE" = None || test "${ofInstance('IamInstanceProfile.Arn')}" != None || aws ec2 associate-iam-instance-profile --instance-id "$INSTANCE" --iam-instance-profile "Name=$PROFILE"`,
];
