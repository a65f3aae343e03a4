#!/usr/bin/env bash
# The proxy that S3, vSphere and downloads are reached by (test/peers/proxies.test.ts); openssl makes certificates.
set -eu
command -v squid >/dev/null && command -v openssl >/dev/null ||
  apt-get install -y -qq --no-install-recommends squid openssl >/dev/null
