import { resolve } from 'node:path';
import { Failure, failedWith, given, world } from '../../../diagnostics/diagnostic.ts';
import { privateFolder } from '../../../io/handles/private-folder.ts';
import { bytes } from '../../../io/units.ts';
import { runTool } from '../../../programs/run-tool.ts';
import type { Newly } from '../../../recovery/failback/new-machine.ts';
import type { MachineMaker } from '../../../replication/model/source.ts';
import type { Context } from '../../app-context.ts';

/** How a new machine was asked for. */
export interface NewVmOptions {
  /** Its name. */
  asNew?: string;
  pool?: string;
  folder?: string;
  datastore?: string;
  host?: string;
  network?: string[];
  /** Where one disk at a time is kept before it is sent. */
  scratch?: string;
}

const places = ['pool', 'folder', 'datastore', 'host', 'network', 'scratch'] as const;

/** @throws Failure `failback-where`: places of a new machine, and none is to be made */
export function refuseStrayPlaces(options: NewVmOptions): void {
  const stray = options.asNew === undefined ? places.filter(one => options[one] !== undefined) : [];
  if (stray.length > 0)
    throw new Failure(
      stray.map(one =>
        given('failback-where', `--${one} is of a new VM, and none is to be made`, {
          hint: 'name it with --as-new NAME, or leave that out',
        }),
      ),
    );
}

const qemuImg = { name: 'qemu-img', failed: 'export-failed', words: ['stderr', 'stdout'] } as const;

/**
 * Has what making a new machine takes for as long as `use` runs, with a folder that is removed afterwards.
 *
 * @throws Failure `program-needed`, and those of the folder
 */
export async function withNewVm<T>(
  { io: { host, interrupt } }: Context,
  name: string,
  options: NewVmOptions,
  maker: MachineMaker,
  use: (newly: Newly) => Promise<T>,
): Promise<T> {
  try {
    await host.processes.run({ file: 'qemu-img', args: ['--version'] });
  } catch (error) {
    if (!failedWith(error, 'program-not-started')) throw error;
    throw new Failure(
      world('program-needed', '`--as-new` needs the program qemu-img, which is not there', {
        hint: 'install qemu-utils (Debian, Ubuntu) or qemu-img (Red Hat, Amazon Linux); --to DIR needs no program',
      }),
      { cause: error },
    );
  }
  const { pool, folder, datastore, host: on, network = [], scratch } = options;
  const parent = scratch === undefined ? undefined : resolve(host.cwd, scratch);
  const kept = await privateFolder('home', parent);
  try {
    return await use({
      name,
      maker,
      files: host.files,
      scratch: kept.path,
      wanted: {
        ...(pool !== undefined && { pool }),
        ...(folder !== undefined && { folder }),
        ...(datastore !== undefined && { datastore }),
        ...(on !== undefined && { host: on }),
        networks: network,
      },
      pack: async (raw, to, of) => {
        const args = ['convert', '-f', 'raw', '-O', 'vmdk', '-o', 'subformat=streamOptimized', raw, to];
        const run = (command: Parameters<typeof host.processes.run>[0]) =>
          host.processes.run(command, interrupt);
        await runTool({ run }, qemuImg, { file: 'qemu-img', args }, `${of} can't be written as VMDK`);
      },
    });
  } finally {
    await kept.remove();
  }
}

/**
 * Refuses before anything is stopped what there is no room for: the largest disk, and what is sent of it.
 *
 * @param largest bytes of it that aren't zeros
 * @throws Failure `no-space`
 */
export async function refuseFull({ files, scratch }: Newly, largest: number): Promise<void> {
  const free = await files.freeSpace(scratch);
  if (free >= 2 * largest) return;
  throw new Failure(
    world(
      'disk-full',
      `${scratch} has ${bytes(free)} free, and ${bytes(2 * largest)} are needed: one disk, and what is sent of it`,
      {
        hint: 'name a folder on a larger file system with --scratch DIR',
      },
    ),
  );
}
