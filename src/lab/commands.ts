import { Failure, given } from '../diagnostics/diagnostic.ts';
import { bytes, duration, plural } from '../io/units.ts';
import type { ApiFaultRule } from './api/faults.ts';
import type { ApiLab } from './api/server.ts';
import {
  describeAccount,
  describeVolume,
  type VolumeQuestion,
  volumeBytes,
  writeVolume,
} from './ec2/inspect.ts';
import { byId } from './ec2/world/errors.ts';
import type { Ec2Fault } from './ec2/world/faults.ts';
import type { Association } from './ec2/world/state.ts';
import type { Launch } from './instance/fleet.ts';
import { describeMember, type FleetMember } from './instance/member.ts';
import type { InstanceSettings } from './instance/settings.ts';
import type { S3Lab } from './s3/server.ts';
import type { FaultyService } from './settings.ts';
import { executeOnMachine, type MachineCommand } from './vsphere/commands.ts';
import type { Hardware, VmInfo, VsphereLab } from './vsphere/server.ts';
import type { WebLab } from './web/server.ts';
import { describeProcesses, describeWindows, type WindowsLab } from './windows/lab.ts';
import type { FaultRule as WindowsFault } from './windows/machine/faults.ts';
import type { Language } from './windows/machine/machine.ts';

/** The world's events, as data: `converge lab …` makes them here or in the process that serves the lab. */
export type LabCommand =
  | {
      do: 'add-vm';
      name: string;
      disks: ({ image: string } | { bytes: number })[];
      uuid?: string;
      folder?: string;
      tags?: string[];
      hardware?: Partial<Hardware>;
      /** Though there is a VM of that name. */
      force?: boolean;
    }
  | MachineCommand
  | { do: 'remove-vm'; vm: string }
  | { do: 'move-vm'; vm: string; folder: string }
  | { do: 'tag' | 'untag'; vm: string; tag: string }
  | { do: 'set-disk'; vm: string; index: number; image: string }
  | { do: 'add-snapshot'; vm: string; name: string }
  | { do: 'remove-snapshot'; vm: string; name: string }
  | { do: 'reset-cbt'; vm: string }
  | { do: 'power-cut'; vm: string }
  | { do: 'power'; vm: string; on: boolean }
  | { do: 'fault'; on: FaultyService | 'windows'; rule: Record<string, unknown> }
  | { do: 'foreign-bucket'; name: string }
  | { do: 'site-content'; host: string; folder: string }
  | { do: 'bucket-content'; bucket: string; folder: string }
  /** `ssm:NAME` or `secretsmanager:NAME`; what was there is replaced. */
  | { do: 'put-secret'; reference: string; value: string }
  | { do: 'instance'; change: Partial<InstanceSettings> }
  /** Launches instances of a Beanstalk environment, besides the one that the lab's host is. */
  | ({ do: 'add-instances' } & Launch)
  | { do: 'set-instance'; id: string; change: Parameters<Fleet['set']>[1] }
  | { do: 'clock'; offset: number }
  /** What is in a volume of EC2. */
  | ({ do: 'volume' } & VolumeQuestion)
  /** What the system that runs with a volume writes to it. */
  | { do: 'write-volume'; volume: string; offset: number; file: string }
  /** Boots an instance in QEMU. */
  | { do: 'boot'; instance: string; ports: readonly number[] }
  /** Where a port of an instance's private address is reached on this machine. */
  | { do: 'reach'; address: string; port: number }
  /** A rule of Route 53 Resolver for a VPC. */
  | { do: 'resolver-rule'; vpc: string; rule: string }
  /** A profile or zone of Route 53 for a VPC. */
  | { do: 'associate'; vpc: string; kind: Association['kind']; id: string }
  /** What the system of an instance that runs writes to its console. */
  | { do: 'console'; instance: string; text: string }
  /** A subnet is another account's, which shares it. */
  | { do: 'shared-subnet'; subnet: string; owner: string }
  /** A network interface is a service's, has a public address, or is the second one of an instance. */
  | { do: 'interface'; interface: string; service?: string; publicIp?: string; instance?: string }
  | { do: 'show' }
  | { do: 'windows'; language?: Language; elevated?: boolean; restart?: true }
  | { do: 'processes'; clear: boolean }
  /**
   * Puts the VMs of `manifests/lab` into a world that never had any, and the buckets of a folder of this
   * machine.
   */
  | { do: 'seed'; content?: string };

/** What a command came to: lines for people, and the data behind it. */
export interface LabAnswer {
  lines: readonly string[];
  data?: unknown;
}

/** The lab's other EC2 instances. */
export interface Fleet {
  all(): Promise<FleetMember[]>;
  add(launch: Launch): Promise<FleetMember[]>;
  set(
    id: string,
    change: Partial<Pick<FleetMember, 'state' | 'systemCheck' | 'instanceCheck'>>,
  ): Promise<FleetMember>;
}

export interface LabParts {
  vsphere: VsphereLab;
  s3: S3Lab;
  api: ApiLab;
  changeInstance(change: Partial<InstanceSettings>): Promise<InstanceSettings>;
  fleet: Fleet;
  windows: WindowsLab;
  web: WebLab;
  clockOffset(): number;
  setClock(offset: number): Promise<void>;
  /** Runs the schedules that are due by the lab's clock. */
  fireDue(): Promise<void>;
  /** `content`: a folder of this machine with a folder for each bucket. */
  seed(content?: string): Promise<void>;
}

/** Carries out one command. Throws a Failure for an unknown VM, a shrinking disk, and the like. */
export async function execute(lab: LabParts, command: LabCommand): Promise<LabAnswer> {
  const { world } = lab.vsphere;
  switch (command.do) {
    case 'add-vm': {
      const { do: _, force = false, ...spec } = command;
      const wanted = spec.name.toLowerCase();
      const namesake = world.vms().find(({ name }) => name.toLowerCase() === wanted);
      // vSphere has room for two of one name, in two folders; seldom is that what was meant.
      if (namesake && !force)
        throw new Failure(
          given('vm-exists', `there is a VM ${namesake.name} already (${namesake.uuid})`, {
            hint: 'choose another name; --force makes a second VM of this one',
          }),
        );
      const vm = await world.addVm(spec);
      return { lines: [`added VM ${vm.name} (${vm.uuid})`], data: vm };
    }
    case 'remove-vm':
      await world.removeVm(command.vm);
      return { lines: [`${command.vm} and its disks are gone`] };
    case 'move-vm': {
      const { name, folder } = await world.moveVm(command.vm, command.folder);
      return { lines: [`${name} is in the folder ${folder || 'of all VMs'}`] };
    }
    case 'tag':
      return (await world.tag(command.vm, command.tag))
        ? { lines: [`${command.vm} has the tag ${command.tag}`] }
        : { lines: [`${command.vm} had the tag ${command.tag} already`] };
    case 'untag':
      return (await world.untag(command.vm, command.tag))
        ? { lines: [`${command.vm} no longer has the tag ${command.tag}`] }
        : { lines: [`${command.vm} did not have the tag ${command.tag}`] };
    case 'set-disk': {
      const { changedBytes } = await world.setDisk(command.vm, command.index, command.image);
      return {
        lines: [`disk ${command.index} of ${command.vm}: ${bytes(changedBytes)} differ and are marked`],
        data: { changedBytes },
      };
    }
    case 'add-snapshot':
      await world.addSnapshot(command.vm, command.name);
      return { lines: [`${command.vm} has a snapshot ${command.name}`] };
    case 'remove-snapshot':
      await world.removeSnapshot(command.vm, command.name);
      return { lines: [`snapshot ${command.name} of ${command.vm} is removed`] };
    case 'add-disk':
    case 'remove-disk':
    case 'grow-disk':
    case 'revert':
    case 'relocate':
    case 'suspend':
    case 'template':
      return { lines: [await executeOnMachine(lab.vsphere, command)] };
    case 'reset-cbt':
      await world.resetCbt(command.vm);
      return { lines: [`change tracking of ${command.vm} begins anew: earlier change ids are refused`] };
    case 'power-cut':
      await world.powerCut(command.vm);
      return { lines: [`${command.vm} lost power: its change tracking is invalid`] };
    case 'power':
      await world.setPower(command.vm, command.on ? 'poweredOn' : 'poweredOff');
      return { lines: [`${command.vm} is ${command.on ? 'on' : 'off'}`] };
    case 'fault':
      if (command.on === 's3') lab.s3.fault(command.rule as unknown as Parameters<S3Lab['fault']>[0]);
      else if (command.on === 'secrets') lab.api.fault(command.rule as unknown as ApiFaultRule);
      else if (command.on === 'ec2' || command.on === 'ebs')
        lab.api[command.on].fault(command.rule as unknown as Ec2Fault);
      else if (command.on === 'windows') await lab.windows.fault(command.rule as unknown as WindowsFault);
      else world.fault(command.rule as unknown as Parameters<typeof world.fault>[0]);
      if (command.rule.kind === 'clear') return { lines: [`${command.on}: no fault is armed`] };
      return { lines: [`${command.on}: the fault ${command.rule.kind} is armed`] };
    case 'foreign-bucket':
      await lab.s3.plantForeignBucket(command.name);
      return { lines: [`bucket ${command.name} now belongs to somebody else`] };
    case 'bucket-content': {
      const count = await lab.s3.publish(command.bucket, command.folder);
      return {
        lines: [
          `${plural(count, 'object')} of ${command.folder} ${count === 1 ? 'is' : 'are'} in s3://${command.bucket}`,
        ],
      };
    }
    case 'site-content':
      await lab.web.publish(command.host, command.folder);
      return {
        lines: [`http://${command.host} and https://${command.host} answer with a copy of ${command.folder}`],
      };
    case 'put-secret':
      await putSecret(lab.api, command.reference, command.value);
      return { lines: [`${command.reference} has a new value`] };
    case 'instance': {
      const instance = await lab.changeInstance(command.change);
      return { lines: describeInstance(instance), data: instance };
    }
    case 'add-instances': {
      const { do: _, ...launch } = command;
      const instances = await lab.fleet.add(launch);
      return { lines: instances.map(describeMember), data: { version: 1, instances } };
    }
    case 'set-instance': {
      const instance = await lab.fleet.set(command.id, command.change);
      return { lines: [describeMember(instance)], data: instance };
    }
    case 'volume': {
      const { do: _, ...asked } = command;
      const found = await volumeBytes(lab.api.world, asked);
      return { lines: describeVolume(found), data: { version: 1, ...found } };
    }
    case 'write-volume': {
      const { volume, offset } = command;
      const written = await writeVolume(lab.api.world, command);
      return { lines: [`${volume}: ${bytes(written)} written at ${offset}`], data: { version: 1, written } };
    }
    case 'boot': {
      const booted = await lab.api.machines.boot(command.instance, command.ports);
      const ports = Object.entries(booted.ports).map(
        ([inside, outside]) => `${inside} at 127.0.0.1:${outside}`,
      );
      return { lines: [`${booted.instance} boots in QEMU; its ports: ${ports.join(', ')}`], data: booted };
    }
    case 'reach': {
      const port = await lab.api.machines.reach(command.address, command.port);
      const text = port === undefined ? 'nothing runs there' : `127.0.0.1:${port}`;
      return { lines: [text], ...(port !== undefined && { data: { host: '127.0.0.1', port } }) };
    }
    case 'resolver-rule':
      await lab.api.world.change(({ state }) => {
        state.resolverRules[command.vpc] = [...(state.resolverRules[command.vpc] ?? []), command.rule];
      });
      return { lines: [`${command.vpc} has the Resolver rule ${command.rule}`] };
    case 'associate':
      await lab.api.world.change(({ state }) => {
        const { vpc, kind, id } = command;
        state.associations ??= {};
        state.associations[vpc] = [...(state.associations[vpc] ?? []), { kind, id }];
      });
      return { lines: [`${command.vpc} is associated with the ${command.kind} ${command.id}`] };
    case 'console':
      await lab.api.world.change(({ state }) => {
        const { boot, id } = byId('instance', state.instances, command.instance);
        if (!boot) throw new Failure(given('lab-command', `${id} does not run`));
        boot.console += command.text;
      });
      return { lines: [`${command.instance} wrote it`] };
    case 'shared-subnet':
      await lab.api.world.change(({ state }) => {
        byId('subnet', state.subnets, command.subnet).owner = command.owner;
      });
      return { lines: [`${command.subnet} is shared by ${command.owner}`] };
    case 'interface': {
      const { do: _, interface: id, ...told } = command;
      await lab.api.world.change(({ state }) => {
        Object.assign(byId('interface', state.interfaces ?? {}, id), told);
      });
      return {
        lines: [`${id} is ${[told.service, told.publicIp, told.instance].filter(Boolean).join(', ')}`],
      };
    }
    case 'clock':
      await lab.setClock(command.offset);
      await lab.fireDue();
      return { lines: [`the lab's clock is ${duration(command.offset)} ahead of this machine's`] };
    case 'show': {
      const vms = world.vms();
      const clock = `the lab's clock is ${duration(lab.clockOffset())} ahead of this machine's`;
      const vmLines = vms.length > 0 ? vms.flatMap(describe) : ['no VMs yet: `converge lab add-vm` adds one'];
      const windows = await lab.windows.settings();
      const instances = await lab.fleet.all();
      await lab.fireDue();
      const account = await lab.api.world.state();
      const machines = describeAccount(account);
      return {
        lines: [...vmLines, ...instances.map(describeMember), ...machines, describeWindows(windows), clock],
        data: { vms, instances, ec2: account, windows, clock_offset: lab.clockOffset() },
      };
    }
    case 'windows': {
      const { do: _, restart, ...told } = command;
      if (restart) await lab.windows.restart();
      const windows = await lab.windows.change(told);
      return { lines: [describeWindows(windows)], data: windows };
    }
    case 'processes': {
      const processes = await lab.windows.processes();
      if (command.clear) await lab.windows.forgetProcesses();
      return { lines: describeProcesses(processes), data: { version: 1, processes } };
    }
    case 'seed':
      await lab.seed(command.content);
      return { lines: ['the world holds what the shipped manifests need'] };
    default:
      // By its name alone: it may hold a secret.
      throw new Failure(
        given('lab-command', `unknown lab command ${String((command as { do?: unknown }).do)}`),
      );
  }
}

function describe(vm: VmInfo): string[] {
  const disks = vm.disks.map(disk => `  disk ${disk.index}     ${bytes(disk.bytes)}  ${disk.file}`);
  return [
    `${vm.name}  ${vm.uuid}`,
    ...(vm.folder ? [`  folder     ${vm.folder}`] : []),
    ...(vm.tags.length > 0 ? [`  tags       ${vm.tags.join(', ')}`] : []),
    `  power      ${vm.powerState === 'poweredOn' ? 'on' : 'off'}, change tracking ${vm.changeTracking ? 'on' : 'off'}`,
    ...disks,
    `  snapshots  ${vm.snapshots.join(', ') || 'none'}`,
  ];
}

async function putSecret(api: ApiLab, reference: string, value: string): Promise<void> {
  const [, service, name = ''] = /^(ssm|secretsmanager):([^#]+)$/.exec(reference) ?? [];
  try {
    if (service === 'ssm')
      await api.operate('ssm', 'PutParameter', {
        Name: name,
        Value: value,
        Type: 'SecureString',
        Overwrite: true,
      });
    else if (service === 'secretsmanager')
      await api
        .operate('secretsmanager', 'PutSecretValue', { SecretId: name, SecretString: value })
        .catch(() => api.operate('secretsmanager', 'CreateSecret', { Name: name, SecretString: value }));
    else throw new Error('the lab keeps ssm:NAME and secretsmanager:NAME');
  } catch (error) {
    throw new Failure(
      given('lab-secret', `${reference} can't be stored: ${(error as Error).message}`, {
        hint: 'names have letters, digits and / _ . -; a parameter holds 1 to 4096 bytes',
      }),
    );
  }
}

function describeInstance(it: InstanceSettings): string[] {
  if (!it.metadata) return ["the lab's host is not an EC2 instance"];
  return [
    `${it.instanceId}  ${it.instanceType} in ${it.availabilityZone}, account ${it.accountId}, ${it.imageId}`,
    ...Object.entries(it.tags).map(([key, value]) => `  tag ${key} = ${value}`),
    `  tags in the metadata ${it.metadataTags ? 'on' : 'off'}, ec2:DescribeTags ${it.describeTags ? 'allowed' : 'denied'}`,
    ...(it.policy?.Statement ?? []).map(
      ({ Action, Resource }) => `  may ${[Action].flat().join(', ')} on ${[Resource].flat().join(', ')}`,
    ),
  ];
}
