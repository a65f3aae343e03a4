import { bytes } from '../../io/units.ts';
import type { VsphereLab } from './server.ts';

/** What happens to a machine and its disks beside what runs in it. */
export type MachineCommand =
  | { do: 'add-disk'; vm: string; disk: { image: string } | { bytes: number } }
  | { do: 'remove-disk'; vm: string; index: number }
  | { do: 'grow-disk'; vm: string; index: number; bytes: number }
  /** To the snapshot that it stands on. */
  | { do: 'revert'; vm: string }
  /** Its files get other names; with `epoch` change tracking begins anew. */
  | { do: 'relocate'; vm: string; epoch: boolean }
  | { do: 'suspend'; vm: string }
  | { do: 'template'; vm: string; template: boolean };

/** Carries out one of them, and says in a line what came of it. Throws a Failure as `execute` does. */
export async function executeOnMachine(
  { world }: Pick<VsphereLab, 'world'>,
  command: MachineCommand,
): Promise<string> {
  const { vm } = command;
  switch (command.do) {
    case 'add-disk': {
      const { disks } = await world.addDisk(vm, command.disk);
      const made = disks.at(-1)!;
      return `${vm} has a disk ${made.index} of ${bytes(made.bytes)}`;
    }
    case 'remove-disk': {
      const { disks } = await world.removeDisk(vm, command.index);
      return `disk ${command.index} of ${vm} is gone; ${disks.length} left, counted anew from 0`;
    }
    case 'grow-disk':
      await world.grow(vm, command.index, command.bytes);
      return `disk ${command.index} of ${vm} has ${bytes(command.bytes)}`;
    case 'revert':
      await world.revert(vm);
      return `${vm} is what it was when its snapshot was made; its change tracking begins anew`;
    case 'relocate':
      await world.relocate(vm, { epoch: command.epoch });
      return `the files of ${vm} have other names${command.epoch ? ', and its change tracking begins anew' : ''}`;
    case 'suspend':
      await world.setPower(vm, 'suspended');
      return `${vm} is suspended`;
    case 'template':
      await world.setTemplate(vm, command.template);
      return `${vm} is ${command.template ? 'a template' : 'a virtual machine'}`;
  }
}
