#!/usr/bin/env bash
# Shows and prints pages (test/peers/evidence-page.test.ts, page.test.ts); poppler reads the print.
set -eu
apt-get install -y -qq --no-install-recommends chromium-headless-shell fonts-liberation poppler-utils >/dev/null
