import type { MachineRecord } from '../../replication/model/machine.ts';
import type { CloudType } from '../model/instance-types.ts';

/**
 * Families that a type is chosen of where none is declared: general purpose, compute and memory, none that is
 * burstable.
 */
export const usualFamilies: readonly string[] = ['m6i', 'c6i', 'r6i'];

export const bootModeOf = ({ firmware }: Pick<MachineRecord, 'firmware'>): 'legacy-bios' | 'uefi' =>
  firmware === 'efi' ? 'uefi' : 'legacy-bios';

/** RegisterImage and the types alike: a virtual TPM needs UEFI. */
export const needsTpm = ({ firmware, vtpm }: Pick<MachineRecord, 'firmware' | 'vtpm'>): boolean =>
  vtpm && firmware === 'efi';

type Wanted = Pick<MachineRecord, 'firmware' | 'vtpm' | 'cpus' | 'memory'>;

/** Why a machine doesn't start on a type, whatever its size; undefined when it does. */
export function unfit(machine: Wanted, type: CloudType, onHost: boolean): string | undefined {
  const mode = bootModeOf(machine);
  if (!type.bootModes.includes(mode)) return `${type.name} doesn't start with ${wordsOf(mode)}`;
  if (needsTpm(machine) && !type.tpm) return `${type.name} has no virtual TPM`;
  return onHost && !type.dedicatedHosts ? `${type.name} doesn't run on dedicated hosts` : undefined;
}

/**
 * The smallest type that holds the CPUs and the memory of a machine and starts as it did: by memory, then by
 * CPUs, then by the order of the families. `why`: said in plans.
 */
export function rightSize(
  machine: Wanted,
  types: readonly CloudType[],
  families: readonly string[],
  onHost: boolean,
): { type: string; why: string } | undefined {
  const rank = ({ name }: CloudType) => families.indexOf(name.split('.')[0]!);
  const [smallest] = types
    .filter(type => rank(type) >= 0 && unfit(machine, type, onHost) === undefined)
    .filter(({ cpus, memory }) => cpus >= machine.cpus && memory >= machine.memory)
    .sort((a, b) => a.memory - b.memory || a.cpus - b.cpus || rank(a) - rank(b));
  return smallest && { type: smallest.name, why: `the smallest of ${among(machine, families, onHost)}` };
}

/** What is looked for, as words. */
export function among(machine: Wanted, families: readonly string[], onHost: boolean): string {
  const tpm = needsTpm(machine) ? ', has a virtual TPM' : '';
  const host = onHost ? ', runs on dedicated hosts' : '';
  return `${families.join(', ')} that holds ${machine.cpus} CPUs and ${machine.memory} MiB${tpm}${host} and starts with ${wordsOf(bootModeOf(machine))}`;
}

export const wordsOf = (mode: string): string =>
  mode === 'legacy-bios' ? 'BIOS' : mode === 'uefi' ? 'UEFI' : mode;
