#!/usr/bin/env bash
# cfn-init, which Elastic Beanstalk runs .ebextensions with. The published one is of Python 2: lib2to3 translates it.
set -eu
version=1.4-31
sha256=0274b6e8319498a03b4330050757647ab32d3a1f25e6caeae803113e2c07fc5b
folder=/usr/local/lib/converge-peers/cfn-bootstrap

[ "$(cat "$folder/.version" 2>/dev/null)" = "$version" ] && exit 0
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"
python3 -m pip download --quiet --no-deps --no-binary :all: "aws-cfn-bootstrap==$version"
echo "$sha256  aws-cfn-bootstrap-$version.tar.gz" | sha256sum --check --status ||
  { echo "peers: aws-cfn-bootstrap $version has another checksum" >&2; exit 1; }
tar -xzf "aws-cfn-bootstrap-$version.tar.gz"
python3 -W ignore -m lib2to3 -w -n --no-diffs "aws-cfn-bootstrap-$version/cfnbootstrap" >/dev/null 2>&1
mkdir -p "$folder"
rm -rf "$folder/cfnbootstrap"
mv "aws-cfn-bootstrap-$version/cfnbootstrap" "$folder/"
echo "$version" >"$folder/.version"
