import { type EvidenceRow, evidenceOf } from '../model/evidence.ts';

const api = (page: string) => `Amazon EC2 API Reference, ${page}`;
const guide = (page: string) => `Amazon EC2 User Guide, "${page}"`;
const ebsGuide = (page: string) => `Amazon EBS User Guide, "${page}"`;
const model = 'botocore 1.44.8, ec2/2016-11-15';
const clients = 'boto3 and AWS CLI, and botocore’s model, in test/peers/ec2-lab.heavy.ts';
const design = 'by design';

const rows: EvidenceRow[] = [
  ['verified', 'Names, nesting, scalar forms and enums of every request and answer', clients],
  [
    'quoted',
    'Instance.Platform is `windows` and an attachment of an internet gateway `available`, which its enums lack',
    api('Instance; DescribeInternetGateways, example'),
  ],
  ['quoted', 'An unknown parameter is refused, as is a missing one', api('Error codes')],
  [
    'quoted',
    'A client token gives what it made before; with other parameters IdempotentParameterMismatch',
    api('Ensuring idempotency'),
  ],
  [
    'quoted',
    'DryRun: DryRunOperation with 412 where it would succeed, the error otherwise',
    api('Common parameters'),
  ],
  [
    'quoted',
    'A page can be empty though a token follows; MaxResults never goes with ids',
    api('Pagination; DescribeInstances'),
  ],
  ['quoted', 'A rule of a security group tells its network by the first address', api('IpRange')],
  ['quoted', 'Filter values are alternatives, with * and ? as wildcards', guide('Filtering resources')],
  [
    'quoted',
    'At most 50 tags, 127 and 255 characters, none that begins with aws:',
    guide('Tag restrictions'),
  ],
  [
    'quoted',
    'With tags in the metadata a key has letters, digits and + - = . , _ : @ alone (the message is the lab’s)',
    guide('View tags for your EC2 instances using instance metadata'),
  ],
  // Networks
  [
    'quoted',
    'A VPC has /16 to /28, its subnets too, within it and apart from each other',
    'Amazon VPC User Guide, "VPC CIDR blocks"; EC2 error codes InvalidVpc.Range, InvalidSubnet.Range and .Conflict',
  ],
  [
    'quoted',
    'With a VPC come its main route table, with the local route, its default group and network ACL',
    api('CreateVpc'),
  ],
  [
    'quoted',
    'DeleteVpc: DependencyViolation while it has subnets, gateways, endpoints, or groups and tables of one’s own',
    api('DeleteVpc'),
  ],
  [
    'quoted',
    'The DHCP options `default` mean that a VPC has none; options that a VPC has can’t be deleted',
    api('AssociateDhcpOptions; DeleteDhcpOptions'),
  ],
  ['quoted', 'ModifyVpcAttribute changes one attribute of DNS at a time', api('ModifyVpcAttribute')],
  [
    'quoted',
    'A subnet with a network interface can’t be deleted, nor a group that an interface has',
    api('DeleteSubnet; DeleteSecurityGroup'),
  ],
  ['believed', 'Lab only: a subnet takes any /64 of IPv6, whether or not its VPC has a block of it', design],
  // Instances
  [
    'quoted',
    'RunInstances: snapshotId cannot be modified on root device',
    'message printed by users in three public repositories (InvalidBlockDeviceMapping)',
  ],
  [
    'quoted',
    'ENA is required for Nitro types, architecture and boot mode of image and type must match',
    guide('Enhanced networking on Nitro; Requirements for UEFI boot mode'),
  ],
  ['believed', 'A type without the image’s boot mode is InvalidParameterValue', 'no published message found'],
  [
    'believed',
    'A dry run of RunInstances says nothing of room or limits unless it is told to (`as: dry-run`)',
    'the pages on DryRun name permissions alone; what it says besides was not measured',
  ],
  [
    'believed',
    'Route 53: a record without SetIdentifier is refused beside those with one, InvalidChangeBatch',
    'messages in public threads; no page of the reference has its text',
  ],
  ['quoted', 'InsufficientInstanceCapacity has status 500', api('Error codes, server errors')],
  [
    'quoted',
    'Expired temporary credentials are RequestExpired: Request has expired.',
    'messages of users of the AWS CLI in public repositories',
  ],
  [
    'quoted',
    'The first four addresses of a subnet and its last are kept; InvalidIPAddress.InUse, InsufficientFreeAddressesInSubnet',
    'Amazon VPC User Guide, "Subnet CIDR blocks"; EC2 error codes',
  ],
  [
    'quoted',
    'What a request says comes before its launch template; the instance is tagged aws:ec2launchtemplate:id and :version',
    guide('Launch instances from a launch template'),
  ],
  ['believed', 'Tags of template and request are both given, the request’s last', 'no page says which wins'],
  [
    'quoted',
    'The root of a running instance can’t be detached, and without a root none starts',
    ebsGuide('Detach an Amazon EBS volume'),
  ],
  [
    'quoted',
    'Attached volumes outlive the instance unless DeleteOnTermination is set',
    guide('Preserve data'),
  ],
  // Volumes and snapshots
  [
    'quoted',
    'A volume is attached in its zone, available, once, at a free device name',
    ebsGuide('Attach an Amazon EBS volume'),
  ],
  ['quoted', 'A volume is not smaller than its snapshot; sizes by type', ebsGuide('Amazon EBS volume types')],
  ['quoted', 'VolumeInitializationRate is 100 to 300 MiB/s, with a snapshot', model],
  [
    'quoted',
    'Encryption by default makes new volumes encrypted, of plain snapshots too',
    ebsGuide('Encryption by default'),
  ],
  ['quoted', 'A snapshot that an image has can’t be deleted: InvalidSnapshot.InUse', api('DeleteSnapshot')],
  [
    'believed',
    'A snapshot of a volume that came from a snapshot of EBS direct goes on its lineage',
    'follows from the text of ListChangedBlocks; nobody tried',
  ],
  // Images
  [
    'quoted',
    'RegisterImage: TpmSupport needs the boot mode uefi; BillingProducts an authorised account',
    `${model}, RegisterImageRequest`,
  ],
  [
    'believed',
    'An image that RegisterImage makes of a snapshot by EBS direct is billed as Linux/UNIX',
    'billing comes of the snapshot’s metadata, of which such a snapshot has none',
  ],
  [
    'quoted',
    'ImportImage: Platform is needed for uefi of a snapshot, uefi-preferred is refused, LicenseType or UsageOperation, 21 disks',
    `${model}, ImportImageRequest; VM Import/Export User Guide, "Limitations and considerations"`,
  ],
  [
    'quoted',
    'ImportImage: without a licence Windows Server gets that of AWS; BYOL is RunInstances:0800',
    guide('AMI billing information fields'),
  ],
  [
    'quoted',
    'An import reads S3 as the role vmimport, or the one that is named, which has to trust vmie.amazonaws.com',
    'VM Import/Export User Guide, "Required service role"',
  ],
  ['believed', 'Lab only: an import of snapshots alone needs no role', 'by design; AWS asks for one always'],
  [
    'quoted',
    'Each resource that a request names or makes has to be allowed, with its own tags and those that the request gives',
    'Service Authorization Reference, "Actions, resources, and condition keys for Amazon EC2"',
  ],
  ['quoted', 'An import alters the disk: drivers, DHCP, boot configuration', 'VM Import/Export User Guide'],
  [
    'believed',
    'The phases that an import’s message names, and that of a disk that does not boot',
    'seen by users',
  ],
  // Replacing roots
  [
    'quoted',
    'CreateReplaceRootVolumeTask: of a running instance; a volume of its zone, available, encrypted if the root is',
    `${model}, CreateReplaceRootVolumeTaskRequest.VolumeId`,
  ],
  ['quoted', 'By snapshot: of the root’s lineage alone', ebsGuide('Replace the root volume')],
  ['quoted', 'States pending, in-progress, succeeded, failed, failed-detached', model],
  [
    'believed',
    'An instance with failed-detached runs on without a root and is impaired',
    'the state’s text alone',
  ],
  // Boot
  [
    'believed',
    'Lab only: whether an instance boots is read from its root: an active partition, or \\EFI\\BOOT\\BOOTX64.EFI',
    'what firmware looks for; QEMU’s firmware agrees in test/peers/boot.heavy.ts',
  ],
  ['quoted', 'GetConsoleOutput keeps the last 64 KiB', api('GetConsoleOutput')],
  // Scheduler and automation
  [
    'quoted',
    'Scheduler: at, rate, time zones; ConflictException for a name that is taken; ActionAfterCompletion',
    'EventBridge Scheduler API Reference, CreateSchedule',
  ],
  [
    'quoted',
    'Scheduler refuses a time in the past',
    'seen by users: DefangLabs/pulumi-defang pull request 425',
  ],
  ['believed', 'Lab only: the role of a schedule is not checked, nor is one that automation assumes', design],
  [
    'quoted',
    'StartAutomationExecution finds its targets by tag when it runs; TargetParameterName is required with Targets',
    'AWS Systems Manager User Guide, "Run automated operations at scale"',
  ],
  // What is the lab's own
  [
    'believed',
    'Lab only: a state goes on when it was seen, not when time passes: pending, creating, attaching and the like show once',
    design,
  ],
  ['believed', 'Lab only: a running instance writes to each of its disks, 64 KiB before the end', design],
  [
    'believed',
    'Lab only: one region with two zones, one network interface per instance, no spot, no quotas',
    design,
  ],
  [
    'believed',
    'Lab only: instance profiles, keys of KMS and dedicated hosts are taken as they are named',
    design,
  ],
];

/** What the lab's EC2 does, and how that is known. */
export const evidence = evidenceOf(rows);
