#!/usr/bin/env bash
# Foreign software that judges the vSphere side: govc and vcsim (Go), pyvmomi (Debian).
# The commands' own Go modules aren't published, so small mains link the published library.
set -eu
version=v0.56.0
want="govmomi $version, main 3"
bin=${GOBIN:-/usr/local/bin}

build() { # NAME, Go source on stdin
  if [ "$(cat "$bin/.$1.version" 2>/dev/null)" = "$want" ] && [ -x "$bin/$1" ]; then return; fi
  local dir; dir=$(mktemp -d)
  cat >"$dir/main.go"
  (cd "$dir" && go mod init "peer.test/$1" && go get "github.com/vmware/govmomi@$version" && go mod tidy &&
    go build -o "$1" .)
  install -m 0755 "$dir/$1" "$bin/$1"
  echo "$want" >"$bin/.$1.version"
  rm -rf "$dir"
}

build govc <<'GO'
package main

import (
	"os"

	"github.com/vmware/govmomi/cli"
	_ "github.com/vmware/govmomi/cli/about"
	_ "github.com/vmware/govmomi/cli/datacenter"
	_ "github.com/vmware/govmomi/cli/datastore"
	_ "github.com/vmware/govmomi/cli/datastore/disk"
	_ "github.com/vmware/govmomi/cli/device"
	_ "github.com/vmware/govmomi/cli/events"
	_ "github.com/vmware/govmomi/cli/folder"
	_ "github.com/vmware/govmomi/cli/host"
	_ "github.com/vmware/govmomi/cli/object"
	_ "github.com/vmware/govmomi/cli/permissions"
	_ "github.com/vmware/govmomi/cli/pool"
	_ "github.com/vmware/govmomi/cli/session"
	_ "github.com/vmware/govmomi/cli/tags"
	_ "github.com/vmware/govmomi/cli/tags/association"
	_ "github.com/vmware/govmomi/cli/tags/category"
	_ "github.com/vmware/govmomi/cli/task"
	_ "github.com/vmware/govmomi/cli/version"
	_ "github.com/vmware/govmomi/cli/vm"
	_ "github.com/vmware/govmomi/cli/vm/disk"
	_ "github.com/vmware/govmomi/cli/vm/snapshot"
)

func main() { os.Exit(cli.Run(os.Args[1:])) }
GO

build vcsim <<'GO'
// A vCenter without block content, with the flags of the original that tests need.
package main

import (
	"crypto/tls"
	"flag"
	"fmt"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"github.com/vmware/govmomi/simulator"
	_ "github.com/vmware/govmomi/vapi/simulator"
)

func main() {
	model := simulator.VPX()
	flag.IntVar(&model.Datacenter, "dc", model.Datacenter, "datacenters")
	flag.IntVar(&model.Machine, "vm", model.Machine, "virtual machines per resource pool")
	listen := flag.String("l", "127.0.0.1:8989", "address")
	username := flag.String("username", "", "accept this user only")
	password := flag.String("password", "", "accept this password only")
	secure := flag.Bool("tls", true, "serve https")
	cert := flag.String("tlscert", "", "certificate file")
	key := flag.String("tlskey", "", "key file")
	flag.Parse()
	defer model.Remove()
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	service := model.Service
	service.Listen = &url.URL{Host: *listen}
	if *username != "" {
		service.Listen.User = url.UserPassword(*username, *password)
	}
	if *secure {
		service.TLS = new(tls.Config)
		if *cert != "" {
			pair, err := tls.LoadX509KeyPair(*cert, *key)
			if err != nil {
				log.Fatal(err)
			}
			service.TLS.Certificates = []tls.Certificate{pair}
		}
	}
	service.RegisterEndpoints = true
	server := service.NewServer()
	defer server.Close()
	fmt.Printf("export GOVC_URL=%s GOVC_SIM_PID=%d\n", server.URL, os.Getpid())
	done := make(chan os.Signal, 1)
	signal.Notify(done, syscall.SIGINT, syscall.SIGTERM)
	<-done
}
GO

if ! /usr/bin/python3 -c 'import pyVim.connect' 2>/dev/null; then
  apt-get install -y --no-install-recommends python3-pyvmomi=6.7.1-4
fi
