#!/usr/bin/env bash
# Installs what the benchmarks compare with: Puppet from Debian, OpenTofu from its Go module. May be run again.
set -eu
tofu=v1.12.6
export PATH="$PATH:/usr/local/go/bin"
bin=${GOBIN:-/usr/local/bin}

[ -x /usr/bin/time ] || apt-get install -y -qq --no-install-recommends time >/dev/null
command -v puppet >/dev/null || apt-get install -y -qq --no-install-recommends puppet >/dev/null

# `go install` refuses a module with replacements, so its own copy of the source is built.
if [ "$("$bin/tofu" version 2>/dev/null | head -1)" != "OpenTofu $tofu" ]; then
  source=$(go mod download -json "github.com/opentofu/opentofu@$tofu" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  (cd "$source" && CGO_ENABLED=0 go build -mod=readonly -o "$bin/tofu" -ldflags '-X github.com/opentofu/opentofu/version.dev=no' ./cmd/tofu)
fi
puppet --version
tofu version
