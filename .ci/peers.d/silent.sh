#!/usr/bin/env bash
# restic, and runrestic, which runs it by a file and writes metrics (test/peers/silent-failures.heavy.ts). That of
# Debian 12 is four years old, and bench/data-path.ts goes by it: this one is built, and lies beside it.
set -eu
restic=0.18.1
runrestic=0.5.31
folder=/usr/local/lib/converge-peers/restic

# Compiling takes minutes on two cores; the binary is kept where a cache can hold it.
cache="${CONVERGE_PEERS_CACHE:-$HOME/.cache/converge-peers}/restic"
[ "$(cat "$cache/version" 2>/dev/null)" = "$restic" ] || {
  GOBIN="$cache" go install "github.com/restic/restic/cmd/restic@v$restic"
  echo "$restic" >"$cache/version"
}
[ "$(cat "$folder/version" 2>/dev/null)" = "$restic $runrestic" ] && exit 0
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check "runrestic==$runrestic"
install -m 755 "$cache/restic" "$folder/bin/restic"
command -v systemd-analyze >/dev/null || apt-get install -y -qq --no-install-recommends systemd >/dev/null
echo "$restic $runrestic" >"$folder/version"
