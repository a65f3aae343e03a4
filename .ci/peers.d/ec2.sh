#!/usr/bin/env bash
# Foreign software that judges the lab's EC2 (test/peers/ec2-lab.heavy.ts, boot.heavy.ts); boto3 and the AWS CLI come
# with s3.sh. Safe to run again: what is there in the pinned version is left alone.
set -eu

coldsnap=0.12.0

# QEMU with the firmware of UEFI machines, and what a bootable disk is made with.
command -v qemu-system-x86_64 >/dev/null && [ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] && command -v grub-mkimage >/dev/null &&
  command -v mcopy >/dev/null && command -v cpio >/dev/null ||
  apt-get install -y -qq --no-install-recommends qemu-system-x86 ovmf grub-pc-bin grub-efi-amd64-bin grub-common \
    mtools dosfstools fdisk e2fsprogs cpio kmod >/dev/null

# Compiling takes a quarter of an hour on two cores; the binary is kept where a cache can hold it.
cache="${CONVERGE_PEERS_CACHE:-$HOME/.cache/converge-peers}"
[ "$(cat "$cache/coldsnap/version" 2>/dev/null)" = "$coldsnap" ] || {
  command -v cargo >/dev/null || { echo "peers: no cargo here: coldsnap can't be built" >&2; exit 1; }
  cargo install --quiet --locked --root "$cache/coldsnap" --version "$coldsnap" coldsnap
  echo "$coldsnap" >"$cache/coldsnap/version"
}
install -m 755 "$cache/coldsnap/bin/coldsnap" /usr/local/bin/coldsnap
