import type { VsphereWorld } from './vsphere/server.ts';

const MiB = 1024 * 1024;

/** What `manifests/lab` protects. Sizes in bytes; `runs` are the areas that hold data. */
const vms = [
  {
    name: 'dc02',
    guestId: 'windows2019srv_64Guest',
    disks: [
      {
        bytes: 16 * MiB,
        runs: [
          [0, 1 * MiB],
          [5 * MiB, 2 * MiB],
          [12 * MiB, 1 * MiB],
        ],
      },
    ],
  },
  {
    name: 'sql01',
    guestId: 'debian12_64Guest',
    disks: [
      {
        bytes: 12 * MiB,
        runs: [
          [0, 1 * MiB],
          [7 * MiB, 1 * MiB],
        ],
      },
      { bytes: 10 * MiB + 512, runs: [[2 * MiB, 1 * MiB]] },
    ],
  },
] as const;

/**
 * Fills a new lab with small VMs, so that the first command has something to protect. Begins anew after a
 * kill.
 */
export async function seed(world: VsphereWorld): Promise<void> {
  for (const half of world.vms()) await world.removeVm(half.uuid);
  for (const { name, guestId, disks } of vms) {
    await world.addVm({ name, disks: disks.map(({ bytes }) => ({ bytes })), hardware: { guestId } });
    for (const [index, disk] of disks.entries()) {
      for (const [start, length] of disk.runs) {
        for (let at = start; at < start + length; at += MiB) {
          const bytes = content(`${name} disk ${index} offset ${at}`);
          await world.write(name, index, at, index === 0 && at === 0 ? startable(bytes) : bytes);
        }
      }
    }
  }
}

/** With GRUB and a partition that a BIOS starts: by that the lab's EC2 says that a machine with it boots. */
function startable(disk: Buffer): Buffer {
  disk.write('GRUB', 384, 'latin1');
  disk.fill(0, 446, 510);
  disk[446] = 0x80;
  disk[450] = 0x83;
  disk.writeUInt32LE(2048, 454);
  disk.writeUInt16LE(0xaa55, 510);
  return disk;
}

/** One MiB, the same for the same seed: half text that compresses, half noise that doesn't. */
function content(seedText: string): Buffer {
  const block = Buffer.alloc(MiB, `${seedText}\n`);
  let state = 2166136261;
  for (const char of seedText) state = Math.imul(state ^ char.charCodeAt(0), 16777619);
  for (let at = MiB / 2; at < MiB; at += 4) {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9;
    block.writeInt32LE(state | 0, at);
  }
  return block;
}
