#!/usr/bin/env bash
# nbdkit and nbdinfo judge the client of NBD, and serve the lab's disks to it (test/peers/nbd.test.ts).
set -eu
command -v nbdkit >/dev/null && command -v nbdinfo >/dev/null && command -v openssl >/dev/null ||
  apt-get install -y -qq --no-install-recommends nbdkit libnbd-bin openssl >/dev/null
