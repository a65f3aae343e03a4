#!/usr/bin/env bash
# ntfsfix judges restored partitions; zstd and python3 drive the acceptance check; hivex writes and reads registries; the rest makes disks for readiness.
set -eu
apt-get install -y -qq --no-install-recommends ntfs-3g zstd python3 \
  fdisk dosfstools e2fsprogs mtools cpio lz4 xz-utils libhivex-bin libwin-hivex-perl >/dev/null
