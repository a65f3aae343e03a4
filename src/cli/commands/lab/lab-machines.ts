import { resolve } from 'node:path';
import { Failure, given } from '../../../diagnostics/diagnostic.ts';
import type { DefineEvent } from './define-event.ts';
import { parseIndex, parseSize } from './disk-words.ts';

/** What happens to a VM of the lab and its disks, for trying out by hand what a cycle makes of it. */
export function labMachines(cwd: string, event: DefineEvent): void {
  event(
    'add-disk <VM>',
    'attach another disk to a VM',
    'add-disk dc02 --blank 64MiB\nadd-disk dc02 --disk data.raw',
    ([vm], { disk, blank }) => {
      if ((disk === undefined) === (blank === undefined))
        throw new Failure(
          given('bad-pair', 'one of --disk and --blank says what is on the disk', {
            hint: 'write `--blank 64MiB` or `--disk IMAGE`',
          }),
        );
      return {
        do: 'add-disk',
        vm: vm!,
        disk:
          disk === undefined
            ? { bytes: parseSize(blank as string) }
            : { image: resolve(cwd, disk as string) },
      };
    },
    command =>
      command
        .option('--disk <IMAGE>', 'with the content of this raw image')
        .option('--blank <SIZE>', 'empty, e.g. 64MiB'),
  );
  event('remove-disk <VM> <INDEX>', 'detach and delete a disk', 'remove-disk dc02 1', ([vm, index]) => ({
    do: 'remove-disk',
    vm: vm!,
    index: parseIndex(index!),
  }));
  event(
    'grow-disk <VM> <INDEX> <SIZE>',
    'make a disk larger',
    'grow-disk dc02 0 2GiB',
    ([vm, index, size]) => ({
      do: 'grow-disk',
      vm: vm!,
      index: parseIndex(index!),
      bytes: parseSize(size!),
    }),
  );
  event('revert <VM>', 'take a VM back to the snapshot that it stands on', 'revert dc02', ([vm]) => ({
    do: 'revert',
    vm: vm!,
  }));
  event(
    'relocate <VM>',
    'move the files of a VM to other names, as storage vMotion does',
    'relocate dc02\nrelocate dc02 --new-epoch',
    ([vm], { newEpoch }) => ({ do: 'relocate', vm: vm!, epoch: newEpoch === true }),
    command => command.option('--new-epoch', 'and begin change tracking anew, as some versions do'),
  );
  event('suspend <VM>', 'suspend a VM', 'suspend dc02', ([vm]) => ({ do: 'suspend', vm: vm! }));
  event(
    'template <VM>',
    'make a template of a VM',
    'template dc02\ntemplate dc02 --off',
    ([vm], { off }) => ({ do: 'template', vm: vm!, template: off !== true }),
    command => command.option('--off', 'make a virtual machine of it again'),
  );
}
