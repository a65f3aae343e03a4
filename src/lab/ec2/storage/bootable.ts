import { stockMark } from '../world/account.ts';
import { type Disk, findOnFat } from './fat.ts';

const sector = 512;
/** Partition types of GPT, as they are on the disk (the first three fields little-endian). */
const espType = '28732ac11ff8d211ba4b00a0c93ec93b';
const biosBootType = '4861682149646f6e744e656564454649';
const fallbackLoader = ['EFI', 'BOOT', 'BOOTX64.EFI'];

/** What a firmware would find on a disk, from its bytes alone. */
export async function lookAtDisk(
  disk: Disk,
  bootMode: 'legacy-bios' | 'uefi' | 'uefi-preferred',
): Promise<{ boots: boolean; why: string }> {
  const head = await disk.read(0, sector);
  if (head.toString('latin1', 0, stockMark.length) === stockMark)
    return { boots: true, why: 'a stock image of the lab' };
  // The lab's types that have UEFI use it for `uefi-preferred`, as EC2's do.
  return bootMode === 'legacy-bios' ? lookForBios(disk, head) : lookForUefi(disk, head);
}

async function lookForBios(disk: Disk, head: Buffer): Promise<{ boots: boolean; why: string }> {
  if (head.readUInt16LE(510) !== 0xaa55)
    return { boots: false, why: 'the first sector has no boot signature 55 AA' };
  const active = partitionsOfMbr(head).find(({ status }) => status === 0x80);
  if (active) return { boots: true, why: `partition ${active.number} of the MBR is active` };
  if ((await partitionsOfGpt(disk)).some(({ type }) => type === biosBootType))
    return { boots: true, why: 'the GPT has a BIOS boot partition' };
  return { boots: false, why: 'no partition is active' };
}

async function lookForUefi(disk: Disk, head: Buffer): Promise<{ boots: boolean; why: string }> {
  const gpt = (await partitionsOfGpt(disk)).filter(({ type }) => type === espType);
  const mbr =
    head.readUInt16LE(510) === 0xaa55 ? partitionsOfMbr(head).filter(({ type }) => type === 0xef) : [];
  const systems = [...gpt, ...mbr];
  if (systems.length === 0) return { boots: false, why: 'there is no EFI system partition' };
  for (const { start } of systems) {
    if (await findOnFat(disk, start, fallbackLoader))
      return { boots: true, why: String.raw`the EFI system partition has \EFI\BOOT\BOOTX64.EFI` };
  }
  return {
    boots: false,
    why: String.raw`the EFI system partition has no \EFI\BOOT\BOOTX64.EFI, and the variables of the firmware are new`,
  };
}

function partitionsOfMbr(head: Buffer) {
  return [0, 1, 2, 3]
    .map(index => {
      const at = 446 + index * 16;
      return {
        number: index + 1,
        status: head[at]!,
        type: head[at + 4]!,
        start: head.readUInt32LE(at + 8) * sector,
      };
    })
    .filter(({ type }) => type !== 0);
}

/** Source: UEFI specification, "GUID Partition Table (GPT) Disk Layout". */
async function partitionsOfGpt(disk: Disk): Promise<{ type: string; start: number }[]> {
  const header = await disk.read(sector, sector);
  if (header.toString('latin1', 0, 8) !== 'EFI PART') return [];
  const at = Number(header.readBigUInt64LE(72)) * sector;
  const [count, size] = [Math.min(header.readUInt32LE(80), 1024), header.readUInt32LE(84)];
  if (size < 128 || size > 4096 || at + count * size > disk.bytes) return [];
  const entries = await disk.read(at, count * size);
  return Array.from({ length: count }, (_, index) => ({
    type: entries.toString('hex', index * size, index * size + 16),
    start: Number(entries.readBigUInt64LE(index * size + 32)) * sector,
  })).filter(({ type }) => !/^0+$/.test(type));
}
