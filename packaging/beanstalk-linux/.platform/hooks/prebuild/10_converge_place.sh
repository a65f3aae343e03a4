#!/bin/bash
# Copies what is to run as root out of the staging folder, which belongs to the application's user, to /opt, and
# runs nothing of it here. A failure fails the deployment.
set -euo pipefail
umask 022
staged=$(cd "$(dirname "$0")/../../converge" && pwd)
root=/opt/converge
here=$root/@ID@

# Fails when somebody but root owns something below $1 or can write there, or when it leads elsewhere.
assert_locked() {
  local found
  found=$(find "$1" \( ! -user root -o -perm /022 -o -type l \) -print -quit)
  if [ -n "$found" ]; then
    echo "converge: $found is a link, is not root's, or can be written by others" >&2
    exit 1
  fi
}

# Fails unless every file below $1 is as the bundle was made.
assert_files() {
  if ! (cd "$1" && sha256sum --quiet --strict -c "$staged/SHA256SUMS") >&2; then
    echo "converge: $1 is not as it was bundled; remove it and deploy again" >&2
    exit 1
  fi
}

mkdir -p "$root"
assert_locked "$root"
if [ ! -e "$here" ]; then
  # Whole or not at all: the name of a version exists only once all of its files are in place.
  rm -rf "$here.new"
  mkdir "$here.new"
  while read -r _ file; do
    mkdir -p "$here.new/$(dirname "$file")"
    cp --no-preserve=ownership "$staged/agent/$file" "$here.new/$file"
  done < "$staged/SHA256SUMS"
  cp "$staged/SHA256SUMS" "$here.new/SHA256SUMS"
  chown -R root:root "$here.new"
  chmod -R u=rwX,go=rX "$here.new"
  chmod 755 "$here.new/node" "$here.new/run.sh" "$here.new/deployed.sh"
  assert_files "$here.new"
  mv -T "$here.new" "$here"
fi
assert_files "$here"
assert_locked "$root"

# Exactly the keys of this bundle: one that was taken out of it is trusted no more.
mkdir -p /etc/converge
rm -rf /etc/converge/trust.new
mkdir -m 755 /etc/converge/trust.new
if [ -d "$here/trust" ]; then cp "$here"/trust/*.pub /etc/converge/trust.new/; fi
rm -rf /etc/converge/trust
mv -T /etc/converge/trust.new /etc/converge/trust
assert_locked /etc/converge
