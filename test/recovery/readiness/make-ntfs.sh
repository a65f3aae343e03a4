#!/usr/bin/env bash
# Makes a volume as ntfs-3g makes it, for the reader of NTFS: make-ntfs.sh FILE [CLUSTER_BYTES [MIB]]
# Needs ntfs-3g, FUSE and Python.
set -euo pipefail
out=$1
cluster=${2:-4096}
export PATH="$PATH:/usr/sbin:/sbin"
at=$(mktemp -d)
trap 'mountpoint -q "$at" && umount "$at"; rmdir "$at"' EXIT
rm -f "$out"
truncate -s "${3:-8}M" "$out"
mkntfs -q -F -Q -c "$cluster" "$out" >/dev/null 2>&1
ntfs-3g -o compression "$out" "$at"
python3 - "$at" <<'PY'
import errno, os, sys
os.chdir(sys.argv[1])
def put(path, content):
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    with open(path, 'wb') as file: file.write(content)

facts = b'{"nvme":{"ok":true,"what":"stornvme starts with Windows"},"dhcp":{"ok":false,"what":"Dhcp is disabled"}}'
put('ProgramData/converge-guest-facts/ec2-ready.json', b'{"version":1,"at":"2026-11-28T06:00:00Z","facts":%s}\n' % facts)
put('Windows/System32/config/large', b'w' * 300_000)
put('empty', b'')
put('Gr\u00fc\u00dfe \u2013 \u6f22\u5b57.txt', b'two names')
os.link('Gr\u00fc\u00dfe \u2013 \u6f22\u5b57.txt', 'again.txt')
put('sparse', b'')
os.truncate('sparse', 900_000)
with open('sparse', 'r+b') as file:
    file.seek(500_000)
    file.write(b'in the middle')
os.mkdir('packed')
os.setxattr('packed', 'system.ntfs_attrib_be', bytes([0, 0, 8, 0]))
put('packed/file', b'c' * 200_000)
# A directory whose index has several levels, with blocks that are out of use. Names lie scattered over them.
name = 'many/A name that is long enough to fill a directory with, number %d.txt'
for n in range(100): put(name % (n * 37 % 100), b'%d' % n)
for n in range(0, 100, 7): os.remove(name % n)
# A file of so many pieces, written in no order, that its attributes have no room in one record.
put('pieces', b'')
with open('pieces', 'r+b', buffering=0) as file:
    for n in range(800):
        file.seek(n * 37 % 800 * 16_384)
        file.write(b'%d' % n)
PY
umount "$at"
