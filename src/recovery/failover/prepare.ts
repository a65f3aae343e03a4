import { type Diagnostic, Failure, world } from '../../diagnostics/diagnostic.ts';
import { bootDiskKey, guestFamily } from '../../replication/model/machine.ts';
import type { Point } from '../../replication/model/repository.ts';
import { mostDisks } from './rehearse.ts';
import type { RunMachine } from './run.ts';

/** How a target's machine is run; what of the declaration a run needs. */
export interface TargetMachine {
  vm: string;
  instance_type: string;
  key_pair?: string;
}

/**
 * Why a point can't be run in EC2 by this version; empty when it can. Linux alone is: an image that is
 * registered of a replica is billed as Linux, and Windows needs a shell with its licence.
 */
export function obstacles({ vm, machine, disks, left_out }: Point): Diagnostic[] {
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
  if (family !== 'linux')
    found.push(
      world('guest-not-linux', `${vm.name} runs ${machine.guest_id}; this version recovers Linux alone`, {
        hint: 'restore its disks with `converge restore`, and import them with VM Import/Export',
      }),
    );
  const boot = bootDiskKey(machine);
  if (!disks.some(({ key }) => key === boot)) {
    const out = left_out.map(({ label }) => label).join(', ');
    found.push(
      world(
        'boot-disk-missing',
        `the point of ${vm.name} doesn't hold the disk that it boots from (${out})`,
        {
          hint: 'take it into the protection and make a new point',
        },
      ),
    );
  }
  if (disks.length > mostDisks)
    found.push(
      world(
        'too-many-disks',
        `${vm.name} has ${disks.length} disks; this version attaches ${mostDisks} at most`,
        {
          hint: 'leave disks out that it can be recovered without',
        },
      ),
    );
  return found;
}

/** What launches a point. `snapshots`: by the index of the disk. @throws Failure, see `obstacles` */
export function machineOf(
  point: Point,
  target: TargetMachine,
  snapshots: ReadonlyMap<number, string>,
): RunMachine {
  const against = obstacles(point);
  if (against.length > 0 || !point.machine) throw new Failure(against);
  const { machine } = point;
  const boot = bootDiskKey(machine);
  const ordered = [...point.disks].sort((a, b) => Number(b.key === boot) - Number(a.key === boot));
  const isUefi = machine.firmware === 'efi';
  return {
    vm: target.vm,
    uuid: point.vm.uuid,
    point: point.id,
    time: point.time,
    instance_type: target.instance_type,
    ...(target.key_pair !== undefined && { key_pair: target.key_pair }),
    boot_mode: isUefi ? 'uefi' : 'legacy-bios',
    // RegisterImage: TpmSupport needs the boot mode uefi.
    tpm: machine.vtpm && isUefi,
    disks: ordered.map(({ index }) => ({ index, snapshot: snapshots.get(index)! })),
  };
}
