#!/usr/bin/env bash
# A validator of JSON Schema that isn't ours: it checks what editors are given (test/peers/editor-schema.test.ts).
set -eu
version=4.26.0
python3 -c "import sys, importlib.metadata as m; sys.exit(m.version('jsonschema') != '$version')" 2>/dev/null ||
  PIP_BREAK_SYSTEM_PACKAGES=1 python3 -m pip install --quiet "jsonschema==$version"
