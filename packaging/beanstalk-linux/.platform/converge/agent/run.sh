#!/bin/bash
# run.sh deploy|agent: converges from the bucket, with the Node beside this file.
set -euo pipefail
case "${1:-}" in
  deploy) arguments=(apply --self '@SELF@' --lock-timeout 10m) ;;
  agent) arguments=(agent --self '@SELF@' @AGENT@) ;;
  *) exit 1 ;;
esac
here=/opt/converge/@ID@
cd "$here"
# What the application's environment says, to its Node above all, is not for this one.
exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  "$here/node" --max-semi-space-size=2 "$here/converge.cjs" "${arguments[@]}"
