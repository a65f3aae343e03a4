#!/usr/bin/env bash
# What the other parts build and install with. Go must be recent (the peers say which), so it is asked for, not installed.
set -eu
export PATH="$PATH:/usr/local/go/bin"
command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 ||
  apt-get install -y -qq --no-install-recommends python3 python3-pip >/dev/null
command -v go >/dev/null || { echo "peers: no Go here: govc, vcsim and VersityGW can't be built" >&2; exit 1; }
