import type { Host } from '../../io/ports.ts';
import { grubby, packer, updateGrub } from './boot-tools.ts';
import type { Program } from './program.ts';
import { systemctl } from './systemctl.ts';
import { timedatectl } from './timedatectl.ts';

const programs: Readonly<Record<string, Program>> = {
  '/usr/bin/systemctl': systemctl,
  '/usr/bin/timedatectl': timedatectl,
  '/usr/bin/dracut': packer,
  '/usr/sbin/update-initramfs': packer,
  '/usr/sbin/update-grub': updateGrub,
  '/usr/sbin/grubby': grubby,
};

/**
 * The lab's Linux host, with stand-ins in the place of programs that speak to the machine's own services; one
 * runs at a time.
 */
export function withStandIns(host: Host): Host {
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...host,
    processes: {
      async run(command, signal) {
        signal?.throwIfAborted();
        const program = Object.hasOwn(programs, command.file) ? programs[command.file] : undefined;
        if (!program) return host.processes.run(command, signal);
        const turn = last.then(() => program(command.args, host.files));
        last = turn.catch(() => {});
        return turn;
      },
    },
  };
}
