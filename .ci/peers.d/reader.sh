#!/usr/bin/env bash
# What the second reader of the repository format (test/peers/repository_reader.py) needs.
set -eu
python3 -c 'import cryptography' 2>/dev/null ||
  PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --quiet cryptography==50.0.2
