#!/usr/bin/env bash
# Makes small disks as real tools make them, for the readers of readiness: make-disks.sh DIR
# Needs fdisk, dosfstools, e2fsprogs, mtools, ntfs-3g, FUSE, Python, cpio, zstd, lz4, xz.
set -euo pipefail
out=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH="$PATH:/usr/sbin:/sbin" SOURCE_DATE_EPOCH=1700000000
cd "$work"

# What an initramfs holds: microcode unpacked before it, modules, and which ones the kernel has built in.
module=usr/lib/modules/6.12.0/kernel/drivers
mkdir -p early/kernel/x86/microcode with/$module/nvme/host with/$module/ata
head -c 9001 /dev/zero | tr '\0' 'm' >early/kernel/x86/microcode/GenuineIntel.bin
head -c 5000 /dev/zero | tr '\0' 'k' >with/$module/ata/ahci.ko.xz
cp -r with without
head -c 7000 /dev/zero | tr '\0' 'n' >with/$module/nvme/host/nvme.ko.xz
cp -r without builtin
printf 'kernel/drivers/nvme/host/nvme-core.ko\nkernel/drivers/nvme/host/nvme.ko\n' >builtin/usr/lib/modules/6.12.0/modules.builtin
pack() { (cd "$1" && find . -mindepth 1 | sort | cpio -o -H newc --quiet --reproducible); }
{ pack early; pack with | zstd -q; } >initrd.zst
{ pack early; pack without | zstd -q; } >initrd-without.zst
pack with | gzip -9n >initrd.gz
pack builtin | gzip -9n >initrd-builtin.gz
pack with | lz4 -l -q >initrd.lz4
pack with | xz --check=crc32 >initrd.xz

ext() { # KIND FILE OFFSET_KIB SIZE_KIB TREE
  mke2fs -q -t "$1" -U 3a1f5b7e-0c0d-4f0e-9b1a-000000000001 -d "$5" -E "offset=$(($3 * 1024)),hash_seed=3a1f5b7e-0c0d-4f0e-9b1a-000000000002" "$2" "${4}k"
}
grub() { printf 'GRUB ' | dd of="$1" bs=1 seek=384 conv=notrunc status=none; }

# BIOS: Debian's way, with the first entry as the default.
mkdir -p debian/boot/grub debian/var/lib/converge
cp initrd.zst debian/boot/initrd.img-6.12.0
cp initrd-without.zst debian/boot/initrd.img-6.1.0
cat >debian/boot/grub/grub.cfg <<'CFG'
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
else
   set default="0"
fi
menuentry 'Debian' {
	linux	/boot/vmlinuz-6.12.0 root=UUID=x
	initrd	/boot/initrd.img-6.12.0
}
menuentry 'Debian, 6.1.0' {
	linux	/boot/vmlinuz-6.1.0 root=UUID=x
	initrd	/boot/initrd.img-6.1.0
}
CFG
cat >debian/var/lib/converge/ec2-ready.json <<'JSON'
{"version":1,"at":"2026-11-28T06:00:00Z","facts":{"ena":{"ok":true,"what":"ena.ko is there"},"dhcp":{"ok":false,"what":"eth0 has a static address"}}}
JSON
truncate -s 8M "$out/debian-bios.img"
printf 'label: dos\nlabel-id: 0x11223344\nstart=2048, type=83, bootable\n' | sfdisk -q "$out/debian-bios.img"
ext ext4 "$out/debian-bios.img" 1024 6144 debian
grub "$out/debian-bios.img"

# UEFI: an ESP with the fallback loader, /boot of its own, and LVM behind it.
mkdir -p red/loader/entries red/grub2
cp initrd.gz red/initramfs-6.12.0.img
cp initrd.lz4 red/initramfs-6.12.1.img
cp initrd-without.zst red/initramfs-0-rescue-1234.img
printf 'blscfg\n' >red/grub2/grub.cfg
for v in 6.12.0 6.12.1 0-rescue-1234; do
  printf 'title %s\nlinux /vmlinuz-%s\ninitrd /initramfs-%s.img\n' $v $v $v >"red/loader/entries/m-$v.conf"
done
truncate -s 48M "$out/red-uefi.img"
printf 'label: gpt\nlabel-id: 3A1F5B7E-0C0D-4F0E-9B1A-000000000003\nstart=2048,size=69632,type=U,uuid=3A1F5B7E-0C0D-4F0E-9B1A-000000000004\nstart=71680,size=8192,type=L,uuid=3A1F5B7E-0C0D-4F0E-9B1A-000000000005\nstart=79872,size=8192,type=V,uuid=3A1F5B7E-0C0D-4F0E-9B1A-000000000006\n' |
  sfdisk -q "$out/red-uefi.img"
mkfs.vfat -F 32 -i 12345678 --invariant -C esp.img 34816 >/dev/null
printf 'MZ a program' >BOOTX64.EFI
mmd -i esp.img ::/EFI ::/EFI/BOOT '::/EFI/A longer name than eight'
mcopy -i esp.img BOOTX64.EFI ::/EFI/BOOT/
dd if=esp.img of="$out/red-uefi.img" bs=1M seek=1 conv=notrunc status=none
ext ext4 "$out/red-uefi.img" 35840 4096 red
printf 'LABELONE' | dd of="$out/red-uefi.img" bs=1 seek=$((79872 * 512 + 512)) conv=notrunc status=none
printf 'LVM2 001' | dd of="$out/red-uefi.img" bs=1 seek=$((79872 * 512 + 536)) conv=notrunc status=none

# The same without the fallback loader, with FAT16 and an initramfs that nobody reads here.
mkdir -p other
cp initrd.xz other/initrd.img
truncate -s 24M "$out/no-loader.img"
printf 'label: gpt\nlabel-id: 3A1F5B7E-0C0D-4F0E-9B1A-000000000007\nstart=2048,size=32768,type=U,uuid=3A1F5B7E-0C0D-4F0E-9B1A-000000000008\nstart=34816,size=8192,type=L,uuid=3A1F5B7E-0C0D-4F0E-9B1A-000000000009\n' |
  sfdisk -q "$out/no-loader.img"
mkfs.vfat -F 16 -i 12345678 --invariant -C esp16.img 16384 >/dev/null
mmd -i esp16.img ::/EFI ::/EFI/debian
mcopy -i esp16.img BOOTX64.EFI ::/EFI/debian/shimx64.efi
dd if=esp16.img of="$out/no-loader.img" bs=1M seek=1 conv=notrunc status=none
ext ext4 "$out/no-loader.img" 17408 4096 other

# Old: ext2, whose files are lists of blocks, with logical partitions before it; the initramfs is a link.
mkdir -p old/boot
# Longer than what an inode lists by itself, so that blocks of numbers of blocks are needed.
mkdir long
head -c 300000 /dev/zero | tr '\0' 'z' >long/a
{ pack long; pack without; pack with; } >old/boot/initrd-2.6
ln -s initrd-2.6 old/boot/initrd.img
truncate -s 16M "$out/old-bios.img"
printf 'label: dos\nlabel-id: 0x11223345\nstart=2048,size=28672,type=5\nstart=4096,size=2048,type=83\nstart=8192,size=16384,type=83\n' | sfdisk -q "$out/old-bios.img"
ext ext2 "$out/old-bios.img" 4096 8192 old
grub "$out/old-bios.img"

# A kernel that has NVMe built in.
mkdir -p cloud/boot
cp initrd-builtin.gz cloud/boot/initrd.img-6.12.0
truncate -s 8M "$out/builtin.img"
printf 'label: dos\nlabel-id: 0x11223346\nstart=2048, type=83, bootable\n' | sfdisk -q "$out/builtin.img"
ext ext4 "$out/builtin.img" 1024 6144 cloud
grub "$out/builtin.img"

# Windows with BIOS: code of another kind, an active partition, NTFS.
truncate -s 8M "$out/windows-bios.img"
printf 'label: dos\nlabel-id: 0x11223347\nstart=2048, type=7, bootable\n' | sfdisk -q "$out/windows-bios.img"
printf '\x33\xc0\x8e\xd0' | dd of="$out/windows-bios.img" bs=1 conv=notrunc status=none
truncate -s 7M ntfs.img
mkfs.ntfs -q -F -Q ntfs.img >/dev/null 2>&1
dd if=ntfs.img of="$out/windows-bios.img" bs=1M seek=1 conv=notrunc status=none

# The same with files. Its table of upper case letters, which nothing packs, is not in it: it isn't read here.
truncate -s 10M "$out/windows-files.img"
printf 'label: dos\nlabel-id: 0x11223348\nstart=2048, type=7, bootable\n' | sfdisk -q "$out/windows-files.img"
printf '\x33\xc0\x8e\xd0' | dd of="$out/windows-files.img" bs=1 conv=notrunc status=none
bash "$here/make-ntfs.sh" files.img 4096 8
python3 - files.img <<'PY'
import struct, sys
with open(sys.argv[1], 'r+b') as disk:
    at = disk.read().index(struct.pack('<90H', *range(90)))
    disk.seek(at)
    disk.write(bytes(131072))
PY
dd if=files.img of="$out/windows-files.img" bs=1M seek=1 conv=notrunc status=none

# A FAT12 floppy's worth, and a file system that fills a disk.
truncate -s 1440K "$out/fat12.img"
mkfs.vfat -F 12 -i 12345678 --invariant "$out/fat12.img" >/dev/null
mmd -i "$out/fat12.img" ::/EFI ::/EFI/BOOT
mcopy -i "$out/fat12.img" BOOTX64.EFI ::/EFI/BOOT/
