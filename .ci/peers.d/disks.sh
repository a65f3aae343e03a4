#!/usr/bin/env bash
# ntfsfix judges restored partitions; zstd and python3 drive the acceptance check.
set -eu
apt-get install -y -qq --no-install-recommends ntfs-3g zstd python3 >/dev/null
