#!/usr/bin/env bash
# nbdkit and nbdinfo judge the client of NBD, and serve the lab's disks to it (test/peers/nbd.test.ts).
# nbdinfo, nbdcopy and qemu-img judge its server, and ntfs-3g the files out of a point (test/peers/export.test.ts).
set -eu
command -v nbdkit >/dev/null && command -v nbdinfo >/dev/null && command -v openssl >/dev/null &&
  command -v nbdcopy >/dev/null && command -v qemu-img >/dev/null && command -v ntfscat >/dev/null ||
  apt-get install -y -qq --no-install-recommends nbdkit libnbd-bin openssl qemu-utils ntfs-3g >/dev/null
