#!/usr/bin/env bash
# The mail server that alerts are sent to (test/peers/smtp_server.py). Safe to run again.
set -eu
version=1.4.6
python3 -c "import sys, importlib.metadata as m; sys.exit(m.version('aiosmtpd') != '$version')" 2>/dev/null ||
  PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --quiet "aiosmtpd==$version"
