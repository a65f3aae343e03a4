#!/bin/bash
# Converges this instance, and has the agent keep it so.
set -euo pipefail
here=/opt/converge/@ID@

# The agent first: when this run fails, it takes what is signed next, without another deployment.
install -m 644 "$here/converge-agent.service" "$here/converge-agent.timer" /etc/systemd/system/
systemctl daemon-reload
systemctl enable --quiet --now converge-agent.timer

code=0
"$here/run.sh" deploy || code=$?
if [ "$code" != 0 ]; then
  echo "converge failed with exit code $code, see /var/log/converge.log" >&2
  exit "$code"
fi
# A version before this may still be running; its open files live on until it ends.
find /opt/converge -mindepth 1 -maxdepth 1 ! -name '@ID@' -exec rm -rf {} +
