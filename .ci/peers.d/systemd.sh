#!/usr/bin/env bash
# systemd-analyze judges the unit of the agent (test/peers/service.test.ts); nothing of systemd is started.
set -eu
command -v systemd-analyze >/dev/null || apt-get install -y -qq --no-install-recommends systemd >/dev/null
