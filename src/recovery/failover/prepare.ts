import { type Diagnostic, Failure, given, world } from '../../diagnostics/diagnostic.ts';
import { own } from '../../diagnostics/own-words.ts';
import { bootDiskKey, guestFamily, type MachineRecord } from '../../replication/model/machine.ts';
import type { Point } from '../../replication/model/point.ts';
import { type Imported, MOST_IMPORTED } from '../import/imported.ts';
import type { RecoveryCloud } from '../model/clients.ts';
import type { CloudSubnet } from '../model/machines.ts';
import type { RunMachine } from '../run/run.ts';
import { findShell } from '../shell/own.ts';
import { keptAddress } from '../target/address.ts';
import type { License } from '../target/billing.ts';
import { among, bootModeOf, needsTpm, rightSize, unfit, usualFamilies, wordsOf } from '../target/sizing.ts';
import { chooseStock, serverYear, stockPatterns } from '../target/stock.ts';
import { mostDisks } from './image-of.ts';

/** How a target's machine is run; what of the declaration a run needs. */
export interface TargetMachine {
  vm: string;
  instance_type?: string;
  families?: readonly string[];
  /** Types that are tried after the first. */
  else_types?: string[];
  private_address?: string;
  key_pair?: string;
  tenancy?: 'default' | 'dedicated' | 'host';
  host_resource_group?: string;
  license?: License;
  shell?: 'stock' | 'own';
  /** The way that was chosen; `fast` when left out. */
  method?: 'fast' | 'convert' | 'raw';
  /** The role of VM Import, and where images of disks are put. */
  import?: { role?: string; images?: string };
}

/** What a point comes to in EC2. */
export interface Fit {
  type: string;
  /** Why that type, where it was chosen. */
  why?: string;
  /** Of Windows: where its licence comes from. */
  shell?: { image: string; license: License; what: string };
  /** In the place of a shell, and of running the disks as they are. */
  imported?: Imported;
}

/** Why a point can't be run in EC2 as its target says; empty when nothing speaks against it. */
export function obstacles(
  { vm, machine, disks, left_out }: Point,
  { license, method = 'fast' }: Pick<TargetMachine, 'license' | 'method'>,
): Diagnostic[] {
  if (!machine)
    return [
      world(
        'machine-unknown',
        `the point of ${vm.name} says nothing of its machine: an older version made it`,
        {
          hint: `make a new one: \`converge replicate ${vm.name} PATHS\`, or choose another by --point`,
        },
      ),
    ];
  const found: Diagnostic[] = [];
  const family = guestFamily(machine);
  if (family === 'other')
    found.push(
      world('guest-unknown', `${vm.name} runs ${machine.guest_id}; Linux and Windows alone are recovered`, {
        hint: 'restore its disks with `converge restore`, and import them by hand',
      }),
    );
  if (family === 'windows' && license === undefined)
    found.push(
      world(
        'license-required',
        `${vm.name} runs ${machine.guest_id}, and its recovery_target doesn't say under whose licence`,
        { hint: 'add `license: aws`, which is billed by the hour, or `license: byol` with a `tenancy`' },
      ),
    );
  if (family === 'linux' && license !== undefined)
    found.push(
      world('license-not-windows', `${vm.name} runs ${machine.guest_id}: it takes no licence of Windows`, {
        hint: 'remove `license`',
      }),
    );
  const boot = bootDiskKey(machine);
  if (!disks.some(({ key }) => key === boot)) {
    const out = left_out.map(({ label }) => label).join(', ');
    found.push(
      world(
        'boot-disk-missing',
        `the point of ${vm.name} doesn't hold the disk that it boots from (${out})`,
        { hint: 'take it into the protection and make a new point' },
      ),
    );
  }
  const most = method === 'fast' ? mostDisks : MOST_IMPORTED;
  if (disks.length > most)
    found.push(
      world(
        'too-many-disks',
        method === 'fast'
          ? `${vm.name} has ${disks.length} disks; this version attaches ${most} at most`
          : `${vm.name} has ${disks.length} disks; VM Import takes ${most} at most`,
        { hint: 'leave disks out that it can be recovered without' },
      ),
    );
  return found;
}

/**
 * Looks up what a point comes to: its type, and the image that Windows takes its licence from.
 *
 * @throws Failure with all that speaks against it
 */
export async function fitFor(
  point: Point,
  target: TargetMachine,
  repository: string,
  cloud: Pick<RecoveryCloud, 'machines' | 'types' | 'shells'>,
  signal?: AbortSignal,
): Promise<Fit> {
  const against = obstacles(point, target);
  const { machine } = point;
  if (against.length > 0 || !machine) throw new Failure(against);
  const chosen = await typeFor(machine, target, against, cloud, signal);
  const { license, method = 'fast' } = target;
  if (method !== 'fast') {
    if (against.length > 0 || !chosen) throw new Failure(against);
    return { ...chosen, imported: importedBy(method, target) };
  }
  const shell =
    license === undefined
      ? undefined
      : await shellFor(point, machine, { ...target, license }, repository, cloud, signal);
  if (license !== undefined && !shell) against.push(noShell(target, machine));
  if (against.length > 0 || !chosen) throw new Failure(against);
  return { ...chosen, ...(shell && { shell }) };
}

/** @throws Failure `images-missing` */
function importedBy(by: 'convert' | 'raw', { vm, license, import: more = {} }: TargetMachine): Imported {
  const { role, images } = more;
  if (by === 'raw' && images === undefined)
    throw new Failure(
      given(
        'images-missing',
        own`${vm} is to be imported from images of its disks, and there is no place for them`,
        {
          hint: 'add `import: { images: s3://BUCKET/PREFIX }` to its recovery_target',
        },
      ),
    );
  return {
    by,
    ...(license && { license }),
    ...(role !== undefined && { role }),
    ...(by === 'raw' && { images: images! }),
  };
}

async function typeFor(
  machine: MachineRecord,
  { vm, instance_type, families = usualFamilies, else_types = [], tenancy }: TargetMachine,
  against: Diagnostic[],
  { types }: Pick<RecoveryCloud, 'types'>,
  signal?: AbortSignal,
): Promise<{ type: string; why?: string } | undefined> {
  const onHost = tenancy === 'host';
  const named = [...(instance_type === undefined ? [] : [instance_type]), ...else_types];
  const known = await types.list(
    [...named, ...(instance_type === undefined ? families.map(family => `${family}.*`) : [])],
    signal,
  );
  for (const name of named) {
    const type = known.find(one => one.name === name);
    const why = type ? unfit(machine, type, onHost) : `the region has no instance type ${name} of x86-64`;
    if (why !== undefined)
      against.push(world('type-unfit', own`${vm} can't run on it: ${why}`, { hint: 'name another type' }));
  }
  if (instance_type !== undefined) return { type: instance_type };
  const chosen = rightSize(machine, known, families, onHost);
  if (!chosen)
    against.push(
      world(
        'no-type-fits',
        `no instance type for ${vm}: there is none of ${among(machine, families, onHost)}`,
        { hint: 'name the type by `instance_type`, or more `families`' },
      ),
    );
  return chosen;
}

async function shellFor(
  { vm }: Point,
  machine: MachineRecord,
  { license, shell }: TargetMachine & { license: License },
  repository: string,
  { machines, shells }: Pick<RecoveryCloud, 'machines' | 'shells'>,
  signal?: AbortSignal,
): Promise<Fit['shell']> {
  if (shell === 'own') {
    const own = await findShell(machines, { repository, vm: vm.uuid, machine, license }, signal);
    return own && { image: own.id, license, what: 'the shell that was imported of it' };
  }
  const year = serverYear(machine.guest_id);
  if (year === undefined) return undefined;
  const stock = chooseStock(machine, await shells.stock(stockPatterns(year), signal));
  return stock && { image: stock.id, license, what: `${stock.name}, for ${machine.guest_id}` };
}

const noShell = ({ vm, shell }: TargetMachine, machine: MachineRecord): Diagnostic =>
  shell === 'own'
    ? world('shell-missing', `${vm} has no shell of its own for ${machine.guest_id} with its firmware`, {
        hint: `make it while the VM is healthy: \`converge replicate ${vm} --replica PATHS\``,
      })
    : world(
        'shell-missing',
        `Amazon has no image of ${machine.guest_id} that starts with ${wordsOf(bootModeOf(machine))} and brings a licence`,
        { hint: 'write `shell: own` on the recovery_target, and replicate' },
      );

/**
 * What launches a point. `snapshots`: by the index of the disk, none of `raw`; `subnets`: of the network that
 * it is launched into. @throws Failure, see `obstacles`
 */
export function machineOf(
  point: Point,
  target: TargetMachine,
  { type, shell, imported }: Fit,
  snapshots: ReadonlyMap<number, string>,
  subnets: readonly CloudSubnet[] = [],
): RunMachine {
  const against = obstacles(point, target);
  if (against.length > 0 || !point.machine) throw new Failure(against);
  const { machine } = point;
  const { vm, else_types, key_pair, tenancy, host_resource_group } = target;
  const address = keptAddress(subnets, target.private_address);
  const boot = bootDiskKey(machine);
  const ordered = [...point.disks].sort((a, b) => Number(b.key === boot) - Number(a.key === boot));
  return {
    vm,
    uuid: point.vm.uuid,
    point: point.id,
    time: point.time,
    instance_type: type,
    ...(else_types && { else_types }),
    ...(address && { address }),
    ...(key_pair !== undefined && { key_pair }),
    ...(tenancy !== undefined && { tenancy }),
    ...(host_resource_group !== undefined && { host_resource_group }),
    ...(shell && { shell: { image: shell.image, license: shell.license } }),
    ...(imported && { imported }),
    boot_mode: bootModeOf(machine),
    tpm: needsTpm(machine),
    disks: ordered.map(({ index }) => {
      const snapshot = snapshots.get(index);
      return { index, ...(snapshot !== undefined && { snapshot }) };
    }),
  };
}
