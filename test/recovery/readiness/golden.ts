import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { DiskBytes } from '../../../src/recovery/readiness/bytes/disk-bytes.ts';

const folder = join(import.meta.dirname, 'disks');

/** Disks that `make-disks.sh` made with real tools, by name. */
export async function goldenDisks(): Promise<Map<string, Buffer>> {
  const disks = new Map<string, Buffer>();
  for (const file of (await readdir(folder)).sort())
    disks.set(file.replace('.img.zst', ''), zstdDecompressSync(await readFile(join(folder, file))));
  return disks;
}

/** A disk in memory that counts what is read of it. */
export function counted(content: Buffer) {
  const read = { calls: 0, bytes: 0 };
  const disk: DiskBytes = {
    bytes: content.length,
    async read(offset, length) {
      const found = content.subarray(offset, offset + length);
      read.calls++;
      read.bytes += found.length;
      return found;
    },
  };
  return { disk, read };
}

const mbr = (code: 'grub' | 'none' | 'other') => ({ kind: 'mbr', signature: true, code });
const nvme = (nvme: string, modules: number, saysBuiltIn = false) => ({
  inspected: { nvme, modules, saysBuiltIn },
});

/** How each is looked at. */
export const bootDisk = (name: string) => ({ boot: true, linux: !name.startsWith('windows') });

/** What is on each of them. */
export const expected: Record<string, object> = {
  builtin: {
    table: mbr('grub'),
    parts: [{ number: 1, active: true, content: 'ext', esp: false }],
    loader: { state: 'no-esp' },
    initramfs: { images: [{ path: '/boot/initrd.img-6.12.0', partition: 1, ...nvme('built-in', 1, true) }] },
  },
  'debian-bios': {
    table: mbr('grub'),
    parts: [{ number: 1, active: true, content: 'ext' }],
    initramfs: {
      chosen: 'default',
      images: [{ path: '/boot/initrd.img-6.12.0', partition: 1, ...nvme('module', 2) }],
    },
    guest: {
      at: Date.parse('2026-11-28T06:00:00Z'),
      facts: {
        ena: { ok: true, what: 'ena.ko is there' },
        dhcp: { ok: false, what: 'eth0 has a static address' },
      },
    },
  },
  fat12: { table: { kind: 'none', signature: true }, parts: [{ number: 0, content: 'fat' }] },
  'no-loader': {
    table: { kind: 'gpt', signature: true, code: 'none' },
    parts: [
      { number: 1, content: 'fat', esp: true, bytes: 16 * 2 ** 20 },
      { number: 2, content: 'ext', esp: false, bytes: 4 * 2 ** 20 },
    ],
    loader: { state: 'missing', partition: 1 },
    initramfs: {
      images: [{ path: '/initrd.img', partition: 2, why: "it is packed with xz, which isn't read here" }],
    },
  },
  'old-bios': {
    table: mbr('grub'),
    parts: [
      { number: 5, content: 'zeros' },
      { number: 6, content: 'ext', active: false },
    ],
    initramfs: {
      chosen: 'any',
      images: [{ path: '/boot/initrd-2.6', partition: 6, ...nvme('module', 3) }],
    },
  },
  'red-uefi': {
    table: { kind: 'gpt', signature: true, code: 'none' },
    parts: [
      { number: 1, content: 'fat', esp: true },
      { number: 2, content: 'ext', esp: false },
      { number: 3, content: 'lvm', esp: false },
    ],
    loader: { state: 'there', partition: 1 },
    initramfs: {
      chosen: 'any',
      images: [
        { path: '/initramfs-6.12.0.img', partition: 2, ...nvme('module', 2) },
        { path: '/initramfs-6.12.1.img', partition: 2, ...nvme('module', 2) },
      ],
    },
  },
  'windows-files': {
    table: mbr('other'),
    parts: [{ number: 1, active: true, content: 'ntfs' }],
    guest: {
      at: Date.parse('2026-11-28T06:00:00Z'),
      facts: {
        nvme: { ok: true, what: 'stornvme starts with Windows' },
        dhcp: { ok: false, what: 'Dhcp is disabled' },
      },
    },
  },
  'windows-bios': { table: mbr('other'), parts: [{ number: 1, active: true, content: 'ntfs' }] },
};
