#!/usr/bin/env bash
# promtool judges the metrics and the alert rules (test/peers/metrics.test.ts).
set -eu
command -v promtool >/dev/null ||
  apt-get install -y -qq --no-install-recommends prometheus >/dev/null
