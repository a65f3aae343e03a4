#!/usr/bin/env bash
# The server of a queue that movers share (test/peers/queue.test.ts); openssl makes its certificates.
set -eu
command -v redis-server >/dev/null && command -v openssl >/dev/null ||
  apt-get install -y -qq --no-install-recommends redis-server openssl >/dev/null
