#!/usr/bin/env bash
# Makes a raw disk that boots, from Debian's kernel and busybox: it answers HTTP on port 80.
#
#   bootable-disk.sh bios|uefi OUT [without-nvme] [without-loader] [with=FOLDER]
#
# What is in FOLDER is on the disk too, beside the pinned Node with its libraries and converge as it was built;
# the unit of `converge post-launch` that is there is started as systemd would.
#
# Needs what .ci/peers.d/ec2.sh installs. The packages are kept beside each other in CONVERGE_PEERS_CACHE.
set -euo pipefail
firmware=$1 out=$2
options=" ${*:3} "
cache="${CONVERGE_PEERS_CACHE:-$HOME/.cache/converge-peers}/debian"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH="$PATH:/usr/sbin:/sbin"
uuid=3a1f5b7e-0c0d-4f0e-9b1a-000000000001

if [ ! -e "$cache/done" ]; then
  mkdir -p "$cache/packages" "$cache/kernel" "$cache/busybox"
  kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ { print $2; exit }')
  (cd "$cache/packages" && apt-get -qq download "$kernel" busybox-static)
  dpkg -x "$cache"/packages/linux-image-*.deb "$cache/kernel"
  dpkg -x "$cache"/packages/busybox-static_*.deb "$cache/busybox"
  depmod -b "$cache/kernel" "$(basename "$cache"/kernel/lib/modules/*)"
  touch "$cache/done"
fi
modules=$(echo "$cache"/kernel/lib/modules/*)
busybox="$cache/busybox/bin/busybox"

# The first system: loads modules, finds the root by its UUID, goes on there.
first="$work/first"
mkdir -p "$first"/{bin,modules,newroot}
cp "$busybox" "$first/bin/"
wanted="crc32c_generic ext4 e1000e"
[[ $options == *" without-nvme "* ]] || wanted="$wanted nvme"
for module in $wanted; do
  line=$(grep -E "(^|/)$module\.ko:" "$modules/modules.dep")
  # What it needs stands behind it, the deepest last.
  for file in $(tr ' ' '\n' <<<"${line#*:}" | tac) ${line%%:*}; do
    cp "$modules/$file" "$first/modules/"
    basename "$file" >>"$first/order"
  done
done
cat >"$first/init" <<EOF
#!/bin/busybox sh
b=/bin/busybox
\$b mkdir -p /proc /sys /dev
\$b mount -t proc proc /proc; \$b mount -t sysfs sysfs /sys; \$b mount -t devtmpfs dev /dev
for module in \$(\$b awk '!seen[\$0]++' /order); do \$b insmod /modules/\$module; done
for second in 1 2 3 4 5 6 7 8 9 10; do root=\$(\$b findfs UUID=$uuid) && break; \$b sleep 1; done
if [ -z "\$root" ]; then echo "no root device with UUID $uuid"; \$b poweroff -f; fi
\$b mount -t ext4 -o ro \$root /newroot && exec \$b switch_root /newroot /init
EOF
chmod +x "$first/init"

root="$work/root"
mkdir -p "$root"/{bin,boot/grub,proc,sys,dev,www}
cp "$busybox" "$root/bin/"
(cd "$first" && find . | cpio -o -H newc --quiet | gzip -1) >"$root/boot/initrd.img"
cp "$cache"/kernel/boot/vmlinuz-* "$root/boot/vmlinuz"
echo 'hello from the recovered machine' >"$root/www/index.html"
more= mib=256
for option in "${@:3}"; do
  [[ $option == with=* ]] || continue
  more=${option#with=} mib=640
  cp -a "$more/." "$root/"
  mkdir -p "$root"/{opt/converge,tmp,root,var/lib,srv}
  here=$(cd "$(dirname "$0")/../.." && pwd)
  node=$(echo "$here"/node_modules/node-linux-*/bin/node)
  cp "$node" "$here/dist/converge.cjs" "$root/opt/converge/"
  for library in $(ldd "$node" | grep -oE '/[^ ]+\.so[^ ]*'); do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
done
cat >"$root/init" <<'EOF'
#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc; $b mount -t devtmpfs dev /dev; $b mount -t sysfs sysfs /sys
$b ip link set lo up; $b ip link set eth0 up; $b ip addr add 10.0.2.15/24 dev eth0; $b ip route add default via 10.0.2.2
echo "recovered machine is up"
$b httpd -p 80 -h /www
unit=/etc/systemd/system/converge-post-launch.service
if [ -e $unit ]; then
  # Metadata is on the same card in EC2; QEMU plays it on a second one.
  $b ip link set eth1 up; $b ip addr add 169.254.169.1/24 dev eth1
  $b mount -o remount,rw /; $b chown -R 0:0 /etc /opt /www
  export HOME=/root CI=true
  $($b sed -n 's/^ExecStart=//p' $unit) </dev/null >/var/lib/post-launch.log 2>&1
  $b tail -n 5 /var/lib/post-launch.log
fi
while :; do $b sleep 60; done
EOF
chmod +x "$root/init"
cat >"$root/boot/grub/grub.cfg" <<'EOF'
set timeout=0
linux /boot/vmlinuz console=ttyS0 quiet panic=1
initrd /boot/initrd.img
boot
EOF

rm -f "$out"
truncate -s "${mib}M" "$out"
if [ "$firmware" = bios ]; then
  printf 'label: dos\nstart=2048, type=83, bootable\n' | sfdisk -q "$out"
  offset=$((2048 * 512)) kib=$(((mib - 2) * 1024))
else
  printf 'label: gpt\nstart=2048,size=65536,type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\nstart=67584,type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\n' | sfdisk -q "$out"
  offset=$((67584 * 512)) kib=$(((mib - 36) * 1024))
fi
mke2fs -q -t ext4 -O ^orphan_file,^metadata_csum_seed -U "$uuid" -d "$root" -E "offset=$offset" "$out" "${kib}k" 2>/dev/null ||
  mke2fs -q -t ext4 -U "$uuid" -d "$root" -E "offset=$offset" "$out" "${kib}k"
if [ "$firmware" = bios ]; then
  grub-mkimage -O i386-pc -o "$work/core.img" -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2 normal linux
  dd if=/usr/lib/grub/i386-pc/boot.img of="$out" bs=440 count=1 conv=notrunc status=none
  dd if="$work/core.img" of="$out" bs=512 seek=1 conv=notrunc status=none
else
  printf 'search --fs-uuid --set=root %s\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n' "$uuid" >"$work/early.cfg"
  grub-mkimage -O x86_64-efi -o "$work/BOOTX64.EFI" -c "$work/early.cfg" -p /EFI/BOOT \
    part_gpt ext2 fat normal linux search search_fs_uuid configfile
  mkfs.vfat -C -F 16 "$work/esp.img" 32768 >/dev/null
  mmd -i "$work/esp.img" ::/EFI ::/EFI/BOOT
  [[ $options == *" without-loader "* ]] || mcopy -i "$work/esp.img" "$work/BOOTX64.EFI" ::/EFI/BOOT/
  dd if="$work/esp.img" of="$out" bs=1M seek=1 conv=notrunc status=none
fi
