#!/usr/bin/env bash
# Backup programs that the data path is measured beside (bench/data-path.ts). Safe to run again.
set -eu
command -v restic >/dev/null && command -v borg >/dev/null ||
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends restic borgbackup; }
