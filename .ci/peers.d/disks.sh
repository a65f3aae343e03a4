#!/usr/bin/env bash
# ntfsfix judges restored partitions; zstd and python3 drive the acceptance check; hivex writes and reads registries, regipy reads their logs; the rest makes disks for readiness.
set -eu
apt-get install -y -qq --no-install-recommends ntfs-3g zstd python3 python3-pip \
  fdisk dosfstools e2fsprogs mtools cpio lz4 xz-utils libhivex-bin libwin-hivex-perl >/dev/null
python3 -c 'import regipy' 2>/dev/null ||
  PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --quiet regipy==6.5.0
